"""The admin of knowledge: the stock Django admin, whose writes all go through `knowledge.services`."""

from django.contrib import admin

from knowledge.admin.bases import CategoryAdmin, KnowledgeBaseAdmin
from knowledge.admin.entries import EntryAdmin
from knowledge.admin.golden import GoldenQuestionAdmin

admin.site.site_header = "Candor"
admin.site.site_title = "Candor"
admin.site.index_title = "Overview"
# The few sections stand in the header: the form and its preview need the width.
admin.site.enable_nav_sidebar = False

__all__ = ["CategoryAdmin", "EntryAdmin", "GoldenQuestionAdmin", "KnowledgeBaseAdmin"]
