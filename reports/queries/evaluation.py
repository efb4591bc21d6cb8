"""What a year's performance evaluation is judged by (T-71, T-54, D-44): each statement with its number, or with who
owes it. A number nobody can know yet is None and is named as missing; it is never nought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from accounts.rights import ROLES
from core.areas import code_range
from core.money import format_wan
from core.together import keep, read_together, sums_in, sums_of
from heatsupply.models import SurveyAnswer
from heatsupply.terms.fees import satisfied_from
from programmes.models import Programme, RequiredPaper
from programmes.papers import Paper
from programmes.plan_queries import planned_funds
from reports.links import address
from reports.models import AnnualEvaluation, PeriodicReport, SummaryTotal
from reports.periods import YEAR, period_of
from reports.queries.progress import FIGURES, added_up, planned_of
from retrofits.models import LevelCheck, Task
from retrofits.outcomes import Assumptions, Spared, assumptions_of, spared
from retrofits.services.outcomes import homes_cleaned
from subsidies.models import Fund
from subsidies.wording import source_name
from supervision.models import Case

OFFICE, FINANCE, TOWN_STAFF = "office", "finance", "town_staff"
Amount = int | Decimal | None


@dataclass(frozen=True)
class Fact:
    """One statement: `value` as it is read, None where it is missing and `owed_by` (roles' codes) has to bring it."""

    what: str
    value: str | None
    owed_by: tuple[str, ...] = ()
    basis: str = ""
    url: str = ""

    @property
    def owes(self) -> str:
        return "、".join(str(ROLES[code].label) for code in self.owed_by)


@dataclass(frozen=True)
class Section:
    """A part of the pack; `code` is the name of its workbook."""

    code: str
    title: str
    clause: str
    facts: list[Fact] = field(default_factory=list)

    @property
    def missing(self) -> list[Fact]:
        return [one for one in self.facts if one.value is None]


@dataclass(frozen=True)
class Evaluation:
    """A programme's year in a place, as it stands now."""

    programme: Programme
    area_code: str
    year: int
    sections: list[Section]
    result: AnnualEvaluation | None

    @property
    def missing(self) -> list[Fact]:
        return [one for section in self.sections for one in section.missing]


@dataclass(frozen=True)
class _Asked:
    """Whose year, and the rows read for it together, under their names."""

    programme: Programme
    area_code: str
    year: int
    rows: dict[str, Any]


def evaluation_of(programme: Programme, area_code: str, year: int) -> Evaluation:
    """Everything of the pack but its ledgers: a handful of statements, none of which reads single homes but the one of
    papers missing, which reads those homes alone."""
    asked = _Asked(programme, area_code, year, _rows(programme, area_code, year))
    read_together(*asked.rows.values())
    keep(programme, "indicators", asked.rows["indicators"])
    result = next(iter(asked.rows["result"]), None)
    sections = [
        Section("targets", _("Targets and what was reached"), "T-71", list(_targets(asked))),
        Section("funds", _("Money by source and budget year"), "T-71、T-54", list(_funds(asked))),
        Section("files", _("Files of the households"), "T-71、T-54", list(_files(asked))),
        Section("satisfaction", _("Satisfaction"), "T-71", list(_satisfaction(asked))),
        Section("environment", _("Environmental benefit"), "L-82", list(_environment(programme, area_code, year))),
        Section("levels", _("Acceptance by level, annual report"), "T-54", list(_levels(asked))),
        Section("result", _("Result and the central money"), "D-44", list(_result(result))),
    ]
    return Evaluation(programme, area_code, year, sections, result)


def _rows(programme: Programme, area_code: str, year: int) -> dict[str, Any]:
    def of(model: Any, **kept: Any) -> Any:
        return model.objects.within(area_code).filter(**{"programme": programme, **kept})

    first, last = (dt.datetime(one, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8))) for one in (year, year + 1))
    asked = SurveyAnswer.objects.within(area_code)
    asked = asked.filter(survey__programme=programme, survey__season__startswith=str(year))
    funds = of(Fund, budget_year=year).order_by("source").values("source")
    sums = {name: Sum(f"{name}_fen") for name in ("received", "reserved", "paid")}
    begins = period_of(YEAR, dt.date(year, 1, 1)).begins
    return {
        "result": AnnualEvaluation.objects.filter(programme=programme, area_id=area_code, year=year).select_related(
            "recorded_by", "document"
        ),
        "indicators": programme.indicators.all(),
        "funds": funds.annotate(**sums),
        "files": sums_of(of(SummaryTotal, excluded=False), homes=Sum("dwellings"), lacking=Sum("with_missing")),
        "owed": RequiredPaper.objects.filter(programme=programme).values_list("paper", "owed_by"),
        "survey": sums_of(
            asked, drawn=Count("pk"), n=Count("pk", filter=Q(reached="answered")),
            good=Count("pk", filter=Q(reached="answered", score__gte=satisfied_from(programme))),
        ),
        "cases": sums_of(
            of(Case, closed_at__gte=first, closed_at__lt=last),
            good=Count("pk", filter=Q(satisfaction__gte=4)), n=Count("pk", filter=Q(satisfaction__isnull=False)),
        ),
        "levels": of(LevelCheck, year=year),
        "annual": PeriodicReport.objects.filter(
            programme=programme, area_id=area_code, rhythm=YEAR, begins_on=begins, frozen_at__isnull=False
        ),
    }  # fmt: skip


def _n(number: Amount) -> str | None:
    return None if number is None else f"{number:,}"


def _percent(part: Amount, whole: Amount) -> str | None:
    if part is None or not whole:
        return None
    return f"{(Decimal(100) * part / whole).quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


def _targets(asked: _Asked) -> Iterator[Fact]:
    """Households of the year: the document's number (of the programme's only year, or said of this one)."""
    programme, area_code, year = asked.programme, asked.area_code, asked.year
    several = programme.year_from != programme.year_to
    rows = SummaryTotal.objects.filter(programme=programme).within(area_code)
    found = added_up(rows.filter(year=year) if several else rows, len(area_code))
    counts = {code: sum(row[code] for row in found) for code in FIGURES}
    stated = [n for (_p, _r, of), n in planned_of(programme, area_code, len(area_code)).items() if of in (year, None)]
    planned = round(sum(stated)) if stated else None
    to = address("programmes:programme-detail", programme.code)
    yield Fact(_("households in the plan"), _n(planned), (OFFICE,), _("targets of the programme"), to)
    for code, (words, stage) in FIGURES.items():
        yield Fact(
            str(words),
            _n(counts[code]),
            url=address("reports:household-list", stage=stage, year=year if several else ""),
        )
    rate = _percent(counts["accepted"] - sum(row["aside"] for row in found), planned)
    yield Fact(_("accepted of the plan"), rate, (OFFICE,), _("accepted ÷ in the plan"))
    for one in programme.indicators.all():
        yield Fact(one.name, one.words, basis=one.clause)


def _funds(asked: _Asked) -> Iterator[Fact]:
    programme, year, sums = asked.programme, asked.year, list(asked.rows["funds"])
    to = address("subsidies:fund-list")
    if not sums:
        yield Fact(_("money received"), None, (FINANCE,), _("registers of funds"), to)
    for row in sums:
        words = _("received %(received)s, paid %(paid)s (10,000 CNY), paid of received %(rate)s") % {
            "received": format_wan(row["received"]), "paid": format_wan(row["paid"]),
            "rate": _percent(row["paid"], row["received"]) or "—",
        }  # fmt: skip
        yield Fact(source_name(row["source"]), words, basis=str(year), url=to)
    planned = planned_funds(programme).get("total")
    received = sum(row["received"] for row in sums) if sums else None
    yield Fact(
        _("received of the planned money"),
        _percent(received, planned),
        (FINANCE, OFFICE),
        _("all sources, planned of the whole programme"),
    )


_PAPERS = """
SELECT paper, count(*) FROM reports_dwellingsummary s, unnest(s.missing) AS paper
WHERE s.programme_id = %s AND s.missing_papers > 0 AND s.exclusion = '' AND s.area_id >= %s AND s.area_id < %s
GROUP BY paper ORDER BY count(*) DESC, paper
"""


def _files(asked: _Asked) -> Iterator[Fact]:
    sums = sums_in(asked.rows["files"])
    homes, lacking = sums["homes"] or 0, sums["lacking"] or 0
    to = address("reports:household-list", missing="any")
    yield Fact(_("files complete"), _percent(homes - lacking, homes), (TOWN_STAFF,), f"{homes - lacking} / {homes}", to)
    with connection.cursor() as cursor:
        cursor.execute(_PAPERS, [asked.programme.pk, *code_range(asked.area_code)])
        found = cursor.fetchall()
    owed = dict(asked.rows["owed"])
    names: dict[str, Any] = dict(Paper.choices)
    for paper, n in found:
        words = _("%(paper)s: missing in %(n)d files") % {"paper": names.get(paper, paper), "n": n}
        yield Fact(
            words, None, (owed[paper],) if paper in owed else (), url=address("reports:household-list", missing=paper)
        )


def _satisfaction(asked: _Asked) -> Iterator[Fact]:
    """Answers to drawn surveys of the season that begins in the year, and ratings of settled complaints."""
    sums = {name: n or 0 for name, n in sums_in(asked.rows["survey"]).items()}
    words = _("%(good)d of %(n)d answers give %(least)d or more; %(drawn)d people drawn")
    basis = words % {**sums, "least": satisfied_from(asked.programme)}
    yield Fact(_("content with the heating, by survey"), _percent(sums["good"], sums["n"]), (OFFICE,), basis)
    rated = {name: n or 0 for name, n in sums_in(asked.rows["cases"]).items()}
    basis = _("%(good)d of %(n)d rated answers give 4 or 5") % rated
    share = _percent(rated["good"], rated["n"])
    yield Fact(_("content with the answers to complaints"), share, (OFFICE, TOWN_STAFF), basis)


def environment_of(programme: Programme, area_code: str, year: int) -> tuple[Assumptions | None, list[Spared]]:
    """Stated factors (None: the programme states none), and what the homes accepted up to the end of `year` spare."""
    given = assumptions_of(programme.settings)
    if given is None:
        return None, []
    tasks = Task.objects.within(area_code).filter(programme=programme)
    return given, spared([one for one in homes_cleaned(tasks) if one.year <= year], given)


def _environment(programme: Programme, area_code: str, year: int) -> Iterator[Fact]:
    given, years = environment_of(programme, area_code, year)
    to = address("retrofits:outcome-list")
    if given is None:
        yield Fact(_("factors of emissions"), None, (OFFICE,), _("the programme states none"), to)
        return
    burnt, unknown = sum(one.homes.coal for one in years), sum(one.homes.unknown for one in years)
    yield Fact(_("homes known to have burnt coal"), _n(burnt), (), _("accepted up to the end of the year"), to)
    if unknown:
        words = _("what %(n)d accepted homes burnt before") % {"n": unknown}
        yield Fact(words, None, (TOWN_STAFF,), _("nobody wrote it down: they count for nothing"), to)
    yield Fact(_("coal a home burnt in a season/t"), _n(given.coal_t_per_home), (OFFICE,), given.coal_source, to)
    for at, factor in enumerate(given.factors):
        known = factor.kg_per_t is not None and given.coal_t_per_home is not None
        tonnes = sum((one.pollutants[at] or Decimal(0) for one in years), Decimal(0)) if known else None
        shown = None if tonnes is None or (unknown and not burnt) else _tonnes(tonnes, at_least=unknown > 0)
        basis = (
            _("no factor entered: not known")
            if factor.kg_per_t is None
            else f"{factor.kg_per_t} kg/t · {factor.source}"
        )
        yield Fact(_("%(name)s spared in a season") % {"name": factor.name}, shown, (OFFICE,), basis, to)


def _tonnes(number: Decimal, *, at_least: bool) -> str:
    """With homes of which nobody knows what they burnt, the figure is the least it can be."""
    shown = f"{number.quantize(Decimal('0.001'), ROUND_HALF_UP)} t"
    return _("at least %(t)s") % {"t": shown} if at_least else shown


def _levels(asked: _Asked) -> Iterator[Fact]:
    held = {one.level: one for one in asked.rows["levels"]}
    for code, name in LevelCheck.Level.choices:
        one = held.get(code)
        words = f"{one.get_result_display()} {one.held_on}" if one else None
        yield Fact(_("acceptance: %(level)s") % {"level": name}, words, (OFFICE,), one.note if one else "")
    period = period_of(YEAR, dt.date(asked.year, 1, 1))
    report = next(iter(asked.rows["annual"]), None)
    to = address("reports:periodic-list", rhythm=YEAR, on=period.begins.isoformat())
    yield Fact(
        _("annual report, frozen"),
        str(report.frozen_on) if report else None,
        (OFFICE,),
        report.content_hash if report else "",
        to,
    )


def _result(result: AnnualEvaluation | None) -> Iterator[Fact]:
    graded = " ".join(str(one) for one in (result.score, result.grade) if one not in (None, "")) if result else ""
    yield Fact(
        _("result of the evaluation"),
        graded or None,
        (OFFICE,),
        f"{result.evaluated_by} {result.evaluated_on}" if result else "",
    )
    for words, fen in (
        (_("central money planned"), result.planned_fen if result else None),
        (_("central money decided after it"), result.decided_fen if result else None),
        (_("what the result did to the central money"), result.effect_fen if result else None),
    ):
        yield Fact(words, None if fen is None else f"{format_wan(fen)} {_('10,000 CNY')}", (FINANCE,))
