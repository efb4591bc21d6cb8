"""`{% load portal %}`: every tag of the interface, gathered from the modules by subject beside this one."""

from django.template import Library

from core.templatetags import (
    portal_cells,
    portal_figures,
    portal_icons,
    portal_parts,
    portal_progress,
    portal_status,
    portal_time,
)

register = Library()
for _subject in (portal_cells, portal_figures, portal_icons, portal_parts, portal_progress, portal_status, portal_time):
    register.tags.update(_subject.register.tags)
    register.filters.update(_subject.register.filters)
