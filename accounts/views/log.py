"""What the administrators did, for the audit administrator. The log of the business is the auditors' (`reports`)."""

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
from accounts.filters import TABLE_WORDS, LogFilter
from accounts.history import queries
from accounts.history.naming import Names
from accounts.models import AuditEntry, User
from core.tables import Column, build_table, render_table

COLUMNS = (
    Column("id", gettext_lazy("Entry"), kind="id", link=True),
    Column("at", gettext_lazy("When"), kind="when"),
    Column("actor_name", gettext_lazy("Who"), value=lambda entry: entry.actor_words),
    Column("operation", gettext_lazy("Deed"), value=lambda entry: entry.get_operation_display()),
    Column("table", gettext_lazy("What"), value=lambda entry: table_words(entry.table)),
    Column("row_pk", gettext_lazy("Key of the record"), kind="mono", priority=2),
    Column("columns", gettext_lazy("Columns"), kind="soft", priority=3, value=lambda entry: columns_of(entry)),
    Column("reason", gettext_lazy("Reason"), priority=2, value=lambda entry: entry.reason_words),
    Column("request_id", gettext_lazy("Reference number"), kind="mono", priority=3),
)


def table_words(table: str) -> Any:
    """The kind of record in words where it has some, otherwise the table's name."""
    return TABLE_WORDS.get(table, table)


def columns_of(entry: AuditEntry) -> str:
    """Titles of the changed columns, at most six."""
    titles = queries.titles_of(entry) if entry.operation == "U" else []
    return "、".join(titles[:6]) + (" …" if len(titles) > 6 else "")


@require_GET
@requires("audit.admin_log")
def admin_log(request: HttpRequest) -> HttpResponse:
    """Accounts, roles, places, sign-ins; above them the sign-ins that look like one account in two hands."""
    table = build_table(
        request,
        queries.log_for(cast(User, request.user)),
        COLUMNS,
        filterset=LogFilter,
        unit=_("entries"),
        row_url=lambda entry: reverse("accounts:admin-entry", args=[entry.pk]),
    )
    return render_table(request, "accounts/log.html", table, {"alerts": signing_in.alerts()})


@require_GET
@requires("audit.admin_log")
def admin_entry(request: HttpRequest, pk: int) -> HttpResponse:
    user = cast(User, request.user)
    entry = queries.log_for(user).filter(pk=pk).first()
    if entry is None:
        raise Http404
    changes = queries.changes_of(entry, Names(user))
    values = {"entry": entry, "what": table_words(entry.table), "changes": changes}
    return render(request, "accounts/log_entry.html", values)
