"""Two logs: what happened to the business, for auditors; what the administrators did, for the audit administrator."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts import signing_in
from accounts.access import requires
from accounts.filters import TABLE_WORDS, ChangeFilter, LogFilter
from accounts.history import queries
from accounts.models import AuditEntry, User
from core.tables import Column, build_table, render_table

COLUMNS = (
    Column("id", gettext_lazy("Entry"), kind="id", link=True),
    Column("at", gettext_lazy("When"), kind="when"),
    Column("actor_name", gettext_lazy("Who")),
    Column("operation", gettext_lazy("Deed"), value=lambda entry: entry.get_operation_display()),
    Column("table", gettext_lazy("What"), value=lambda entry: table_words(entry.table)),
    Column("row_pk", gettext_lazy("Key of the record"), kind="mono", priority=2),
    Column("columns", gettext_lazy("Columns"), kind="soft", priority=3, value=lambda entry: columns_of(entry)),
    Column("reason", gettext_lazy("Reason"), priority=2),
    Column("request_id", gettext_lazy("Reference number"), kind="mono", priority=3),
)


def table_words(table: str) -> Any:
    """The kind of record in words where it has some, otherwise the table's name."""
    return TABLE_WORDS.get(table, table)


def columns_of(entry: AuditEntry) -> str:
    """Names of the changed columns, at most six."""
    names = sorted({*(entry.before or {}), *(entry.after or {})}) if entry.operation == "U" else []
    return "、".join(names[:6]) + (" …" if len(names) > 6 else "")


@require_GET
@requires("audit.log")
def audit_list(request: HttpRequest) -> HttpResponse:
    return _list(request, "accounts:audit-entry", ChangeFilter, _("Change log"), [])


@require_GET
@requires("audit.log")
def audit_entry(request: HttpRequest, pk: int) -> HttpResponse:
    return _entry(request, pk, "accounts:audit-list", _("Change log"))


@require_GET
@requires("audit.admin_log")
def admin_log(request: HttpRequest) -> HttpResponse:
    return _list(request, "accounts:admin-entry", LogFilter, _("Administrators' log"), signing_in.alerts())


@require_GET
@requires("audit.admin_log")
def admin_entry(request: HttpRequest, pk: int) -> HttpResponse:
    return _entry(request, pk, "accounts:admin-log", _("Administrators' log"))


def _list(request: HttpRequest, row_name: str, filterset: type, title: str, alerts: list[Any]) -> HttpResponse:
    table = build_table(
        request,
        queries.log_for(cast(User, request.user)),
        COLUMNS,
        filterset=filterset,
        unit=_("entries"),
        row_url=lambda entry: reverse(row_name, args=[entry.pk]),
    )
    return render_table(request, "accounts/log.html", table, {"title": title, "alerts": alerts})


def _entry(request: HttpRequest, pk: int, back: str, title: str) -> HttpResponse:
    entry = queries.log_for(cast(User, request.user)).filter(pk=pk).first()
    if entry is None:
        raise Http404
    values = {"entry": entry, "what": table_words(entry.table), "changes": queries.changes_of(entry)}
    return render(request, "accounts/log_entry.html", values | {"back": reverse(back), "title": title})
