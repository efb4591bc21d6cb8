"""Service indicators of a season with target and trend, room temperatures and surveys (B-01 … B-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import Area
from core import clock
from core.beside import read_beside
from core.refusals import Refused
from heatsupply.forms import fees as forms
from heatsupply.models import FeeAccount, HeatingCompany, RoomSample, Survey, SurveyAnswer
from heatsupply.models.owned import MANAGE, OWN, VIEW
from heatsupply.queries.fees import (
    NAMES,
    ServiceRow,
    mean_collection,
    measured,
    samples_by_source,
    service_rows,
    targets_of,
)
from heatsupply.services import room_samples, surveys
from heatsupply.terms.fees import floor_dc, satisfied_from, season_of, season_rule
from heatsupply.views.fee_acts import programme_of, row_of
from heatsupply.views.fees import kept_companies, season_asked
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from retrofits.views.pages import refused_page
from retrofits.views.posting import done, form_refusal, posted

SHOWN = 30
PAGE = "heat:indicator-board"


@requires(VIEW, OWN)
@require_GET
def indicator_board(request: HttpRequest) -> HttpResponse:
    """Companies, counties and all of them; samples by how they were taken; surveys with their answers."""
    programme = chosen_programme(request)
    if programme is None:
        return render(request, "heatsupply/indicators.html", {"season": ""})
    season = season_asked(request, programme)
    return render(request, "heatsupply/indicators.html", {"season": season, **_board(request, programme, season)})


def _board(request: HttpRequest, programme: Programme, season: str) -> dict[str, Any]:
    user: Any = request.user
    code, seen = chosen_area_code(request), {"programme": programme, "season": season}
    tables = {"accounts": FeeAccount, "samples": RoomSample, "answers": SurveyAnswer}
    visible = {name: table.objects.visible_to(user).within(code) for name, table in tables.items()}
    samples = visible["samples"].filter(**seen)
    found = read_beside(
        **measured(programme, [season, season_before(programme, season)], visible),
        rooms=samples.select_related("company", "account")[:SHOWN], by_source=_sources(samples, programme),
        surveys=_surveys(Survey.objects.visible_to(user).within(code).filter(**seen), programme),
        open=_to_ask(visible["answers"], seen), keeps=kept_companies(user, code),
        counties=Area.objects.within(code).filter(level=Area.Level.COUNTY) if code else Area.objects.none(),
    )  # fmt: skip
    names = {area.code: area.name for area in found["counties"]}
    firms, places, whole = service_rows({name: found[name] for name in NAMES}, season, names)
    whole.name = _("all companies")
    targets = targets_of(programme)
    return {
        "rows": [_line(one) for one in (*firms, *places, whole)], "mean": mean_collection(firms),
        "targets": [targets.get(name) for name in NAMES], "floor": floor_dc(programme),
        "content": satisfied_from(programme), "rooms": found["rooms"], "surveys": found["surveys"],
        "sources": samples_by_source(found["by_source"]), "answers": found["open"],
        "manages": user.has_right(MANAGE), "answer_form": forms.AnswerForm(auto_id=False),
        "forms": _forms(found["keeps"], season, manages=user.has_right(MANAGE)),
    }  # fmt: skip


def season_before(programme: Programme, season: str) -> str:
    return season_rule(programme).season(season_of(programme, season).year - 1).label


def _line(row: ServiceRow) -> dict[str, Any]:
    """A row as drawn: per indicator part, whole and the change in points since the season before."""
    return {
        "name": row.name,
        "cells": [(row.now[name].part, row.now[name].whole, _points(row, name)) for name in NAMES],
    }


def _points(row: ServiceRow, name: str) -> str:
    change = row.trend(name)
    return "" if change is None else f"{float(change) * 100:+.1f}"


def _sources(samples: QuerySet[RoomSample], programme: Programme) -> QuerySet[Any]:
    good = Count("pk", filter=Q(room_dc__gte=floor_dc(programme)))
    return samples.order_by().values("source").annotate(part=good, whole=Count("pk")).order_by("source")


def _surveys(rows: QuerySet[Survey], programme: Programme) -> QuerySet[Survey]:
    """With how many answered and how many of these are content."""
    answered = Q(answers__reached=SurveyAnswer.Reached.ANSWERED)
    return rows.select_related("company").annotate(
        answered=Count("answers", filter=answered),
        content=Count("answers", filter=answered & Q(answers__score__gte=satisfied_from(programme))),
        open=Count("answers", filter=Q(answers__reached="")),
    )[:SHOWN]


def _to_ask(rows: QuerySet[SurveyAnswer], seen: dict[str, Any]) -> QuerySet[SurveyAnswer]:
    asked = rows.filter(**{f"survey__{name}": value for name, value in seen.items()}, reached="")
    return asked.select_related("account", "survey")[:SHOWN]


def _forms(companies: list[HeatingCompany], season: str, *, manages: bool) -> dict[str, Any] | None:
    if not companies:
        return None
    none = HeatingCompany.objects.none()
    return {
        "sample": forms.offered(forms.SampleForm(companies=none, auto_id="sample_%s"), companies),
        "sensors": forms.offered(forms.SensorForm(companies=none, auto_id="sensors_%s"), companies),
        "survey": forms.offered(forms.SurveyForm(companies=none, auto_id="survey_%s"), companies, season)
        if manages else None,
    }  # fmt: skip


@requires(MANAGE, OWN)
@require_POST
def indicator_act(request: HttpRequest) -> HttpResponse:
    """A temperature, the sensors' values, a survey drawn, an answer; `deed` says which."""
    deed = DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        return refused_page(request, Refused("DEED_UNKNOWN", _("Choose what is to be done.")))
    return deed(request)


def _kept(request: HttpRequest) -> QuerySet[HeatingCompany]:
    return kept_companies(request.user, chosen_area_code(request))  # type: ignore[arg-type]


def _sample(request: HttpRequest) -> HttpResponse:
    keep = lambda data: room_samples.record_room_sample(  # noqa: E731
        programme=programme_of(request), company=data["company"], room_c=data["room_c"], source=data["source"],
        measured_at=forms.aware(data["measured_at"]), words=data["words"], by=request.user, now=clock.now(),  # type: ignore[arg-type]
    )  # fmt: skip
    return posted(request, forms.SampleForm(request.POST, companies=_kept(request)), keep, _("It is recorded."), PAGE)


def _sensors(request: HttpRequest) -> HttpResponse:
    form, programme = forms.SensorForm(request.POST, companies=_kept(request)), programme_of(request)
    if not form.is_valid():
        return refused_page(request, form_refusal(form))
    try:
        taken = room_samples.take_sensor_samples(
            programme=programme, company=form.cleaned_data["company"],
            season=room_samples.season_at(programme, clock.now()), by=request.user, now=clock.now(),  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    messages.success(request, _sensors_said(taken))
    return redirect(PAGE)


def _sensors_said(taken: int) -> str:
    if not taken:
        return _("No sensor has told anything new within the last day.")
    return ngettext("%(n)d sensor value is taken.", "%(n)d sensor values are taken.", taken) % {"n": taken}


def _survey(request: HttpRequest) -> HttpResponse:
    form = forms.SurveyForm(request.POST, companies=_kept(request))
    drawn = lambda data: surveys.draw_survey(programme=programme_of(request), **data, by=request.user, now=clock.now())  # type: ignore[arg-type]  # noqa: E731
    return posted(request, form, drawn, _("Drawn: the users to be asked stand below."), PAGE)


def _answer(request: HttpRequest) -> HttpResponse:
    answer, form = row_of(request, SurveyAnswer, "answer"), forms.AnswerForm(request.POST)
    if not form.is_valid():
        return posted(request, form, lambda data: None, "", PAGE)
    data = form.cleaned_data
    keep = lambda: surveys.answer_survey(  # noqa: E731
        answer=answer, reached=data["reached"], score=int(data["score"]) if data["score"] else None,
        words=data["words"], by=request.user, on=clock.today(),  # type: ignore[arg-type]
    )  # fmt: skip
    return done(request, keep, _("It is recorded."), PAGE)


DEEDS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "sample": _sample, "sensors": _sensors, "survey": _survey, "answer": _answer,
}  # fmt: skip
