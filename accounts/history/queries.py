"""Reading history: what happened to a row, and the log an auditor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet

from accounts.history.naming import Names
from accounts.history.wording import title_of, told
from accounts.models import AccessLog, AuditEntry, User
from core.areas import CODE_LENGTHS, COUNTY, code_range
from core.labels import personal_fields

# What the three administrators do; only the audit administrator reads it, and nothing of households.
ADMIN_TABLES = (
    "accounts_user", "accounts_grant", "accounts_membership", "accounts_area", "accounts_signin", "accounts_totpdevice",
)  # fmt: skip
# A person's own bookmarks and ticks: kept, and shown to nobody.
PRIVATE_TABLES = ("accounts_savedview", "accounts_selection")
HIDDEN = "***"


@dataclass(frozen=True)
class Change:
    """One column of one entry, ready to show: of personal columns only that they changed."""

    column: str
    label: Any
    before: Any
    after: Any
    hidden: bool = False


def history_of(row: models.Model) -> QuerySet[AuditEntry]:
    """Entries about one row, newest first. Ask only for rows the user may see."""
    return AuditEntry.objects.filter(table=row._meta.db_table, row_pk=str(row.pk)).order_by("-id")


def log_for(user: User) -> QuerySet[AuditEntry]:
    """The change log as far as the user may read it: auditors their areas, the audit administrator the
    administrators.
    """
    allowed = _in_areas(user.area_codes_for("audit.log")) & ~Q(table__in=(*ADMIN_TABLES, *PRIVATE_TABLES))
    if user.has_right("audit.admin_log"):
        allowed |= Q(table__in=ADMIN_TABLES)
    return AuditEntry.objects.filter(allowed).order_by("-id")


def looks_for(user: User) -> QuerySet[AccessLog]:
    """The log of reveals and exports in the areas where the user holds `audit.log`."""
    found = AccessLog.objects.filter(_in_areas(user.area_codes_for("audit.log")))
    return found.select_related("user").order_by("-id")


def changes_of(entry: AuditEntry, names: Names) -> list[Change]:
    """The columns of an entry in words; `names` are those of all entries of the page."""
    model = _models_by_table().get(entry.table)
    fields = _fields(model)
    hidden = {field.column for field in _personal(model)} if model else set()
    return [_change(entry, column, fields.get(column), names, column in hidden) for column in _columns(entry)]


def titles_of(entry: AuditEntry) -> list[str]:
    """Titles of the columns of an entry."""
    fields = _fields(_models_by_table().get(entry.table))
    return [title_of(fields.get(column), column) for column in _columns(entry)]


def _fields(model: Any) -> dict[str, Any]:
    return {field.column: field for field in model._meta.concrete_fields} if model else {}


def _columns(entry: AuditEntry) -> list[str]:
    return sorted({*(entry.before or {}), *(entry.after or {})})


def _change(entry: AuditEntry, column: str, field: Any, names: Names, hidden: bool) -> Change:
    sides = [(side or {}).get(column) for side in (entry.before, entry.after)]
    before, after = (HIDDEN if hidden and value else told(field, value, names) for value in sides)
    return Change(column, title_of(field, column), before, after, hidden=hidden and any(sides))


def _personal(model: type[models.Model]) -> list[Any]:
    return [model._meta.get_field(name) for name in personal_fields(model)]


def _models_by_table() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def _in_areas(codes: list[str]) -> Q:
    """Entries of these areas. What belongs to no place (a catalogue of heaters, the portal's own work) is for people
    whose area is a county or larger.
    """
    if not codes:
        return Q(pk__in=[])
    condition = Q(area_id="") | Q(area_id__isnull=True)
    if all(len(code) > CODE_LENGTHS[COUNTY] for code in codes):
        condition = Q()
    for code in codes:
        low, high = code_range(code)
        condition |= Q(area_id__gte=low, area_id__lt=high)
    return condition
