"""Fees of a season, and one account with all that belongs to it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import get_visible_or_404, requires
from accounts.models import User
from accounts.reveal import REASONS
from accounts.reveal import RIGHT as REVEAL
from core import clock
from core.beside import read_beside
from core.masks import mask_name
from core.tables import Column, build_table, render_table
from heatsupply.filters.fees import FeeFilter
from heatsupply.forms import fees as forms
from heatsupply.models import FeeAccount, FeeLine, HeatImport, HeatingCompany, SupplyFault, Suspension
from heatsupply.models.owned import MANAGE, OWN, VIEW
from heatsupply.queries.fees import (
    ONLINE,
    arrears_of,
    both_rates,
    channels_of,
    companies_of,
    fees_by_company,
    seasons_owing,
    targets_of,
)
from heatsupply.services.permits import may_keep
from heatsupply.terms.fees import latest_season, seasons_offered
from heatsupply.wording.fees import reason_words, step_words
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme

SHOWN, FILES = 20, 6


def payer(row: FeeAccount) -> str:
    """A person's name masked; a public body's or a firm's in full: the county clears what these owe (B-33)."""
    return mask_name(row.payer_name) if row.kind == FeeAccount.Kind.RESIDENT else row.payer_name


def number(row: FeeAccount) -> str:
    """The last four characters of the account's number."""
    return f"…{row.account_no[-4:]}" if len(row.account_no) > 4 else row.account_no


COLUMNS = (
    Column("account", gettext_lazy("Heating account"), kind="id", value=number, link=True),
    Column("payer", gettext_lazy("Payer"), value=payer),
    Column("kind", gettext_lazy("Class of user"), value=lambda row: row.get_kind_display(), order_by="kind"),
    Column("company.name", gettext_lazy("Company"), order_by="company__name", priority=2),
    Column("compound_name", gettext_lazy("Compound"), order_by="compound_name", kind="soft", priority=2),
    Column("heated_m2", gettext_lazy("Heated/m²"), kind="mono", order_by="heated_m2", priority=3),
    Column("receivable_fen", gettext_lazy("Receivable/CNY"), kind="money"),
    Column("received_fen", gettext_lazy("Fees received/CNY"), kind="money", order_by="received_fen",
           total=Sum("received_fen"), total_label=gettext_lazy("fees received")),
    Column("owing_fen", gettext_lazy("Owing/CNY"), kind="money", order_by="owing_fen",
           total=Sum("owing_fen"), total_label=gettext_lazy("owing")),
    Column("arrears", gettext_lazy("Class of arrears"), order_by="arrears", priority=2,
           value=lambda row: row.get_arrears_display() if row.owing_fen > 0 else ""),
    Column("measure", gettext_lazy("Measure"), order_by="measure", priority=2,
           value=lambda row: row.get_measure_display() if row.owing_fen > 0 else ""),
)  # fmt: skip


def season_asked(request: HttpRequest, programme: Programme | None) -> str:
    """The season in the address, where the programme has it; the running or last one otherwise."""
    if programme is None:
        return ""
    wanted = request.GET.get("season", "")
    return wanted if wanted in seasons_offered(programme, clock.today()) else latest_season(programme, clock.today())


def kept_companies(user: User, code: str) -> QuerySet[HeatingCompany]:
    """Companies whose fees the person may keep: those of the managed places and the own one."""
    within = HeatingCompany.objects.within(code) if code else HeatingCompany.objects.none()
    managed, own = (HeatingCompany.objects.visible_to(user, right) for right in (MANAGE, OWN))
    return (within.filter(pk__in=managed.values("pk")) | within.filter(pk__in=own.values("pk"))).order_by("name")


@requires(VIEW, OWN)
@require_GET
def fee_list(request: HttpRequest) -> HttpResponse:
    """Rates both ways, companies, channels, arrears by class, what waits, and the accounts of a season."""
    user: Any = request.user
    programme, code = chosen_programme(request), chosen_area_code(request)
    season = season_asked(request, programme)
    rows = FeeAccount.objects.visible_to(user).within(code).filter(programme=programme, season=season)
    table = build_table(
        request, rows.select_related("company"), COLUMNS, filterset=FeeFilter, unit=_("heating accounts"),
        default_sort="-owing_fen", row_url=lambda row: reverse("heat:account-detail", args=[row.pk]),
        empty=(_("No fees of this season yet"), _("The companies' workbooks bring them in.")),
    )  # fmt: skip
    context = season_sums(request, user, rows, season, programme) if programme else {}
    return render_table(request, "heatsupply/fee_list.html", table, {**context, "season": season})


def season_sums(
    request: HttpRequest, user: User, rows: QuerySet[FeeAccount], season: str, programme: Programme
) -> dict[str, Any]:
    """Everything of the page above the list, in one statement."""
    code = chosen_area_code(request)
    seen = {"programme": programme, "season": season}
    waiting = (
        Suspension.objects.visible_to(user).within(code).filter(state=Suspension.State.APPLIED, programme=programme)
    )
    faults = SupplyFault.objects.visible_to(user).within(code).filter(**seen)
    found = read_beside(
        firms=fees_by_company(rows), channels=channels_of(rows), arrears=arrears_of(rows),
        waiting=waiting.select_related("company", "area")[:SHOWN], faults=faults.select_related("company")[:SHOWN],
        keeps=kept_companies(user, code), files=files_sent(user, code).filter(**seen)[:FILES],
    )  # fmt: skip
    firms = companies_of(found["firms"])
    names = dict(FeeLine.Channel.choices)
    received = sum(one["fen"] for one in found["channels"])
    return {
        "firms": firms, "rates": both_rates(firms), "target": targets_of(programme).get("collection"),
        "channels": [(names.get(one["channel"], _("not stated")), one["n"], one["fen"]) for one in found["channels"]],
        "received": received, "online": sum(one["fen"] for one in found["channels"] if one["channel"] in ONLINE),
        "arrears": [_arrears_line(one) for one in found["arrears"]],
        "waiting": found["waiting"], "faults": [fault_line(one) for one in found["faults"]],
        "manages": user.has_right(MANAGE), "forms": _forms(found["keeps"], season), "files": found["files"],
    }  # fmt: skip


def files_sent(user: User, code: str) -> QuerySet[HeatImport]:
    """Files of the companies the person keeps, the newest first."""
    rows = HeatImport.objects.filter(company__in=kept_companies(user, code).order_by())
    return rows.select_related("company", "file").order_by("-pk")


def _arrears_line(one: dict[str, Any]) -> dict[str, Any]:
    kinds, classes, measures = (
        dict(choice.choices) for choice in (FeeAccount.Kind, FeeAccount.Arrears, FeeAccount.Measure)
    )
    return {
        **one, "kind": kinds[one["kind"]], "arrears": classes.get(one["arrears"], ""),
        "measure": measures.get(one["measure"], ""),
    }  # fmt: skip


def fault_line(fault: SupplyFault) -> dict[str, Any]:
    """A fault with its result in words: (reason, accounts, fen)."""
    told = [(reason_words(code), n, fen) for code, (n, fen) in fault.result.items()]
    return {"row": fault, "told": told, "cause": forms.CauseForm(auto_id=f"cause{fault.pk}_%s")}


def _forms(companies: list[HeatingCompany], season: str) -> dict[str, Any] | None:
    """None for those who only read."""
    if not companies:
        return None
    none = HeatingCompany.objects.none()
    return {
        "import": forms.offered(forms.ImportForm(companies=none, auto_id="import_%s"), companies, season),
        "fault": forms.offered(forms.FaultForm(companies=none, auto_id="fault_%s"), companies, season),
    }


@requires(VIEW, OWN)
@require_GET
def account_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Money line by line, suspension, faults with the steps of each refund, samples, other seasons."""
    user: Any = request.user
    rows = FeeAccount.objects.select_related("company", "area", "dwelling")
    account = get_visible_or_404(rows, user, pk=pk)
    found = read_beside(
        lines=account.lines.select_related("by", "fault", "suspension"), suspensions=account.suspensions.all(),
        faults=faults_of(account).select_related("company"),
        samples=account.room_samples.all()[:SHOWN], others=seasons_owing(account)[:SHOWN],
    )  # fmt: skip
    may, manages = may_keep(user, account), user.has_right(MANAGE, account.area_id)
    context = {
        "account": account, "payer": payer(account), "number": number(account), "may": may, "manages": manages,
        "lines": _lines(found["lines"], manages),
        "suspensions": [_suspension(one, may) for one in found["suspensions"]],
        "faults": [fault_line(one) for one in found["faults"]], "samples": found["samples"], "others": found["others"],
        "overpaid": -account.owing_fen if account.owing_fen < 0 else 0,
        "may_reveal": user.has_right(REVEAL, account.area_id), "reasons": REASONS,
        "forms": _account_forms(account, found["suspensions"]) if may else None,
    }  # fmt: skip
    return render(request, "heatsupply/account_detail.html", context)


def _suspension(one: Suspension, may: bool) -> dict[str, Any]:
    """An application with the form that fits its state."""
    waits, runs = (may and one.state == state for state in (Suspension.State.APPLIED, Suspension.State.APPROVED))
    return {
        "row": one, "decide": forms.DecisionForm(auto_id=f"decide{one.pk}_%s") if waits else None,
        "revoke": forms.CounterForm(auto_id=f"revoke{one.pk}_%s") if runs else None,
    }  # fmt: skip


def faults_of(account: FeeAccount) -> QuerySet[SupplyFault]:
    """Its own ones, and wider ones that were settled with it."""
    wider = FeeLine.objects.filter(account=account, fault__isnull=False).values("fault_id")
    return SupplyFault.objects.filter(Q(account=account) | Q(pk__in=wider))


def _lines(lines: list[FeeLine], manages: bool) -> list[dict[str, Any]]:
    """Each line with its steps in words, and a form to take it back where that may be done."""
    taken = {one.counters_id for one in lines if one.counters_id}
    return [
        {"row": one, "steps": step_words(one.steps), "reason": reason_words(one.reason) if one.reason else "",
         "counter": forms.CounterForm(auto_id=f"line{one.pk}_%s")
         if manages and not one.counters_id and one.pk not in taken else None}
        for one in lines
    ]  # fmt: skip


def _account_forms(account: FeeAccount, suspensions: list[Suspension]) -> dict[str, Any]:
    """The small forms that fit the account's state."""
    open_ones = [one for one in suspensions if one.state in (Suspension.State.APPLIED, Suspension.State.APPROVED)]
    return {
        "fault": forms.AccountFaultForm(auto_id="fault_%s"),
        "sample": forms.AccountSampleForm(auto_id="sample_%s"),
        "apply": None if open_ones else forms.CounterApplyForm(auto_id="apply_%s"),
        "arrears": forms.ArrearsForm(auto_id="arrears_%s") if account.owing_fen > 0 else None,
        "payback": _payback_form(account) if account.owing_fen < 0 else None,
    }


def _payback_form(account: FeeAccount) -> forms.PaybackForm:
    return forms.PaybackForm(auto_id="payback_%s", initial={"seen": -account.owing_fen})
