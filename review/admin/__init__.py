"""The desk in the admin: entries whose edits are tried out before they are published."""

from django.contrib import admin

from knowledge.models import Entry
from review.admin.entries import TriedEntryAdmin

# The same pages as those of `knowledge`, which cannot know of questions that were asked.
admin.site.unregister(Entry)
admin.site.register(Entry, TriedEntryAdmin)
