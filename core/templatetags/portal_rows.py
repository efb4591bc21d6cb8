"""The rows of a list (`core.tables.Table`). In Python, not in a template: a page draws fifty rows of fifteen cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Library
from django.template.base import Template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.tables import Column, Row, Table
from core.templatetags.portal_cells import cell
from core.templatetags.portal_icons import icon

register = Library()
TICK = '<td class="tick"><input type="checkbox" name="ids" value="{}" aria-label="{}"></td>'
LINK = '<a class="id" href="{}">{}</a>'
PEEK = (
    '<a class="peek" href="{0}" hx-get="{0}" hx-target="#peek" hx-swap="innerHTML" hx-push-url="false" '
    'aria-label="{1}">{2}</a>'
)
Drawing = Callable[[Row, Any], str]


@register.simple_tag(takes_context=True)
def grid_rows(context: Context, table: Table) -> SafeString:
    """Every `<tr>` of the page at hand, with a box to tick where the list has bulk actions."""
    tick = _("Tick %(row)s") if table.bulk else ""
    drawn = [(f'<td class="{head.column.css}">', _drawing(context, head.column)) for head in table.heads]
    return mark_safe("".join(_row(row, tick, drawn) for row in table.rows))  # noqa: S308 - each part is escaped


def _row(row: Row, tick: str, drawn: list[tuple[str, Drawing]]) -> str:
    box = format_html(TICK, row.item.pk, tick % {"row": row.item}) if tick else ""
    cells = "".join(
        f"{opening}{draw(row, shown)}</td>" for (opening, draw), shown in zip(drawn, row.cells, strict=True)
    )
    return f"<tr data-row>{box}{cells}</tr>\n"


def _drawing(context: Context, column: Column) -> Drawing:
    """How this column's cells are drawn: by its own template, as the link to the row, or by its kind."""
    if column.template:
        assert context.template
        return _by_template(context, context.template.engine.get_template(column.template), column)
    if column.link:
        return lambda row, shown: _linked(row, cell(context, shown))
    return lambda row, shown: cell(context, shown)


def _by_template(context: Context, template: Template, column: Column) -> Drawing:
    def draw(row: Row, shown: Any) -> str:
        with context.push(row=row.item, value=shown.value, column=column):
            return template.render(context)

    return draw


def _linked(row: Row, words: SafeString) -> str:
    if not row.url:
        return words
    look = _("Look at %(row)s")
    peek = format_html(PEEK, row.peek, look % {"row": row.item}, icon("layout-sidebar-right")) if row.peek else ""
    return format_html(LINK, row.url, words) + peek
