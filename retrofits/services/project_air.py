"""What boilers emit (D-23), and what new-energy projects give to heating (D-21)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from retrofits.models import EmissionTest, Project, ProjectSupport
from retrofits.services.enterprises import ENTER, may
from retrofits.site_rules import emission_standard

Subject, Works = Project.Subject, Project.Works


def measures_air(project: Project) -> bool:
    """Whether the programme's emission standard concerns this project: its boilers, unless they are taken away."""
    stated = emission_standard(project.programme.settings)
    return stated is not None and project.subject == Subject.BOILER and project.works != Works.ELIMINATION


def record_emission(*, project: Project, test: Mapping[str, Any], by: User, today: date | None = None) -> EmissionTest:
    """One pollutant measured at the project's boiler; `test`: pollutant, value, limit, tested_on, tester, report_no.

    The limit is what the standard sets for this boiler, read from the standard by whoever records. Raises `Refused`
    NO_EMISSION_TEST, EMISSION_FAULTY, EMISSION_KNOWN (409).
    """
    may(by, ENTER, project.area_id)
    stated = emission_standard(project.programme.settings)
    if stated is None or not measures_air(project):
        raise Refused("NO_EMISSION_TEST", _("The programme names no emission standard for such a project."))
    value, limit = test["value"], test["limit"]
    if test["pollutant"] not in EmissionTest.Pollutant.values or value < 0 or limit <= 0:
        words = _("A test needs its pollutant, what was measured, and a limit of more than zero.")
        raise Refused("EMISSION_FAULTY", words)
    if test["tested_on"] > (today or clock.today()):
        raise Refused("EMISSION_FAULTY", _("It can't have been measured in the future (%(day)s)."),
                      day=test["tested_on"])  # fmt: skip
    try:
        with transaction.atomic():
            return EmissionTest.objects.create(
                project=project, standard=stated.name, recorded_by=by,
                **{name: test[name] for name in ("pollutant", "value", "limit", "tested_on")},
                tester=test["tester"].strip()[:120], report_no=test["report_no"].strip()[:60],
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("EMISSION_KNOWN", _("This report is recorded already."), conflict=True) from error


def refuse_dirty(project: Project) -> None:
    """A boiler's project is accepted when the last test of each pollutant meets its limit (D-23).

    Raises `Refused` EMISSION_MISSING, EMISSION_ABOVE naming pollutant, value and limit.
    """
    stated = emission_standard(project.programme.settings)
    if stated is None or not measures_air(project):
        return
    last: dict[str, EmissionTest] = {}
    for test in project.emission_tests.order_by("tested_on", "id"):
        last[test.pollutant] = test
    lacking = [str(label) for code, label in EmissionTest.Pollutant.choices if code not in last]
    if lacking:
        words = _("Not measured yet by %(standard)s (%(clause)s): %(pollutants)s.")
        raise Refused("EMISSION_MISSING", words, standard=stated.name, clause=stated.clause,
                      pollutants="、".join(lacking))  # fmt: skip
    above = [
        f"{one.get_pollutant_display()} {one.value} > {one.limit} mg/m³" for one in last.values() if not one.is_met
    ]
    if above:
        words = _("Above the limits of %(standard)s (%(clause)s): %(tests)s.")
        raise Refused("EMISSION_ABOVE", words, standard=stated.name, clause=stated.clause, tests="、".join(above))


def support_project(
    *, receiver: Project, giver: Project, amount_fen: int, agreed_on: date, paper_no: str, by: User
) -> ProjectSupport:
    """A new-energy project gives money to a heating project of the same programme (D-21).

    Raises `Refused` NOT_NEW_ENERGY, SUPPORT_FAULTY, SUPPORT_KNOWN (409).
    """
    may(by, ENTER, receiver.area_id)
    if giver.subject != Subject.NEW_ENERGY or receiver.subject == Subject.NEW_ENERGY:
        words = _("A new-energy project supports a heating project, not the other way round.")
        raise Refused("NOT_NEW_ENERGY", words)
    if giver.programme_id != receiver.programme_id or amount_fen <= 0 or not paper_no.strip():
        words = _("Support needs two projects of one programme, an amount above zero and the number of its paper.")
        raise Refused("SUPPORT_FAULTY", words)
    try:
        with transaction.atomic():
            return ProjectSupport.objects.create(
                giver=giver, receiver=receiver, amount_fen=amount_fen, agreed_on=agreed_on,
                paper_no=paper_no.strip()[:80], recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("SUPPORT_KNOWN", _("This support is recorded already."), conflict=True) from error
