"""What is done with fees: one address, `deed` says what, `account`, `fault`, `suspension` or `line` with which row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import get_visible_or_404, requires
from core import clock
from core.refusals import Refused
from heatsupply.forms import fees as forms
from heatsupply.models import FeeAccount, FeeLine, HeatImport, SupplyFault, Suspension
from heatsupply.models.owned import MANAGE, OWN
from heatsupply.services import arrears, faults, files, ledger, room_samples, suspensions
from heatsupply.services.faults import Happened
from heatsupply.services.permits import may_keep
from heatsupply.terms.fees import season_of
from heatsupply.views.fees import kept_companies
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from retrofits.views.pages import refused_page
from retrofits.views.posting import done, form_refusal, posted

Deed = Callable[[HttpRequest], HttpResponse]


@requires(MANAGE, OWN)
@require_POST
def fee_act(request: HttpRequest) -> HttpResponse:
    """Raises 404 for rows outside the person's places or companies, 403 where the service asks for more."""
    deed = DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        return refused_page(request, Refused("DEED_UNKNOWN", _("Choose what is to be done.")))
    return deed(request)


def programme_of(request: HttpRequest) -> Programme:
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    return programme


def row_of(request: HttpRequest, source: Any, name: str) -> Any:
    """The row whose key the form sends under `name`, inside what the person sees."""
    key = request.POST.get(name, "")
    if not key.isascii() or not key.isdigit() or len(key) > 18:
        raise Http404
    return get_visible_or_404(source, request.user, pk=int(key))


def back_to(account: FeeAccount | None) -> tuple[Any, ...]:
    return ("heat:account-detail", account.pk) if account else ("heat:fee-list",)


def _after(request: HttpRequest, form: Any, deed: Callable[[dict[str, Any]], Any], account: Any = None) -> HttpResponse:
    to, *args = back_to(account)
    return posted(request, form, deed, _("It is recorded."), to, *args)


def _import(request: HttpRequest) -> HttpResponse:
    """The file is kept and read on trial by a job; its own page shows what it would do."""
    companies = kept_companies(request.user, chosen_area_code(request))  # type: ignore[arg-type]
    form = forms.ImportForm(request.POST, request.FILES, companies=companies)
    if not form.is_valid():
        return refused_page(request, form_refusal(form))
    programme = programme_of(request)
    try:
        season = season_of(programme, form.cleaned_data["season"]).label
        sent = form.cleaned_data["file"]
        made, fresh = files.send_file(
            kind=HeatImport.Kind.FEES, company=form.cleaned_data["company"], content=sent.chunks(),
            file_name=sent.name, programme=programme, season=season, by=request.user, now=clock.now(),  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    if not fresh:
        messages.info(request, _("Exactly this file was sent last; here it is."))
    return redirect("heat:file-detail", made.pk)


def _fault(request: HttpRequest) -> HttpResponse:
    """A fault of one account, or of a compound or the whole company."""
    if request.POST.get("account"):
        account = row_of(request, FeeAccount.objects.select_related("company", "programme"), "account")
        return _after(
            request, forms.AccountFaultForm(request.POST), lambda data: _record(request, data, account), account
        )
    companies = kept_companies(request.user, chosen_area_code(request))  # type: ignore[arg-type]
    return _after(
        request, forms.FaultForm(request.POST, companies=companies), lambda data: _record(request, data, None)
    )


def _record(request: HttpRequest, data: dict[str, Any], account: FeeAccount | None) -> SupplyFault:
    happened = Happened(
        data["fault"], forms.aware(data["starts_at"]), forms.aware(data["ends_at"]), data["words"], account,
        data.get("compound_name", ""),
    )  # fmt: skip
    company, programme, season = (
        (account.company, account.programme, account.season) if account
        else (data["company"], programme_of(request), data["season"])
    )  # fmt: skip
    return faults.record_fault(programme=programme, company=company, season=season, happened=happened,
                               by=request.user, now=clock.now())  # type: ignore[arg-type]  # fmt: skip


def _cause(request: HttpRequest) -> HttpResponse:
    fault = row_of(request, SupplyFault.objects.select_related("account"), "fault")
    name = lambda data: faults.attribute_cause(fault=fault, **data, by=request.user, now=clock.now())  # type: ignore[arg-type]  # noqa: E731
    return _after(request, forms.CauseForm(request.POST), name, fault.account)


def _settle(request: HttpRequest) -> HttpResponse:
    fault = row_of(request, SupplyFault.objects.select_related("account"), "fault")
    to, *args = back_to(fault.account)
    settle = lambda: faults.settle_fault(fault=fault, by=request.user, now=clock.now())  # type: ignore[arg-type]  # noqa: E731
    return done(request, settle, _("Settled: every account concerned has its line."), to, *args)


def _apply(request: HttpRequest) -> HttpResponse:
    """At the counter, for a known account."""
    account = row_of(request, FeeAccount.objects.select_related("company", "programme", "area"), "account")
    if not may_keep(request.user, account):  # type: ignore[arg-type]
        raise PermissionDenied(MANAGE)

    def apply(data: dict[str, Any]) -> None:
        asked = suspensions.Application(account.account_no, **data, company=account.company)
        suspensions.apply_suspension(
            programme=account.programme, area=account.area, season=account.season, application=asked,
            source=Suspension.Source.COUNTER, now=clock.now(), on=clock.today(),
        )  # fmt: skip

    return _after(request, forms.CounterApplyForm(request.POST), apply, account)


def _decide(request: HttpRequest) -> HttpResponse:
    suspension = row_of(request, Suspension.objects.select_related("account"), "suspension")
    decide = lambda data: suspensions.decide_suspension(  # noqa: E731
        suspension=suspension, approve=data["approve"] == "yes", words=data["words"], by=request.user, now=clock.now(),  # type: ignore[arg-type]
    )  # fmt: skip
    return _after(request, forms.DecisionForm(request.POST), decide, suspension.account)


def _revoke(request: HttpRequest) -> HttpResponse:
    suspension = row_of(request, Suspension.objects.select_related("account"), "suspension")
    revoke = lambda data: suspensions.revoke_suspension(suspension=suspension, **data, by=request.user, now=clock.now())  # type: ignore[arg-type]  # noqa: E731
    return _after(request, forms.CounterForm(request.POST), revoke, suspension.account)


def _counter(request: HttpRequest) -> HttpResponse:
    line = row_of(request, FeeLine.objects.select_related("account"), "line")
    back = lambda data: ledger.counter_line(line=line, **data, by=request.user, now=clock.now())  # type: ignore[arg-type]  # noqa: E731
    return _after(request, forms.CounterForm(request.POST), back, line.account)


def _payback(request: HttpRequest) -> HttpResponse:
    account = row_of(request, FeeAccount, "account")
    pay = lambda data: ledger.pay_back(  # noqa: E731
        account=account, seen_fen=data.pop("seen"), **data, by=request.user, now=clock.now(),  # type: ignore[arg-type]
    )  # fmt: skip
    return _after(request, forms.PaybackForm(request.POST), pay, account)


def _arrears(request: HttpRequest) -> HttpResponse:
    account = row_of(request, FeeAccount, "account")
    classed = lambda data: arrears.class_arrears(account=account, **data, by=request.user, on=clock.today())  # type: ignore[arg-type]  # noqa: E731
    return _after(request, forms.ArrearsForm(request.POST), classed, account)


def _sample(request: HttpRequest) -> HttpResponse:
    account = row_of(request, FeeAccount.objects.select_related("company", "programme"), "account")
    keep = lambda data: room_samples.record_room_sample(  # noqa: E731
        programme=account.programme, company=account.company, account=account, room_c=data["room_c"],
        source=data["source"], measured_at=forms.aware(data["measured_at"]), words=data["words"],
        by=request.user, now=clock.now(),  # type: ignore[arg-type]
    )  # fmt: skip
    return _after(request, forms.AccountSampleForm(request.POST), keep, account)


DEEDS: dict[str, Deed] = {
    "import": _import, "fault": _fault, "cause": _cause, "settle": _settle, "apply": _apply, "decide": _decide,
    "revoke": _revoke, "counter": _counter, "payback": _payback, "arrears": _arrears, "sample": _sample,
}  # fmt: skip
