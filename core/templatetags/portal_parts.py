"""Whole parts with their own template: approval chain, facts, forms, and the address with one thing changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.forms import BoundField
from django.http import QueryDict
from django.template import Library
from django.template.context import Context

from core import undo

register = Library()


@register.inclusion_tag("parts/chain.html")
def chain(steps: Iterable[Any]) -> dict[str, Any]:
    """Steps of an approval chain, in order. Each has `title` and `state` (did, now, wait, back) and may have `who`,
    `when`, `words`, `due`, `icon`."""
    return {"steps": steps}


@register.filter
def faults(errors: Mapping[str, Sequence[Any]]) -> int:
    """How many sentences a form has to say: a field may have several."""
    return sum(len(sentences) for sentences in errors.values())


@register.inclusion_tag("parts/facts.html")
def facts(rows: Iterable[tuple[Any, Any]], columns: int = 1) -> dict[str, Any]:
    """(label, value) pairs as a description list; a value of None is “—”."""
    return {"rows": rows, "columns": columns}


@register.inclusion_tag("parts/progress_steps.html")
def steps(rows: Iterable[Any], label: str = "") -> dict[str, Any]:
    """A fixed order of stages: each has `title`, `state` (did, now or "") and may have `note`."""
    return {"rows": rows, "label": label}


@register.simple_tag(takes_context=True)
def address(context: Context, **changes: Any) -> str:
    """This page's query string with some parameters changed: `{% address page=2 %}`; None removes one."""
    query: QueryDict = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None and value != "":
            query[key] = str(value)
    return "?" + query.urlencode()


@register.filter
def is_choice(field: BoundField) -> bool:
    """Whether a bound field is a group of radio buttons or ticks and so needs a fieldset."""
    return bool(field.field.widget.use_fieldset)


@register.filter
def input_type(field: BoundField) -> str:
    """The HTML type of the field's widget, "" for selects and text areas."""
    return str(getattr(field.field.widget, "input_type", ""))


@register.filter
def attribute(row: Any, path: str) -> Any:
    """`row|attribute:"area.name"` where a template cannot know the path in advance."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else getattr(row, name, None)
    return row


@register.filter
def undo_url(message: Any) -> str:
    """Where the inverse of what a message tells is posted to, "" where there is none."""
    return undo.url_of(message)
