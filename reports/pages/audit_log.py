"""Who did what, and who looked (page 32): the change log with before and after, the log of reveals and exports."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.history.actors import acted_by
from accounts.history.naming import Names
from accounts.history.queries import changes_of, log_for, looks_for
from accounts.models import AccessLog, AuditEntry
from core.tables import Column, build_table, render_table
from reports.queries.counting import BoundedPaginator, CountedWithPage
from reports.table_names import NAMES

DAY = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
OPERATIONS = AuditEntry._meta.get_field("operation").choices


def table_words() -> list[tuple[str, Any]]:
    """Tables with a history, by the name people know."""
    return sorted(NAMES.items(), key=lambda one: str(one[1]))


class ChangeFilter(django_filters.FilterSet):
    actor = django_filters.CharFilter(method="acted", label=_("Who"), max_length=80)
    table = django_filters.ChoiceFilter(choices=table_words, label=_("What"), empty_label=_("all"))
    row = django_filters.CharFilter(field_name="row_pk", label=_("Row"), max_length=40)
    operation = django_filters.ChoiceFilter(choices=OPERATIONS, label=_("Deed"), empty_label=_("all"))
    since = django_filters.DateFilter(method="from_day", label=_("from day"), widget=DAY)
    until = django_filters.DateFilter(method="to_day", label=_("to day"), widget=DAY)

    def acted(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(acted_by(value))

    def from_day(self, rows: Any, name: str, value: dt.date) -> Any:
        return rows.filter(at__date__gte=value)

    def to_day(self, rows: Any, name: str, value: dt.date) -> Any:
        return rows.filter(at__date__lte=value)

    class Meta:
        model = AuditEntry
        fields: list[str] = []


class LookFilter(django_filters.FilterSet):
    who = django_filters.CharFilter(field_name="user__person_name", lookup_expr="startswith", label=_("Who"))
    kind = django_filters.ChoiceFilter(
        choices=AccessLog._meta.get_field("kind").choices, label=_("Deed"), empty_label=_("all")
    )

    class Meta:
        model = AccessLog
        fields: list[str] = []


CHANGES = "reports/parts/cell_changes.html"
LOOK_COLUMNS = (
    Column("at", _("When"), kind="when"),
    Column("user", _("Who")),
    Column("kind", _("Deed"), value=lambda look: look.get_kind_display()),
    Column("object_table", _("What"), value=lambda look: f"{_words(look.object_table)} {look.object_pk} {look.field}"),
    Column("reason", _("Why")),
    Column("row_count", _("Rows"), kind="number", priority=2),
    Column("address", _("Address"), kind="mono", priority=3),
)


def change_columns(names: Names) -> tuple[Column, ...]:
    """`names` are asked for once, when the first cell is drawn."""
    return (
        Column("at", _("When"), kind="when"),
        Column("actor_name", _("Who"), value=lambda entry: entry.actor_words),
        Column("operation", _("Deed"), value=lambda entry: entry.get_operation_display()),
        Column("table", _("What"), value=lambda entry: f"{_words(entry.table)} {entry.row_pk}"),
        Column("changes", _("Before → after"), template=CHANGES, value=lambda entry: changes_of(entry, names)),
        Column("reason", _("Why"), kind="soft", priority=2, value=lambda entry: entry.reason_words),
        Column("request_id", _("Request"), kind="mono", priority=3),
        Column("seq", _("Sealed as"), kind="number", priority=3),
    )


@require_GET
@requires("audit.log", "audit.admin_log")
def audit_log(request: HttpRequest) -> HttpResponse:
    """Auditors read their areas; the audit administrator what the administrators did."""
    user: Any = request.user
    table = build_table(
        request, log_for(user), change_columns(Names(user)),
        filterset=ChangeFilter, unit=_("entries"), paginator=CountedWithPage,
    )  # fmt: skip
    return render_table(request, "reports/audit_log.html", table, {"looks": False, "sees_looks": _sees_looks(user)})


@require_GET
@requires("audit.log")
def look_log(request: HttpRequest) -> HttpResponse:
    """Every full number that was shown, every export and download, with its reason."""
    user: Any = request.user
    table = build_table(
        request, looks_for(user), LOOK_COLUMNS, filterset=LookFilter, unit=_("looks"), paginator=BoundedPaginator
    )
    return render_table(request, "reports/audit_log.html", table, {"looks": True, "sees_looks": True})


def _sees_looks(user: Any) -> bool:
    return bool(user.has_right("audit.log"))


def _words(table: str) -> str:
    return str(dict(table_words()).get(table, table))
