"""Register profiles on screen: the list, one version with a try-out, the editor, release and withdrawal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from core import clock
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from core.together import read_together
from devices.forms import ProfileForm, TrialForm, bounds_of
from devices.hub.client import HubRefused, HubUnavailable
from devices.hub_access import hub_client
from devices.models import Heater, RegisterProfile
from devices.protocol.planner import merge_results, plan
from devices.protocol.points import MODES, POINTS, Quality
from devices.protocol.profile_files import parse_profile
from devices.protocol.profiles import Profile
from devices.protocol.trial import Trial, TriedPoint, tried, try_text
from devices.services import register_profiles
from devices.services.register_profiles import ProfileRefused
from devices.words import mode_words, point_words

EDIT, RELEASE = "devices.edit", "profiles.release"
COLUMNS = (
    Column("name", gettext_lazy("Register profile"), kind="id", order_by="name", link=True),
    Column("version", gettext_lazy("Version"), kind="number", order_by="version"),
    Column("state", gettext_lazy("State"), template="devices/cell_state.html", order_by="state"),
    Column("heaters", gettext_lazy("Number of heaters"), kind="number", order_by="heaters"),
    Column("confirmed", gettext_lazy("Valid confirmations"), kind="number"),
    Column("note", gettext_lazy("What changed"), kind="soft"),
    Column("sha256", "SHA-256", kind="mono", priority=3, value=lambda row: row.sha256[:12]),
)
FLAG_WORDS = {
    Quality.SENSOR_BROKEN: gettext_lazy("sensor broken"),
    Quality.OUT_OF_RANGE: gettext_lazy("out of range"),
    Quality.PARTIAL: gettext_lazy("not read"),
    Quality.UNKNOWN_CODE: gettext_lazy("unknown code"),
}


@requires("devices.view")
@require_GET
def profile_list(request: HttpRequest) -> HttpResponse:
    valid = Count("certificates", filter=Q(certificates__state="valid"), distinct=True)
    present = Count("heater", filter=Q(heater__removed_on__isnull=True), distinct=True)
    rows = RegisterProfile.objects.annotate(heaters=present, confirmed=valid)
    table = build_table(
        request, rows, COLUMNS, unit=_("profiles"), default_sort="name",
        row_url=lambda row: reverse("devices:profile-detail", args=[row.pk]),
        empty=(_("No register profile yet"), _("A profile says which register of a model holds what.")),
    )  # fmt: skip
    context = {"may_edit": request.user.has_right(EDIT)}  # type: ignore[union-attr]
    return render_table(request, "devices/profile_list.html", table, context)


@requires("devices.view")
@require_GET
def profile_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, _profile(pk))


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def profile_new(request: HttpRequest) -> HttpResponse:
    """The editor: `check` says what is wrong or what the text means, `save` keeps it as a draft."""
    form = ProfileForm(request.POST or None, initial=_start(request))
    context: dict[str, Any] = {"form": form, "problems": [], "checked": None}
    if request.method == "POST" and form.is_valid():
        document = form.cleaned_data["document"].replace("\r\n", "\n")
        try:
            context["checked"] = register_profiles.read_profile(document)
            if request.POST.get("deed") == "save":
                row = register_profiles.draft_profile(
                    document=document, note=form.cleaned_data["note"], by=request.user  # type: ignore[arg-type]
                )  # fmt: skip
                messages.success(request, _("The draft is kept; a second person can release it."))
                return redirect("devices:profile-detail", row.pk)
        except ProfileRefused as refusal:
            context["problems"] = refusal.problems
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
    status = 422 if context["problems"] or form.errors else 200
    if context["checked"]:
        context |= _meaning(context["checked"])
    return render(request, "devices/profile_form.html", context, status=status)


@requires("devices.view")
@require_POST
def profile_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Try it, release it, withdraw it, move the heaters to it."""
    row, deed, now = _profile(pk), request.POST.get("deed", ""), clock.now()
    if deed == "try":
        form = TrialForm(request.POST)
        trial = _try(request, row, form) if form.is_valid() else None
        return _detail(request, row, form=form, trial=trial, status=422 if form.errors else 200)
    needed = EDIT if deed == "withdraw" else RELEASE
    if not request.user.has_right(needed):  # type: ignore[union-attr]
        raise Refused("NOT_YOURS", _("Your roles do not allow this."))
    by: Any = request.user
    if deed == "release":
        register_profiles.release_profile(profile=row, by=by, now=now)
        messages.success(request, _("The version is released and never changes from now on."))
    elif deed == "withdraw":
        register_profiles.withdraw_profile(profile=row, reason=request.POST.get("reason", ""), by=by, now=now)
        messages.success(request, _("The version is withdrawn."))
    elif deed == "move":
        moved = register_profiles.move_heaters(profile=row, by=by)
        messages.success(request, _("%(n)d heaters are read by this version from now on.") % {"n": moved})
    else:
        raise Refused("NO_SUCH_DEED", _("There is no such step."))
    return redirect("devices:profile-detail", pk)


def _profile(pk: int) -> RegisterProfile:
    row = RegisterProfile.objects.select_related("drafted_by", "released_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _detail(
    request: HttpRequest, row: RegisterProfile, *, form: TrialForm | None = None, trial: Trial | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    profile = parse_profile(row.document, str(row))
    user: Any = request.user
    versions = RegisterProfile.objects.filter(name=row.name).order_by("-version")
    found = row.found_holes.order_by("table", "first")  # type: ignore[attr-defined]  # a later app's: what polls met
    read_together(versions, found)
    context = {
        "row": row,
        "holes": [_hole(profile, one) for one in found],
        "form": form or TrialForm(),
        "trial": trial,
        "tried": [_shown(profile, one) for one in trial.points] if trial else [],
        "versions": versions,
        "earlier": Heater.objects.filter(
            profile__name=row.name, profile__version__lt=row.version, removed_on__isnull=True
        ).count(),
        "may_edit": user.has_right(EDIT),
        "may_release": user.has_right(RELEASE) and row.drafted_by_id != user.pk,
    } | _meaning(profile)
    return render(request, "devices/profile_detail.html", context, status=status)


def _hole(profile: Profile, found: Any) -> str:
    """Registers boards refuse to be read across, in the profile's own counting; a mere border between two as a|b."""
    first, last = (_place(profile, found.table, addr) for addr in (found.first, max(found.last, found.first)))
    if found.last < found.first:
        return f"{_place(profile, found.table, found.first - 1)}|{first}"
    return first if found.first == found.last else f"{first}–{last}"


def _meaning(profile: Profile) -> dict[str, Any]:
    """What a profile says, as rows."""
    points = [
        {
            "words": point_words(name), "name": name, "place": _place(profile, point.table, point.addr),
            "shape": f"{point.length} × 16 bit {point.words}" if point.length > 1 else "",
            "scale": f"{float(point.scale):g} {POINTS[name][1]}" if point.shape == "measure" else "",
            "range": f"{float(point.range[0]):g} – {float(point.range[1]):g}" if point.range else "",
            "bad": ", ".join(map(str, sorted(point.bad))), "every": point.every,
            "codes": _codes(point.map) or [f"{bit}: {text.code} {_meant(text)}" for bit, text in point.bits.items()],
        }
        for name, point in sorted(profile.points.items(), key=lambda item: list(POINTS).index(item[0]))
    ]  # fmt: skip
    writes = [
        {"words": point_words(name), "place": _place(profile, "h", write.target.addr), "code": write.code,
         "bounds": bounds_of(write), "settle": write.settle_ms}
        for name, write in profile.writes.items()
    ]  # fmt: skip
    blocks = [f"{_place(profile, b.table, b.addr)} × {b.count}" for b in plan(profile)]
    return {"profile": profile, "points": points, "writes": writes, "blocks": blocks, "missing": profile.missing}


def _meant(text: Any) -> str:
    return str(text.meaning(get_language() or ""))


def _codes(codes: dict[int, str]) -> list[str]:
    return [f"{raw}: {mode_words(mode)}" for raw, mode in codes.items()]


def _place(profile: Profile, table: str, addr: int) -> str:
    return f"{table}{addr + profile.limits.base}"


def _shown(profile: Profile, one: TriedPoint) -> dict[str, Any]:
    """A tried point as a row: meaning, registers, number, value in words, what is wrong with it."""
    shape, unit = POINTS[one.name]
    value = "—"
    if one.value is not None and shape == "measure":
        value = f"{one.value / 10:.1f} {unit}"
    elif one.value is not None and shape == "code":
        value = mode_words(MODES[one.value])
    elif one.value is not None and shape == "flag":
        value = _("on") if one.value else _("off")
    elif one.value is not None:
        texts = profile.fault_texts(one.value, get_language() or "")
        value = "、".join(f"{code} {text}".strip() for code, text in texts) or _("no fault")
    return {"one": one, "words": point_words(one.name), "value": value, "flag": FLAG_WORDS.get(one.flag, "")}


def _try(request: HttpRequest, row: RegisterProfile, form: TrialForm) -> Trial | None:
    """Over pasted registers, or over what a heater of the person's area says now. None when it could not be asked."""
    profile = parse_profile(row.document, str(row))
    if form.cleaned_data["registers"].strip():
        return try_text(profile, form.cleaned_data["registers"])
    number = form.cleaned_data["heater"].strip().upper()
    heater = Heater.objects.visible_to(request.user).select_related("bus").filter(platform_no=number).first()
    if heater is None:
        form.add_error("heater", _("There is no heater %(number)s in your places.") % {"number": number})
        return None
    try:
        with hub_client(timeout_s=3.0) as hub:
            width = profile.limits.unit_bytes
            read = [(b, hub.read(heater.bus.line, heater.unit, b, 5.0, unit_bytes=width)) for b in plan(profile)]
    except (HubUnavailable, HubRefused) as error:
        form.add_error("heater", str(error))
        return None
    problems = [f"{b.table}{b.addr} × {b.count}: {one.status} {one.code or ''}" for b, one in read if not one.ok]
    return Trial(tried(profile, merge_results((b, one.registers) for b, one in read if one.ok)), problems)


def _start(request: HttpRequest) -> dict[str, str]:
    """The text a new version begins with: the one named, its number raised, the measured turnaround in it."""
    key = request.GET.get("from", "")
    row = RegisterProfile.objects.filter(pk=key).first() if key.isdigit() else None
    if row is None:
        return {}
    return {"document": register_profiles.next_text(row)}
