"""The inspector's phone without signal: a shell that keeps nothing personal, the day's package, and what comes back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, public, requires
from core import clock
from core.refusals import Refused
from core.templatetags.portal_icons import sprite_address
from programmes.chosen import chosen_area_code
from retrofits.faults import Faulty
from retrofits.found import degrees, read_found, whole
from retrofits.models import Acceptance, Task
from retrofits.queries import items_for, visits_for
from retrofits.services.acceptances import record_acceptance
from retrofits.services.transfers import PIECE_MAX, Piece, receive_piece
from retrofits.views.pages import person_of
from retrofits.visit_package import HOMES_MAX, package
from retrofits.visits import Visit

RIGHT = "acceptances.record"
BODY_MAX = 1_000_000
SIGNATURE_MAX = 400_000
PNG_HEAD = "data:image/png;base64,"
SCRIPT = "worker.js"


@requires(RIGHT)
@require_GET
def phone(request: HttpRequest) -> HttpResponse:
    """The shell: the same for everybody, so that the phone may keep it."""
    return render(request, "retrofits/visit_phone.html")


@public
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the addresses of what the shell is made of. Its scope is the folder it lies in."""
    source = Path(settings.STATIC_BUILD_DIR) / SCRIPT
    if not source.is_file():
        raise Http404
    shell = [reverse("retrofits:phone"), static("portal.css"), static("phone.js"), sprite_address(), static("app.svg")]
    said = json.dumps({"shell": shell[0], "parts": shell})
    response = HttpResponse(
        f"self.portal = {said};\n{source.read_text(encoding='utf-8')}", content_type="text/javascript; charset=utf-8"
    )
    response["Cache-Control"] = "no-cache"
    return response


@public
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """Makes the shell installable on the phone's first screen."""
    start = reverse("retrofits:phone")
    said = {
        "id": start, "name": _("Acceptance at the door"), "short_name": _("Acceptance"), "lang": "zh-CN",
        "start_url": start, "scope": reverse("retrofits:visit-list"), "display": "standalone",
        "background_color": "#f4f1ea", "theme_color": "#ffffff",
        "icons": [{"src": static("app.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }  # fmt: skip
    response = JsonResponse(said, json_dumps_params={"ensure_ascii": False}, content_type="application/manifest+json")
    response["Cache-Control"] = "no-cache"
    return response


@requires(RIGHT)
@require_GET
def phone_hello(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and the token that a later post needs."""
    return JsonResponse(_hello(request))


@requires(RIGHT)
@require_GET
def phone_package(request: HttpRequest) -> HttpResponse:
    """The day's homes (JSON of `visit_package.package`)."""
    waiting = visits_for(request.user).within(chosen_area_code(request)).select_related("installation__supplier")
    tasks = waiting.select_related(
        "area", "technology", "dwelling__household", "programme", "installation__recorded_by",
        "installation__supplier", "installation__heater",
    ).prefetch_related("photos")[:HOMES_MAX]  # fmt: skip
    return JsonResponse({**_hello(request), **package(tasks, request.user, now=clock.now())})


@requires(RIGHT)
@require_POST
def photo_piece(request: HttpRequest, pk: int) -> HttpResponse:
    """A piece of a photo as the raw body; the query says which photo and where it begins. Answers where to go on."""
    task = get_visible_or_404(Task, request.user, RIGHT, pk=pk)
    try:
        transfer = receive_piece(task=task, piece=_piece(request), by=person_of(request))
    except Refused as refusal:
        return _refused(refusal)
    return JsonResponse({"received": transfer.received, "photo": transfer.photo_id})


@requires(RIGHT)
@require_POST
def visit_send(request: HttpRequest, pk: int) -> HttpResponse:
    """A visit made on the phone. The same `request_id` again answers as the first time."""
    task = get_visible_or_404(
        Task.objects.select_related("programme", "technology", "installation__heater"), request.user, RIGHT, pk=pk
    )
    try:
        said = _said(request)
        acceptance = record_acceptance(
            task=task, request_id=_key(said), result=_result(said), visit=_visit(said, task), by=person_of(request),
            found=read_found(_part(said, "found"), now=clock.now()),
        )  # fmt: skip
    except Faulty as refusal:
        faults = [{"field": one.field, "code": one.code, "sentence": one.sentence} for one in refusal.faults]
        return JsonResponse({"code": refusal.code, "sentence": refusal.sentence, "faults": faults}, status=422)
    except Refused as refusal:
        return _refused(refusal, task)
    return JsonResponse({"acceptance": acceptance.pk, "result": acceptance.result})


def _hello(request: HttpRequest) -> dict[str, Any]:
    person = person_of(request)
    return {"owner": person.pk, "person": person.person_name, "csrf": get_token(request)}


def _piece(request: HttpRequest) -> Piece:
    ask = request.GET
    length = whole(request.META.get("CONTENT_LENGTH"))
    if length is None or length > PIECE_MAX:
        raise Refused("PIECE_SIZE", _("This piece of a photo is too large. Load the page again."))
    size, offset = whole(ask.get("size"), 10**9), whole(ask.get("offset"), 10**9)
    if size is None or offset is None:
        raise Refused("PIECE_STRANGE", _("The portal does not understand this piece. Load the page again."))
    longitude, latitude = degrees(ask.get("longitude"), 180), degrees(ask.get("latitude"), 90)
    seen = read_found({"visited_at": ask.get("taken_at", "")}, now=clock.now())
    return Piece(
        key=_uuid(ask.get("key", "")), stage=ask.get("stage", ""), size=size, offset=offset, content=request.body,
        taken_at=seen.visited_at, longitude=longitude if latitude is not None else None,
        latitude=latitude if longitude is not None else None, accuracy_m=whole(ask.get("accuracy_m")),
        from_gallery=ask.get("gallery") == "1",
    )  # fmt: skip


def _said(request: HttpRequest) -> Mapping[str, Any]:
    length = whole(request.META.get("CONTENT_LENGTH"), 10**9)
    if length is None or length > BODY_MAX:
        words = _("This visit is larger than the portal takes. Clear the signature and sign anew.")
        raise Refused("VISIT_TOO_LARGE", words)
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Refused("VISIT_STRANGE", _("The portal does not understand this visit. Load the page again."))
    return said


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = said.get(name)
    return part if isinstance(part, dict) else {}


def _key(said: Mapping[str, Any]) -> UUID:
    return _uuid(str(said.get("request_id", "")))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("REQUEST_KEY", _("The form has lost its number. Load the page again."), conflict=True) from None


def _result(said: Mapping[str, Any]) -> str:
    result = str(said.get("result", ""))
    if result not in Acceptance.Result.values:
        raise Refused("VISIT_STRANGE", _("The portal does not understand this visit. Load the page again."))
    return result


def _visit(said: Mapping[str, Any], task: Task) -> Visit:
    given = _part(said, "answers")
    answers = {item["code"]: str(given.get(item["code"]) or "")[:40] for item in items_for(task)}
    return Visit(
        answers={code: answer for code, answer in answers.items() if answer},
        opinion=_text(said, "opinion", 300), signature_png=_drawing(said.get("signature")),
        signer_name=_text(said, "signer_name", 40), defect=_text(said, "defect", 300), due_on=_day(said.get("due_on")),
    )  # fmt: skip


def _text(said: Mapping[str, Any], name: str, most: int) -> str:
    value = said.get(name)
    return value[:most] if isinstance(value, str) else ""


def _drawing(value: Any) -> bytes:
    """The pad's PNG; text that is none becomes bytes that the service will name as unusable."""
    text = value if isinstance(value, str) else ""
    if not text or len(text) > SIGNATURE_MAX:
        return b"" if not text else b"too long"
    try:
        return base64.b64decode(text.removeprefix(PNG_HEAD), validate=True)
    except (binascii.Error, ValueError):
        return b"not base64"


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        return None


def _refused(refusal: Refused, task: Task | None = None) -> HttpResponse:
    """With who decided meanwhile, so that the phone can show both."""
    said: dict[str, Any] = {"code": refusal.code, "sentence": refusal.sentence}
    if task is not None and refusal.code == "TASK_STATE":
        said["meanwhile"] = _meanwhile(task)
    return JsonResponse(said, status=refusal.status)


def _meanwhile(task: Task) -> dict[str, str] | None:
    last = task.acceptances.select_related("inspector").order_by("-recorded_at").first()
    if last is None:
        return None
    when: datetime = last.recorded_at
    return {
        "person": last.inspector.person_name, "result": last.get_result_display(), "at": when.isoformat(),
        "address": reverse("retrofits:acceptance-detail", args=[last.pk]),
    }  # fmt: skip
