"""What stands before and after the works at one dwelling: contract, confirmations, devices, reasons, steps."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from retrofits.models import Bundle, Contract, Task
from retrofits.services import contracts, homes, supply
from retrofits.services.tasks import move_task
from retrofits.views.pages import refused_page
from retrofits.views.posting import done, posted
from retrofits.works_forms import (
    BundleForm,
    ConfirmForm,
    ContractForm,
    DeviceForm,
    FeeForm,
    PvForm,
    ReasonForm,
    TariffForm,
)

RIGHT, DETAIL = "installations.record", "retrofits:task-detail"


@requires(RIGHT)
@require_POST
def task_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Contract signed or cancelled, something confirmed, the set of devices and its parts; `deed` says which."""
    rows = Task.objects.select_related("programme", "dwelling", "technology", "area__parent")
    task = get_visible_or_404(rows, request.user, RIGHT, pk=pk)
    deed = PAPERS.get(request.POST.get("deed", ""))
    if deed is None:
        return refused_page(request, Refused("NO_SUCH_DEED", _("There is no such step.")))
    return deed(request, task)


def _contract(request: HttpRequest, task: Task) -> HttpResponse:
    def sign(data: dict[str, Any]) -> None:
        contracts.sign_contract(task=task, contract=contracts.SupplyContract(**data), by=request.user)  # type: ignore[arg-type]

    return posted(request, ContractForm(request.POST), sign, _("The contract is recorded."), DETAIL, task.pk)


def _cancel(request: HttpRequest, task: Task) -> HttpResponse:
    held = Contract.objects.filter(task=task, cancelled_on=None).select_related("task").first()
    if held is None:
        return refused_page(request, Refused("NO_CONTRACT", _("no supply contract is recorded")))
    reason = request.POST.get("reason", "")
    return done(
        request, lambda: contracts.cancel_contract(contract=held, reason=reason, by=request.user),  # type: ignore[arg-type]
        _("The contract is cancelled."), DETAIL, task.pk,
    )  # fmt: skip


def _confirm(request: HttpRequest, task: Task) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        contracts.confirm(task=task, done=contracts.Done(**data), by=request.user)  # type: ignore[arg-type]

    return posted(request, ConfirmForm(request.POST), store, _("It is recorded."), DETAIL, task.pk)


def _bundle(request: HttpRequest, task: Task) -> HttpResponse:
    form = BundleForm(request.POST)
    form.fields["bundle"].queryset = Bundle.objects.filter(technology=task.technology)  # type: ignore[attr-defined]

    def choose(data: dict[str, Any]) -> None:
        contracts.choose_bundle(task=task, bundle=data["bundle"], by=request.user)  # type: ignore[arg-type]

    return posted(request, form, choose, _("It is recorded."), DETAIL, task.pk)


def _device(request: HttpRequest, task: Task) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        contracts.record_device(task=task, **data, by=request.user)  # type: ignore[arg-type]

    return posted(request, DeviceForm(request.POST), store, _("It is recorded."), DETAIL, task.pk)


def _tariff(request: HttpRequest, task: Task) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        homes.choose_tariff(task=task, **data, by=request.user)  # type: ignore[arg-type]

    return posted(request, TariffForm(request.POST), store, _("It is recorded."), DETAIL, task.pk)


def _fee(request: HttpRequest, task: Task) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        homes.record_fee(task=task, fee=data, by=request.user)  # type: ignore[arg-type]

    return posted(request, FeeForm(request.POST), store, _("It is recorded."), DETAIL, task.pk)


def _pv(request: HttpRequest, task: Task) -> HttpResponse:
    def store(data: dict[str, Any]) -> None:
        homes.record_pv(task=task, **data, by=request.user)  # type: ignore[arg-type]

    return posted(request, PvForm(request.POST), store, _("It is recorded."), DETAIL, task.pk)


PAPERS = {
    "contract": _contract, "cancel": _cancel, "confirm": _confirm, "bundle": _bundle, "device": _device,
    "tariff": _tariff, "fee": _fee, "pv": _pv,
}  # fmt: skip


@requires("works.manage")
@require_POST
def task_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """The office's reason at a soft gate."""
    task = get_visible_or_404(Task.objects.select_related("programme"), request.user, "works.manage", pk=pk)

    def give(data: dict[str, Any]) -> None:
        supply.give_reason(task=task, **data, by=request.user)  # type: ignore[arg-type]

    return posted(request, ReasonForm(request.POST), give, _("The reason is recorded."), DETAIL, pk)


@requires("tasks.view")
@require_POST
def task_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Return, relist, start, reopen, settle: who may is said by the table of states."""
    task = get_visible_or_404(Task.objects.select_related("programme"), request.user, pk=pk)
    deed, reason = request.POST.get("deed", ""), request.POST.get("reason", "")
    return done(
        request, lambda: move_task(task=task, deed=deed, reason=reason, by=request.user),  # type: ignore[arg-type]
        _("The step is done."), DETAIL, pk,
    )  # fmt: skip
