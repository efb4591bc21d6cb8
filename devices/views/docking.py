"""接入测试: tests and confirmations, one test live, the certificate on paper and as JSON, and its public page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import public, requires
from accounts.owning import narrowed
from core import clock
from core.files import open_file
from core.qr import qr_drawing
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from devices.conformance.findings import MACHINE_STEPS
from devices.conformance.watching import units_wanted
from devices.forms import SampleForm
from devices.models import DockingCertificate, DockingTest
from devices.protocol.profile_files import parse_profile
from devices.services import certificates, docking
from devices.services.docking import Sample
from devices.views.step_words import record_words

VIEW, EDIT, RELEASE = "devices.view", "devices.edit", "profiles.release"
COLUMNS = (
    Column("number", gettext_lazy("Test"), kind="id", order_by="number", link=True),
    Column("device_model", gettext_lazy("Model"), order_by="device_model__name"),
    Column("device_model.supplier.name", gettext_lazy("Supplier"), order_by="device_model__supplier__name", priority=3),
    Column("profile", gettext_lazy("Register profile"), kind="mono", priority=2),
    Column("state", gettext_lazy("State"), template="devices/cell_state.html", order_by="state"),
    Column("certificate", gettext_lazy("Confirmation"), template="devices/cell_certificate.html"),
    Column("opened_at", gettext_lazy("Opened"), kind="when", order_by="opened_at", priority=2),
)
STEP_WORDS = {
    1: gettext_lazy("Profile complete"),
    2: gettext_lazy("Identity: three power cycles, unit numbers"),
    3: gettext_lazy("500 reads answered"),
    4: gettext_lazy("Longest block, address past the end"),
    5: gettext_lazy("Five writes with read-back"),
    6: gettext_lazy("Value out of range"),
    7: gettext_lazy("Sensor unplugged, reset"),
    8: gettext_lazy("Wrong frames ignored"),
    9: gettext_lazy("Power and network cut"),
    10: gettext_lazy("A day at one read a minute"),
}
STEP_HINTS = {
    2: gettext_lazy("Press, then switch the board off and on three times in five minutes. Then set each unit number."),
    7: gettext_lazy("Press, pull out a sensor, wait for the fault, plug it in again."),
    9: gettext_lazy("Press, cut the power for a moment, then the network; each comes back within five minutes."),
    10: gettext_lazy("The portal reads once a minute for 24 hours."),
}
QUESTIONS = {
    "effect_seen": gettext_lazy("Did the board really do it: temperature, on and off, mode?"),
    "bad_crc_ignored": gettext_lazy("Is a frame with a broken CRC ignored (tried with a bus tool)?"),
    "display_unmoved": gettext_lazy("Does the display of the board show the same values as before, and no fault?"),
}
UNBOUND = gettext_lazy(
    "Your account is not bound to an enterprise yet, so a test you open could be seen by nobody of yours. The security "
    "administrator binds it; then open the test."
)
STATE_WORDS = {
    "todo": (gettext_lazy("to do"), ""), "running": (gettext_lazy("running"), "busy"),
    "asked": (gettext_lazy("a person has to confirm"), "warn"), "passed": (gettext_lazy("passed"), "ok"),
    "failed": (gettext_lazy("not passed"), "bad"),
}  # fmt: skip


@requires(VIEW)
@require_http_methods(["GET", "POST"])
def docking_list(request: HttpRequest) -> HttpResponse:
    """Tests with their confirmations: which models are proven (J-29, J-45). Posting opens a new one."""
    user: Any = request.user
    form = SampleForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not user.has_right(EDIT):
            raise Refused("NOT_YOURS", _("Your roles do not allow this."))
        if not _sees_its_own(user):
            raise Refused("NO_FIRM", UNBOUND)
        if form.is_valid():
            data = form.cleaned_data
            sample = Sample(
                data["line"].strip(), data["unit"], data["board_firmware"], data["dtu_firmware"], data["received_on"],
                data["protocol"].name, data["protocol"].chunks(),
            )  # fmt: skip
            test = docking.open_test(device_model=data["device_model"], sample=sample, by=user, now=clock.now())
            return redirect("devices:docking-detail", test.number)
    rows = DockingTest.objects.select_related("device_model__supplier", "profile", "certificate")
    rows = narrowed(rows, user, VIEW)
    table = build_table(
        request, rows, COLUMNS, unit=_("tests"), default_sort="-number",
        row_url=lambda row: reverse("devices:docking-detail", args=[row.number]),
        empty=(_("No docking test yet"), _("A model may be installed after its sample passed the ten steps.")),
    )  # fmt: skip
    may_open = user.has_right(EDIT)
    is_bound = _sees_its_own(user)
    context = {
        "form": form if may_open and is_bound else None, "open_form": bool(form.errors),
        "unbound": UNBOUND if may_open and not is_bound else "",
    }  # fmt: skip
    if form.errors:
        return render(request, "devices/docking_list.html", {"table": table, **context}, status=422)
    return render_table(request, "devices/docking_list.html", table, context)


def _sees_its_own(user: Any) -> bool:
    """Whether a test this person opens would be theirs to see: people of firms see their firm's, and need one."""
    return bool(user.whole_codes_for(VIEW)) or any(user.works_for(kind) for kind in user.own_codes_for(VIEW))


@requires(VIEW)
@require_GET
def docking_detail(request: HttpRequest, number: str) -> HttpResponse:
    """The ten steps with evidence; htmx takes the steps alone, `?paper=1` the supplier's document."""
    test = _test(request, number)
    if "paper" in request.GET:
        return _paper(test)
    part = request.headers.get("HX-Request") == "true"
    template = "devices/part_steps.html" if part else "devices/docking_detail.html"
    return render(request, template, _context(request, test))


@requires(EDIT, RELEASE)
@require_POST
def docking_act(request: HttpRequest, number: str) -> HttpResponse:
    """Run steps, answer for the board, close, issue the confirmation, report other firmware."""
    test, post, now = _test(request, number), request.POST, clock.now()
    by: Any = request.user
    deed = post.get("deed", "")
    if deed in ("run", "answer", "close") and not by.has_right(EDIT):
        raise Refused("NOT_YOURS", _("Your roles do not allow this."))
    if deed in ("issue", "firmware") and not by.has_right(RELEASE):
        raise Refused("NOT_YOURS", _("Your roles do not allow this."))
    step = int(post["step"]) if post.get("step", "").isdigit() else 0
    if deed == "run":
        numbers = MACHINE_STEPS if post.get("step") == "machine" else [step]
        unit = int(post["unit"]) if post.get("unit", "").isdigit() else 0
        docking.start_steps(test=test, numbers=numbers, by=by, now=now, unit=unit)
    elif deed == "answer":
        question, yes = post.get("question", ""), post.get("yes") == "1"
        docking.answer_step(test=test, number=step, question=question, yes=yes, by=by, now=now)
    elif deed == "close":
        docking.close_test(test=test, by=by, now=now)
    elif deed == "issue":
        made = certificates.issue_certificate(test=test, by=by, now=now)
        messages.success(request, _("Confirmation %(number)s is issued.") % {"number": made.number})
    elif deed == "firmware":
        certificate = _certificate(request, post.get("certificate", ""))
        certificates.firmware_changed(certificate=certificate, firmware=post.get("firmware", ""), by=by, now=now)
        messages.success(request, _("The confirmation is suspended until the new firmware is tested."))
    else:
        raise Refused("NO_SUCH_DEED", _("There is no such step."))
    return redirect("devices:docking-detail", number)


@requires(VIEW)
@require_GET
def certificate_print(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet for the folder; `?format=pdf` as a file, `?format=json` the content that was hashed."""
    row = _certificate(request, number)
    if request.GET.get("format") == "pdf":
        return _pdf(request, row)
    if request.GET.get("format") == "json":
        answer = JsonResponse(row.document | {"sha256": row.sha256}, json_dumps_params={"ensure_ascii": False})
        answer["Content-Disposition"] = f'attachment; filename="{row.number}.json"'
        return answer
    return render(request, "devices/certificate_print.html", _sheet(request, row))


@public
@require_GET
def certificate_verify(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """What anybody with the paper in hand may know: whether it holds today, for which model and profile."""
    row = certificates.shown_by(number, code)
    today = clock.today()
    holds = row is not None and row.state == DockingCertificate.State.VALID and row.valid_until >= today
    context = {"row": row, "holds": holds, "today": today, "document": row.document if row else {}}
    return render(request, "devices/certificate_verify.html", context, status=200 if row else 404)


def _test(request: HttpRequest, number: str) -> DockingTest:
    rows = DockingTest.objects.select_related("device_model__supplier", "profile", "opened_by", "certificate")
    found = narrowed(rows, request.user, VIEW).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _certificate(request: HttpRequest, number: str) -> DockingCertificate:
    rows = DockingCertificate.objects.select_related("device_model__supplier", "profile", "test", "issued_by")
    found = narrowed(rows, request.user, VIEW).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _context(request: HttpRequest, test: DockingTest) -> dict[str, Any]:
    user: Any = request.user
    open_ = test.state == DockingTest.State.OPEN
    steps = [_shown(test, step, open_ and user.has_right(EDIT)) for step in test.steps]
    certificate = getattr(test, "certificate", None)
    return {
        "test": test,
        "steps": steps,
        "certificate": certificate,
        "is_running": open_ and any(step["state"] == "running" for step in test.steps),
        "done": sum(step["state"] == "passed" for step in test.steps),
        "may_run": open_ and user.has_right(EDIT),
        "may_issue": test.state == DockingTest.State.PASSED and certificate is None and user.has_right(RELEASE)
        and test.opened_by_id != user.pk,
        "may_report": certificate is not None and certificate.state == "valid" and user.has_right(RELEASE),
    }  # fmt: skip


def _shown(test: DockingTest, step: dict[str, Any], may_run: bool) -> dict[str, Any]:
    number, state = step["number"], step["state"]
    words, look = STATE_WORDS[state]
    answers = step.get("answers") or {}
    asked = [(one, QUESTIONS[one], _answer(answers.get(one))) for one in step.get("asks") or ()]
    units = units_wanted(parse_profile(test.profile.document)) if number == 2 else ()
    guided = number not in MACHINE_STEPS
    return {
        "number": number, "title": STEP_WORDS[number], "hint": STEP_HINTS.get(number, ""), "words": words,
        "look": look, "message": record_words(step.get("message") or ""),
        "evidence": _evidence(step.get("evidence") or []),
        "asked": asked, "units": units, "may_run": may_run and state != "running" and (guided or state != "passed"),
        "by": step.get("by", ""), "at": _moment(step.get("at")), "asks_now": state == "asked" and may_run,
    }  # fmt: skip


def _answer(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a person said, with the moment as one."""
    return given and given | {"at": _moment(given["at"])}


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _evidence(entries: list[dict[str, Any]]) -> list[str]:
    """Frames and figures as lines."""
    told = [[f"{key} {value}" for key, value in entry.items() if value not in ("", None)] for entry in entries]
    return [" · ".join(parts) for parts in told]


def _paper(test: DockingTest) -> HttpResponse:
    """The protocol's document as it was handed in; always a download, never shown in the page."""
    with open_file(test.protocol_key) as file:
        answer = HttpResponse(file.read(), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{test.number}.bin"'
    return answer


def _pdf(request: HttpRequest, row: DockingCertificate) -> HttpResponse:
    """The confirmation as a file, in Chinese as the sheet is."""
    from devices.certificate_pdf import certificate_pdf  # its library is loaded by the few who ask for the file

    with override("zh-hans"):
        sheet, suspended = _sheet(request, row), row.state == DockingCertificate.State.SUSPENDED
        standing = f"已暂停：{row.suspended_because}" if suspended else f"有效至 {row.document['valid_until']}"
        steps = [(str(words), _verdict(step["state"]), str(record)) for step, words, record in sheet["steps"]]
        made = certificate_pdf(
            document=row.document, steps=steps, sha256=row.sha256, address=sheet["address"], standing=standing
        )
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{row.number}.pdf"'
    return answer


def _verdict(state: str) -> str:
    return "通过" if state == "passed" else str(STATE_WORDS[state][0])


def _sheet(request: HttpRequest, row: DockingCertificate) -> dict[str, Any]:
    address = request.build_absolute_uri(reverse("devices:certificate-verify", args=[row.number, row.code]))
    steps = [(step, STEP_WORDS[step["number"]], record_words(step["message"])) for step in row.document["steps"]]
    return {"row": row, "document": row.document, "steps": steps, "qr": qr_drawing(address), "address": address}
