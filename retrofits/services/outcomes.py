"""What the works brought: tests of demonstration sites (L-36), what heating takes of an income (D-18), cleaner air
(L-82)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Min, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from households.models import Dwelling
from programmes.models import Programme
from retrofits.models import Admission, HeatingBurden, PilotTest, Task
from retrofits.outcomes import Homes
from retrofits.services.enterprises import ENTER, may

OLD = Dwelling.OldHeating
COAL = (OLD.COAL_STOVE, OLD.COAL_BOILER, OLD.COAL_KANG)
DONE = (Task.State.ACCEPTED, Task.State.RUNNING)
MEASURED = ("tested_from", "tested_until", "homes", "room_temp_c", "outdoor_temp_c", "energy_kwh", "heated_m2")
BURDEN = ("homes", "income_before_fen", "spend_before_fen", "income_after_fen", "spend_after_fen")


def record_pilot_test(
    *, admission: Admission, test: Mapping[str, Any], by: User, today: date | None = None
) -> PilotTest:
    """What was measured at a demonstration site, with its summary; `test`: the names in `MEASURED` and summary.

    Raises `Refused` NOT_PILOT, TEST_FAULTY, TEST_KNOWN (409).
    """
    may(by, ENTER, admission.area_id)
    if not admission.is_pilot:
        raise Refused("NOT_PILOT", _("%(firm)s has no demonstration site here."), firm=admission.supplier.name)
    if not admission.applied_on <= test["tested_from"] <= test["tested_until"] <= (today or clock.today()):
        words = _("The test lies between the firm's application (%(day)s) and today, its days in order.")
        raise Refused("TEST_FAULTY", words, day=admission.applied_on)
    if not test["summary"].strip() or test["homes"] < 1 or test["heated_m2"] <= 0 or test["energy_kwh"] < 0:
        words = _("A test needs at least one home, its heated area, the energy used and a summary.")
        raise Refused("TEST_FAULTY", words)
    try:
        with transaction.atomic():
            return PilotTest.objects.create(
                admission=admission, area_id=admission.area_id, summary=test["summary"].strip()[:1000],
                recorded_by=by, **{name: test[name] for name in MEASURED},
            )  # fmt: skip
    except IntegrityError as error:
        words = _("A test from %(day)s on is recorded already.")
        raise Refused("TEST_KNOWN", words, conflict=True, day=test["tested_from"]) from error


def record_burden(
    *, programme: Programme, area: Area, season: int, figures: Mapping[str, Any], by: User
) -> HeatingBurden:
    """Income and spending of a place's homes before and after, per home in fen; `figures`: `BURDEN` and source.

    Raises `Refused` BURDEN_FAULTY, BURDEN_KNOWN (409).
    """
    may(by, ENTER, area.code)
    if not is_inside(area.code, programme.area_id):
        raise Refused("BURDEN_FAULTY", _("%(place)s lies outside the programme."), place=area.name)
    incomes = figures["income_before_fen"], figures["income_after_fen"]
    if figures["homes"] < 1 or min(incomes) <= 0 or not figures["source"].strip():
        words = _("Say how many homes were asked, incomes above zero, and where the figures come from.")
        raise Refused("BURDEN_FAULTY", words)
    if not 2000 <= season <= clock.today().year:
        raise Refused("BURDEN_FAULTY", _("Say in which year the season began."))
    try:
        with transaction.atomic():
            return HeatingBurden.objects.create(
                programme=programme, area=area, season=season, source=figures["source"].strip()[:200],
                recorded_by=by, **{name: figures[name] for name in BURDEN},
            )  # fmt: skip
    except IntegrityError as error:
        words = _("Figures of this place and season are recorded already.")
        raise Refused("BURDEN_KNOWN", words, conflict=True) from error


def homes_cleaned(tasks: QuerySet[Task]) -> list[Homes]:
    """Homes by the year in which they were first accepted: those known to have burnt coal, those nobody knows of."""
    done = tasks.filter(state__in=DONE, acceptances__result="passed").order_by()
    first = done.annotate(first_on=Min("acceptances__accepted_on")).values("pk", "first_on", "dwelling__old_heating")
    by_year: dict[int, list[int]] = {}
    for row in first:
        found = by_year.setdefault(row["first_on"].year, [0, 0])
        found[0] += row["dwelling__old_heating"] in COAL
        found[1] += row["dwelling__old_heating"] == ""
    return [Homes(year, coal, unknown) for year, (coal, unknown) in sorted(by_year.items())]
