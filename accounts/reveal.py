"""Showing one full number: only inside one's area, for a reason, written down first, and not too often (C12)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import area_code_of, get_visible_or_404
from accounts.acting import actor
from accounts.models import AccessLog, User
from core import clock
from core.labels import personal_fields
from core.refusals import Refused

RIGHT = "households.reveal"
SHOWN_S = 60
REASONS = (
    ("check_paper", _("Checking against a paper document")),
    ("call_household", _("Calling the household")),
    ("bank_return", _("Clearing up a refused payment")),
    ("duplicate", _("Clearing up a double entry")),
    ("audit", _("Audit")),
    ("request_of_person", _("Asked for by the person concerned")),
)


@dataclass(frozen=True)
class Revealed:
    """`value` is for the page of one person, for `SHOWN_S` seconds; it is stored nowhere."""

    value: str
    label: Any
    seconds: int = SHOWN_S


def reveal(
    *,
    table: str,
    pk: str,
    field: str,
    reason: str,
    by: User,
    address: str | None = None,
    now: dt.datetime | None = None,
) -> Revealed:
    """The full value of `field` ("id_number") of the row `pk` of `table` ("households.household").

    The log entry is committed before the value leaves the database. Raises `Http404` outside the area,
    `PermissionDenied` without the right there, `Refused` (REASON_NEEDED, NOT_REVEALABLE, TOO_MANY_REVEALS).
    """
    if reason not in dict(REASONS):
        raise Refused("REASON_NEEDED", _("Choose why you need the full number."))
    model = _model(table, field)
    row = get_visible_or_404(model.objects.only("pk"), by, RIGHT, pk=pk)  # type: ignore[attr-defined]
    _write_down(model, row, field, reason, by, address, now or clock.now())
    value = model._default_manager.values_list(field, flat=True).get(pk=row.pk)
    return Revealed(str(value or ""), model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def note_look(*, row: Any, field: str, reason: str, by: User, address: str | None = None) -> None:
    """Write down that `by` takes a whole paper (a stored file of `row`) with full numbers on it; counts like a reveal.

    The caller has fetched `row` by `RIGHT`. Raises `Refused` (REASON_NEEDED, TOO_MANY_REVEALS).
    """
    if reason not in dict(REASONS):
        raise Refused("REASON_NEEDED", _("Choose why you need the full number."))
    _write_down(type(row), row, field, reason, by, address, clock.now())


def limit_per_hour() -> int:
    return int(getattr(settings, "REVEALS_PER_HOUR", 60))


def _model(table: str, field: str) -> type[models.Model]:
    try:
        model = apps.get_model(table)
    except (LookupError, ValueError):
        model = None
    if model is None or not hasattr(model.objects.none(), "visible_to") or field not in _revealable(model):
        raise Refused("NOT_REVEALABLE", _("This value can't be shown in full here."))
    return model


def _revealable(model: type[models.Model]) -> list[str]:
    fields = (model._meta.get_field(name) for name in personal_fields(model))
    return [field.name for field in fields if getattr(field, "encrypted", False)]


@transaction.atomic(durable=True)
def _write_down(
    model: type[models.Model], row: Any, field: str, reason: str, by: User, address: str | None, now: dt.datetime
) -> None:
    """Durable: refuses to run inside another transaction, whose rollback would take the entry with it."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one count at a time per person
    recent = AccessLog.objects.filter(user=by, kind="reveal", at__gt=now - dt.timedelta(hours=1)).count()
    if recent >= limit_per_hour():
        message = _("You have looked at %(count)d full numbers within the hour; that is the limit. Try later.")
        raise Refused("TOO_MANY_REVEALS", message, count=recent)
    AccessLog.objects.create(
        user=by,
        kind="reveal",
        object_table=model._meta.db_table,
        object_pk=str(row.pk),
        field=field,
        reason=reason,
        area_id=area_code_of(row) or None,
        request_id=actor().get("request_id", ""),
        address=address,
    )
