"""A version before its release: tried on all accepted dwellings, on five households, and its jumps signed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from core.tables import Column, View, build_table
from jobs.services import enqueue
from programmes.models import Technology
from subsidies import desk_reading, tryouts
from subsidies.figures import boundary_figures
from subsidies.forms import ReasonForm
from subsidies.models import Policy, PolicyTrial, PolicyTrialRow
from subsidies.policy_filters import TrialRowFilter
from subsidies.policy_forms import HOMES, HomesForm, TypedCaseForm
from subsidies.services import trials
from subsidies.services.policies import rules_of
from subsidies.tasks import TRY_OUT
from subsidies.wording import reason_sentence, source_name

#: Where no version is in force: no number at all, not 0.
NOTHING = dict.fromkeys(("fen", "due", "not_due", "undefined"))
COLUMNS = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="dwelling__dwelling_no", link=True),
    Column("household.head_name", gettext_lazy("Head of household"), order_by="household__head_name"),
    Column("area.name", gettext_lazy("Village"), order_by="area_id", priority=2),
    Column("benefit", gettext_lazy("Rule"), order_by="benefit"),
    Column("period", gettext_lazy("Period"), template="subsidies/cell_period.html", priority=3),
    Column("before_fen", gettext_lazy("In force/CNY"), kind="money", order_by="before_fen"),
    Column("after_fen", gettext_lazy("This version/CNY"), kind="money", order_by="after_fen"),
    Column("change_fen", gettext_lazy("Difference/CNY"), kind="money", order_by="change_fen", total=Sum("change_fen"),
           total_label=gettext_lazy("more or less")),
    Column("after_reason", gettext_lazy("Why"), kind="soft", priority=2,
           value=lambda row: reason_sentence(row.after_reason)),
)  # fmt: skip


@requires("policies.view")
@require_GET
def policy_trial(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest trial: sums, who gains and who loses, the amount along its boundaries with the jumps to sign."""
    return _page(request, get_visible_or_404(_rows(), request.user, pk=pk))


@requires("policies.draft")
@require_POST
def policy_trial_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a trial run in the background."""
    policy = get_visible_or_404(_rows(), request.user, "policies.draft", pk=pk)
    enqueue(kind=TRY_OUT, args={"policy_id": policy.pk}, by=request.user, area=policy.area_id)  # type: ignore[arg-type]
    messages.success(request, _("The trial runs in the background; its end shows in the tray above."))
    return redirect("subsidies:policy-trial", pk)


@requires("policies.release")
@require_POST
def cliff_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer for one jump, with a reason."""
    policy = get_visible_or_404(_rows(), request.user, "policies.release", pk=pk)
    key, form = request.POST.get("key", ""), ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, policy, failed=(key, form))
    try:
        trials.sign_cliff(policy=policy, key=key, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, policy, failed=(key, form))
    messages.success(request, _("The jump is signed with your name and reason."))
    return redirect(reverse("subsidies:policy-trial", args=[pk]) + "#cliffs")


@requires("policies.view")
@require_http_methods(["GET", "POST"])
def policy_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Five households, from the register or made up, through this version and the one in force."""
    policy = get_visible_or_404(_rows(), request.user, pk=pk)
    homes = HomesForm(request.POST or None)
    offered = list(Technology.objects.filter(programme=policy.programme_id).order_by("pk"))
    typed = [TypedCaseForm(request.POST or None, prefix=str(n), technologies=offered) for n in range(1, HOMES + 1)]
    context: dict[str, Any] = {"policy": policy, "homes": homes, "typed": typed}
    if request.method == "POST" and all(form.is_valid() for form in (homes, *typed)):
        filled = [form for form in typed if form.is_filled]
        context["results"] = tryouts.typed(policy, filled) if filled else tryouts.recorded(
            policy, request.user, homes.numbers()
        )  # fmt: skip
        context["unknown"] = [] if filled else tryouts.missing(homes.numbers(), context["results"])
    bad = any(form.errors for form in (homes, *typed)) if request.method == "POST" else False
    return render(request, "subsidies/policy_try.html", context, status=422 if bad else 200)


def _page(request: HttpRequest, policy: Policy, failed: tuple[str, ReasonForm] | None = None) -> HttpResponse:
    reading = desk_reading.version(policy, request.user)
    trial = reading.trial
    context = {"policy": policy, "reading": reading, **reading.context(), "table": _table(request, trial)}
    if trial is not None:
        context |= {
            "totals": {**trial.totals, "before": trial.totals["before"] or NOTHING},
            "sources": _sources(trial.totals),
            "reasons": _reasons(trial.totals),
            "figures": boundary_figures(rules_of(policy), trial.curves, trial.cliffs),
            "cliffs": _cliffs(reading, request, failed),
        }
    template = "parts/table.html" if _wants_table(request) else "subsidies/policy_trial.html"
    return render(request, template, context, status=422 if failed else 200)


def _table(request: HttpRequest, trial: PolicyTrial | None) -> Any:
    rows = (
        PolicyTrialRow.objects.visible_to(request.user).filter(trial=trial) if trial else PolicyTrialRow.objects.none()
    )
    counts = trial.totals if trial else {}
    return build_table(
        request, rows.select_related("dwelling", "household", "area"), COLUMNS, filterset=TrialRowFilter,
        unit=_("amounts"), default_sort="change_fen",
        row_url=lambda row: reverse("reports:household-detail", args=[row.dwelling.dwelling_no]),
        views=[
            View(_("All that change"), "", sum(counts.get(name, 0) for name in ("gain", "lose", "unclear"))),
            View(_("Gain"), "change=gain", counts.get("gain", 0)),
            View(_("Lose"), "change=lose", counts.get("lose", 0)),
            View(_("Not to be compared"), "change=unclear", counts.get("unclear", 0)),
        ],
        empty=(_("Nobody's amount changes"), _("Every accepted dwelling gets under this version what it gets now.")),
    )  # fmt: skip


def _wants_table(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target") == "table"


def _sources(totals: dict[str, Any]) -> list[dict[str, Any]]:
    """Sums by source now and under this version."""
    before, after = (totals["before"] or {}).get("sources", {}), totals["after"]["sources"]
    names = dict.fromkeys([*after, *before])
    has = totals["before"] is not None
    return [
        {"name": source_name(name), "before": before.get(name, 0) if has else None, "after": after.get(name, 0),
         "change": after.get(name, 0) - before.get(name, 0) if has else None}
        for name in names
    ]  # fmt: skip


def _reasons(totals: dict[str, Any]) -> list[dict[str, Any]]:
    before, after = (totals["before"] or {}).get("reasons", {}), totals["after"]["reasons"]
    return [
        {"words": reason_sentence(code), "before": before.get(code, 0), "after": after.get(code, 0)}
        for code in dict.fromkeys([*after, *before])
    ]


def _cliffs(reading: desk_reading.Version, request: HttpRequest, failed: Any) -> list[dict[str, Any]]:
    """Each jump with its signature, or a form to sign it."""
    policy, trial = reading.policy, reading.trial
    may = policy.state == Policy.State.DRAFT and policy.drafted_person_no not in ("", request.user.person_no)  # type: ignore[union-attr]
    may = may and request.user.has_right("policies.release", policy.area_id)  # type: ignore[union-attr]
    found = []
    for cliff in trial.cliffs if trial else ():
        form = failed[1] if failed and failed[0] == cliff["key"] else ReasonForm(auto_id=f"id_{cliff['key'][:8]}_%s")
        sides = (cliff["below"], cliff["above"])
        found.append(
            {"cliff": cliff, "sides": sides, "signed": reading.signed.get(cliff["key"]), "form": form if may else None}
        )
    return found


def _rows() -> Any:
    return Policy.objects.select_related("programme", "area", "drafted_by", "released_by")
