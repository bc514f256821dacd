"""The desk's addresses, below /desk/."""

from django.urls import path

from review.views import fixes, golden, people, queue, reports

app_name = "review"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("views/", queue.save_filter, name="save_filter"),
    path("views/<uuid:filter_id>/delete/", queue.delete_filter, name="delete_filter"),
    path("items/<uuid:item_id>/", queue.item, name="item"),
    path("items/<uuid:item_id>/lock/", queue.lock_item, name="lock"),
    path("items/<uuid:item_id>/release/", queue.release_item, name="release"),
    path("items/<uuid:item_id>/assign/", queue.assign, name="assign"),
    path("items/<uuid:item_id>/mark/", queue.mark, name="mark"),
    path("items/<uuid:item_id>/unmark/", queue.unmark, name="unmark"),
    path("items/<uuid:item_id>/join/<uuid:other_id>/", queue.join, name="join"),
    path("items/<uuid:item_id>/fix/", fixes.panel, name="panel"),
    path("items/<uuid:item_id>/save/", fixes.save, name="save"),
    path("items/<uuid:item_id>/difference/", fixes.difference, name="difference"),
    path("items/<uuid:item_id>/draft/", fixes.draft, name="draft"),
    path("fixes/<uuid:fix_id>/", fixes.proof, name="fix"),
    path("fixes/<uuid:fix_id>/undo/", fixes.undo, name="undo"),
    path("fixes/<uuid:fix_id>/send/<uuid:proof_id>/", fixes.send, name="send"),
    path("conversations/", reports.conversations, name="conversations"),
    path("conversations/<uuid:conversation_id>/", reports.conversation, name="conversation"),
    path("golden/", golden.golden_list, name="golden"),
    path("golden/add/", golden.golden_add, name="golden_add"),
    path("golden/run/", golden.golden_run, name="golden_run"),
    path("golden/import/", golden.golden_import, name="golden_import"),
    path("golden/export.<str:kind>", golden.golden_export, name="golden_export"),
    path("golden/fit/<uuid:assistant_id>/", golden.golden_fit, name="golden_fit"),
    path("golden/<uuid:golden_id>/", golden.golden_edit, name="golden_edit"),
    path("golden/<uuid:golden_id>/delete/", golden.golden_delete, name="golden_delete"),
    path("gaps/", reports.gaps_page, name="gaps"),
    path("figures/", reports.figures_page, name="figures"),
    path("people/", people.people, name="people"),
    path("people/export/", people.export, name="people_export"),
    path("people/delete/", people.delete, name="people_delete"),
    path("log/", reports.log, name="log"),
]
