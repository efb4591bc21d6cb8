"""What a person should look at in a plan. Nothing here is an error: each finding asks, and names its numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

from django.utils.translation import gettext as _

from accounts.models import Area
from programmes.calendar import impossible_days
from programmes.models import PlanDecision, Programme, SubProgramme, Unit
from programmes.plan_queries import CENT, rate_with, stated_lines
from programmes.whole import rows_of


@dataclass(frozen=True)
class Finding:
    """`key` holds the finding's numbers: when one changes, an earlier decision no longer covers it."""

    code: str
    words: str
    clause: str
    key: str
    decision: PlanDecision | None = None


def findings(programme: Programme) -> list[Finding]:
    """Every finding of the programme with the decision taken on it, open ones first."""
    decided = {one.key: one for one in rows_of(programme, "plan_decisions")}
    found = [Finding(f.code, f.words, f.clause, f.key, decided.get(f.key)) for f in _all(programme)]
    return sorted(found, key=lambda one: one.decision is not None)


def _all(programme: Programme) -> Iterator[Finding]:
    for check in (_overlaps, _impossible_dates, _sums, _two_leads, _baselines, _early_deadlines):
        yield from check(programme)


def _finding(code: str, clause: str, words: str, *numbers: object) -> Finding:
    digest = hashlib.sha256("|".join([code, clause, *map(str, numbers)]).encode()).hexdigest()[:24]
    return Finding(code, words, clause, f"{code}:{digest}")


def _overlaps(programme: Programme) -> Iterator[Finding]:
    """Households of one place in two parts (A-13): one dwelling may carry one subsidised conversion only.

    Parts of one parent are a split the document itself makes, and a part lies inside its parent: neither overlaps.
    Inner parts are named only where the numbers are equal, their parents speak for them otherwise.
    """
    counts = _households_by_part(programme)
    known: dict[str, str] = {}
    parts = [part for part in rows_of(programme, "parts") if part.code in counts]
    for one, other in combinations(parts, 2):
        shared = sorted(set(one.places) & set(other.places))
        same = counts[one.code] == counts[other.code]
        inner = one.parent_id is not None or other.parent_id is not None
        if not shared or _related(one, other) or (inner and not same):
            continue
        words = _("%(n)s households of “%(one)s” and %(m)s households of “%(other)s” are asked of the same places: "
                  "%(places)s.") % {
            "n": f"{counts[one.code]:f}", "m": f"{counts[other.code]:f}", "one": one.name, "other": other.name,
            "places": "、".join(_names(parts, shared, known))}  # fmt: skip
        if same:
            words += " " + _("The numbers are equal: are they the same households counted twice?")
        yield _finding(
            "OVERLAP", f"{one.clause} / {other.clause}", words, counts[one.code], counts[other.code], *shared
        )


def _households_by_part(programme: Programme) -> dict[str, Decimal]:
    """Households the document asks of each part as a whole (its printed number for all years together)."""
    rows = [row for row in rows_of(programme, "stated_sums") if row.unit == Unit.HOUSEHOLD and row.part]
    whole = [row for row in rows if row.year is None and row.technology_id is None]
    return {row.part.code: row.quantity.normalize() for row in whole}


def _related(one: SubProgramme, other: SubProgramme) -> bool:
    siblings = one.parent_id is not None and one.parent_id == other.parent_id
    return siblings or one.parent_id == other.pk or other.parent_id == one.pk


def _names(parts: list[SubProgramme], codes: list[str], known: dict[str, str]) -> list[str]:
    """Names of places, those of all parts asked for once."""
    if not known:
        places = {code for part in parts for code in part.places}
        known |= dict(Area.objects.filter(code__in=places).values_list("code", "name"))
    return [known[code] for code in codes if code in known]


def _impossible_dates(programme: Programme) -> Iterator[Finding]:
    for phase in rows_of(programme, "phases"):
        for text in impossible_days(phase.written):
            words = _("“%(phase)s” ends or begins on %(day)s, a day that does not exist; the portal reads %(from)s to "
                      "%(to)s.") % {
                "phase": phase.name, "day": text, "from": phase.starts_on, "to": phase.ends_on}  # fmt: skip
            yield _finding("IMPOSSIBLE_DATE", phase.clause, words, phase.starts_on, phase.ends_on, text)


def _sums(programme: Programme) -> Iterator[Finding]:
    for line in stated_lines(programme):
        if line.state == "differs":
            words = _("“%(name)s”: the document says %(stated)s, the rows add up to %(found)s.") % {
                "name": line.name or line.area_name, "stated": f"{line.cell.quantity.normalize():f}",
                "found": f"{line.found.normalize():f}"}  # fmt: skip
            yield _finding("SUM_DIFFERS", line.clause, words, line.code, line.cell.quantity, line.found)


def _two_leads(programme: Programme) -> Iterator[Finding]:
    units: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for lead in rows_of(programme, "leads"):
        units.setdefault(lead.area_id, []).append(lead.unit)
        names[lead.area_id] = lead.area.name
    for code, named in units.items():
        if len(set(named)) > 1:
            words = _("%(place)s has two lead departments: %(units)s. Which of them leads is set village by village.")
            words = words % {"place": names[code], "units": "、".join(sorted(set(named)))}
            yield _finding("TWO_LEADS", "A-12", words, code, *sorted(set(named)))


def _baselines(programme: Programme) -> Iterator[Finding]:
    """A share the document prints that its own numbers do not give (A-14)."""
    for one in rows_of(programme, "indicators"):
        computed = rate_with(one)
        if computed is None or one.baseline_value is None:
            continue
        rounded = computed.quantize(CENT, ROUND_HALF_UP)
        if rounded != one.baseline_value:
            words = _("“%(name)s”: the document prints %(stated)s %% as baseline, its own numbers give %(found)s %%.")
            words = words % {"name": one.name, "stated": one.baseline_value, "found": rounded}
            yield _finding("BASELINE_SHARE", one.clause, words, one.baseline_value, rounded)


def _early_deadlines(programme: Programme) -> Iterator[Finding]:
    """A deadline before the document was printed (A-01): late is shown, not refused."""
    printed = min((one.printed_on for one in rows_of(programme, "documents") if one.printed_on), default=None)
    for deadline in rows_of(programme, "deadlines"):
        if printed and deadline.due_on and deadline.due_on < printed:
            words = _("“%(name)s” was due on %(day)s, before the document was printed on %(printed)s.")
            words = words % {"name": deadline.name, "day": deadline.due_on, "printed": printed}
            yield _finding("DEADLINE_BEFORE_DOCUMENT", deadline.clause, words, deadline.due_on, printed)
