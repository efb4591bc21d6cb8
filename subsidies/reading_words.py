"""Words for readings: why a line is held and what is needed, what is wrong with a row of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from households.models import MeterReading
from households.problem_wording import reasons

Words = str | Promise


@dataclass(frozen=True)
class Held:
    """A finding in words: what is so, and what a person has to do about it."""

    what: str
    needed: str


FINDINGS: dict[str, tuple[Words, Words]] = {
    "BACKWARDS": (
        _("The counter went back, from %(start)s to %(end)s."),
        _("Read the meter on the spot; say what was used, or set the line aside."),
    ),
    "ROLLOVER": (
        _("The counter may have run over: from %(start)s to %(end)s; that would be %(proposed)s."),
        _("Look at the number of digits on the meter, then confirm the quantity."),
    ),
    "BREAK": (
        _("The counter does not go on where it stood: %(end)s before, %(start)s now."),
        _("Ask the company for the reading between; say what was used."),
    ),
    "REPLACED": (
        _("Another meter than before: %(old)s, now %(new)s."),
        _("Have the exchange confirmed with both final readings; correct the number in the register."),
    ),
    "OTHER_METER": (
        _("The register knows meter %(registered)s here, the line says %(stated)s."),
        _("Find out which number hangs there; correct the register or set the line aside."),
    ),
    "JUMP": (
        _("%(per_day)s a day is more than the %(limit)s that are believable here."),
        _("Check for a typing error, another household on the meter, or a trade; confirm the quantity."),
    ),
    "DIFFERENCE": (
        _("The quantity %(quantity)s is not what the two readings give, %(used)s."),
        _("Ask which is right; mind the meter's factor."),
    ),
    "NEGATIVE": (_("A quantity below zero: %(quantity)s."), _("Ask what was corrected; say what was really used.")),
    "DUPLICATE": (
        _("The same source has stated these days before, %(first)s to %(last)s, otherwise."),
        _("Decide which of the two lines counts; the other is set aside."),
    ),
    "SOURCES": (
        _("Another source says %(quantity)s for %(first)s to %(last)s."),
        _("Decide which of the two counts; the other is set aside."),
    ),
    "SHARED": (
        _("Several dwellings hang on the meter; nobody has decided how its use is divided."),
        _("Decide the split of the meter; until then nothing is counted for any of them."),
    ),
}

PROBLEMS: dict[str, Words] = {
    "WHO_MISSING": _("No dwelling, household or meter number."),
    "NUMBER_LOST_DIGITS": _("The number was typed as a number and has lost digits; ask for it as text."),
    "FORMULA_WITHOUT_VALUE": _("A formula without a value or with an error."),
    "DATE_UNREADABLE": _("This is no day or month that can be read; write 2021-11-30 or 2021-11."),
    "DAYS_MISSING": _("From which day to which? Give both days, or the month."),
    "DAYS_TURNED_ROUND": _("The last day lies before the first."),
    "SPAN_TOO_LONG": _("More than 366 days in one line."),
    "FIGURE_UNREADABLE": _("This is no reading or quantity."),
    "NOTHING_STATED": _("Neither two readings nor a quantity."),
    "FACTOR_UNREADABLE": _("A factor is more than 0 and at most 10,000."),
    "TARIFF_UNKNOWN": _("The tariff is not one of total, peak, flat, off-peak."),
    "NO_HEADER": _("No sheet has a header with somebody's number, the days, and readings or a quantity."),
    "TOO_MANY_ROWS": _("The file has too many rows. Split it by town."),
    "UNKNOWN_HOME": _("No dwelling of this place has this number."),
    "SEVERAL_HOMES": _("The household has several dwellings; give the dwelling or meter number."),
    "OTHER_HOME": _("The meter hangs at another dwelling than the one named."),
    "OUTSIDE": _("The dwelling lies outside the place of this file."),
    "FUTURE": _("The day is still to come."),
    "NAME_DIFFERS": _("Another name than in the register; without a meter number it can't be told who is meant."),
    "TWICE_IN_FILE": _("The file states the same meter and days twice, otherwise."),
}


def findings_of(row: MeterReading) -> list[Held]:
    """Why a line is held, in words."""
    return [Held(_filled(FINDINGS[one["code"]][0], one), str(FINDINGS[one["code"]][1])) for one in row.findings]


def first_finding(row: MeterReading) -> str:
    """One sentence for a list; of a line decided by a person, the reason."""
    if row.state == MeterReading.State.HELD and row.findings:
        return findings_of(row)[0].what
    return row.decision_reason


def code_words(codes: Iterable[str]) -> list[str]:
    """What is needed for these findings, for the list of a file."""
    return [str(FINDINGS[code][1]) for code in codes]


def problem_words(problem: Mapping[str, Any]) -> str:
    """One row's problem; a refused workbook has the words of the workbook kit."""
    if problem["code"] in PROBLEMS:
        return str(PROBLEMS[problem["code"]])
    return " ".join(reasons([{"code": problem["code"], "params": problem.get("params", {}), "sheet": ""}]))


def _filled(words: Words, params: Mapping[str, Any]) -> str:
    return str(words) % params
