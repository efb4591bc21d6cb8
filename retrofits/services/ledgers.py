"""An enterprise's own ledger beside the town's (L-78): compared row by row; only what differs is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from core.money import MoneyError, parse_yuan
from retrofits.faults import Fault
from retrofits.importing import SheetEntry
from retrofits.models import Installation, InstallationImport
from retrofits.records import LABELS, tidy

Compared = tuple[str, Callable[[Installation], Any], Callable[[str], Any]]


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


PLAIN: tuple[Compared, ...] = (
    ("occupant_name", lambda one: one.occupant_name, str),
    ("village_name", lambda one: one.village_name, str),
    ("model_no", lambda one: one.model_no.upper(), str.upper),
    ("heated_area_m2", lambda one: one.heated_area_m2, _decimal),
    ("installed_on", lambda one: one.installed_on.isoformat(), str),
    ("supplier", lambda one: one.supplier.code, str),
)
"""Columns both ledgers have: name, what is recorded here, how the enterprise's text is read. An empty cell of the
enterprise's says nothing and is not compared."""


def differences(made: InstallationImport, entries: list[SheetEntry]) -> list[Fault]:
    """What differs: rows the town's ledger lacks, values that disagree, homes the enterprise does not list.

    A row is found by its factory address code. Homes are those of the place the file was sent for, installed by the
    enterprises the file names.
    """
    here = _recorded(made)
    listed = {tidy(row.entry.factory_address_code) for row in entries}
    firms = {tidy(row.entry.supplier) for row in entries} - {""}
    found = [fault for row in entries for fault in _of_row(row, here)]
    lacking = [one for code, one in here.items() if code not in listed and one.supplier.code in firms]
    return found + [_not_listed(one) for one in lacking]


def _recorded(made: InstallationImport) -> dict[str, Installation]:
    rows = Installation.objects.within(made.area_id).filter(task__programme=made.programme)
    rows = rows.exclude(factory_address_code="").select_related("supplier", "task__dwelling").prefetch_related("costs")
    return {one.factory_address_code: one for one in rows.order_by("pk")}


def _of_row(row: SheetEntry, here: dict[str, Installation]) -> Iterator[Fault]:
    code = tidy(row.entry.factory_address_code)
    record = here.get(code)
    if record is None:
        words = _("the town's ledger has no device %(code)s here") % {"code": code or "—"}
        yield Fault(row.where("factory_address_code"), "NOT_RECORDED", words)
        return
    for name, recorded, read in PLAIN:
        written = tidy(getattr(row.entry, name))
        if written and read(written) != recorded(record):
            yield _differs(row, name, written, recorded(record))
    yield from _costs(row, record)


def _costs(row: SheetEntry, record: Installation) -> Iterator[Fault]:
    """The sum of what the enterprise says it cost, beside the sum recorded."""
    if not row.entry.costs:
        return
    try:
        written = sum(parse_yuan(cost.amount) for cost in row.entry.costs)
    except MoneyError:
        written = None
    recorded = sum(cost.amount_fen for cost in record.costs.all())
    if written != recorded:
        text = " + ".join(cost.amount for cost in row.entry.costs)
        yield _differs(row, "costs", text, f"{Decimal(recorded) / 100:.2f}")


def _differs(row: SheetEntry, name: str, written: str, recorded: Any) -> Fault:
    words = _("%(what)s: the enterprise says “%(written)s”, the town's ledger “%(recorded)s”")
    values = {"what": LABELS[name], "written": written[:60], "recorded": recorded}
    return Fault(row.where(name), "DIFFERS", words % values)


def _not_listed(record: Installation) -> Fault:
    words = _("dwelling %(number)s with device %(code)s is not in the enterprise's ledger")
    values = {"number": record.task.dwelling.dwelling_no, "code": record.factory_address_code}
    return Fault("—", "NOT_LISTED", words % values)
