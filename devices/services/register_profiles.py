"""Register profiles as rows: drafted on screen, tried, released by a second person; a released version never changes.

A new release suspends the docking confirmations of the versions before it: what was tested is no longer what is read.
"""

from __future__ import annotations

import datetime as dt
import re

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from devices.models import DeviceModel, DockingTest, Heater, RegisterProfile
from devices.protocol.profile_files import parse_profile
from devices.protocol.profiles import Profile, ProfileError
from devices.services.certificates import suspend_certificates

State = RegisterProfile.State


class ProfileRefused(Refused):
    """A text that is no profile; `problems` are all that is wrong with it, each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("PROFILE_PROBLEMS", _("The text is not a profile yet: %(n)d problems."), n=len(problems))
        self.problems = problems


def read_profile(document: str) -> Profile:
    """The checked profile of a text. Raises `ProfileRefused` with every problem."""
    try:
        return parse_profile(document, "profile")
    except ProfileError as error:
        raise ProfileRefused(error.problems) from error


@transaction.atomic
def draft_profile(*, document: str, note: str, by: User) -> RegisterProfile:
    """Keep a text as the draft of its name and version; the draft of that version is replaced.

    Raises `ProfileRefused`, or Refused VERSION_TAKEN when that version or a later one is released.
    """
    profile = read_profile(document)
    rows = RegisterProfile.objects.select_for_update().filter(name=profile.name)
    newest = rows.exclude(state=State.DRAFT).order_by("-version").first()
    if newest and newest.version >= profile.version:
        words = _("Version %(newest)d of %(name)s is released and never changes; write version: %(next)d.")
        raise Refused(
            "VERSION_TAKEN", words, conflict=True, newest=newest.version, name=newest.name, next=newest.version + 1
        )
    values = {"document": document, "sha256": profile.digest, "note": note.strip()[:200], "drafted_by": by}
    row, _made = RegisterProfile.objects.update_or_create(name=profile.name, version=profile.version, defaults=values)
    return row


@transaction.atomic
def release_profile(*, profile: RegisterProfile, by: User, now: dt.datetime) -> RegisterProfile:
    """A second person releases a draft that has every point and write of annex 2.

    Models of that profile get the new version for what is installed from now on; heaters in homes keep theirs until
    they are moved. Raises Refused: NOT_A_DRAFT, SAME_PERSON, PROFILE_INCOMPLETE.
    """
    row = RegisterProfile.objects.select_for_update().get(pk=profile.pk)
    if row.state != State.DRAFT:
        raise Refused("NOT_A_DRAFT", _("Only a draft can be released."), conflict=True)
    if row.drafted_by_id == by.pk:
        raise Refused("SAME_PERSON", _("Who wrote the draft can't release it; a second person has to look at it."))
    missing = read_profile(row.document).missing
    if missing:
        words = _("Annex 2 asks for more than this profile has: %(missing)s.")
        raise Refused("PROFILE_INCOMPLETE", words, missing=", ".join(missing))
    row.state, row.released_by, row.released_at = State.RELEASED, by, now
    row.save(update_fields=["state", "released_by", "released_at"])
    because = _("version %(version)d of the register profile was released") % {"version": row.version}
    suspend_certificates(profile_name=row.name, but_version=row.version, because=because, now=now)
    DeviceModel.objects.filter(profile__name=row.name).update(profile=row)
    return row


@transaction.atomic
def withdraw_profile(*, profile: RegisterProfile, reason: str, by: User, now: dt.datetime) -> RegisterProfile:
    """No heater gets this version any more; its confirmations are suspended. Raises Refused REASON_NEEDED."""
    row = RegisterProfile.objects.select_for_update().get(pk=profile.pk)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say why the profile is withdrawn."))
    row.state, row.note = State.WITHDRAWN, reason.strip()[:200]
    row.save(update_fields=["state", "note"])
    suspend_certificates(profile_name=row.name, only_version=row.version, because=row.note, now=now)
    return row


@transaction.atomic
def move_heaters(*, profile: RegisterProfile, by: User) -> int:
    """Read the heaters that stand on earlier versions by this one from now on; how many.

    Raises Refused NOT_RELEASED: a draft never reads a heater that counts.
    """
    if profile.state != State.RELEASED:
        raise Refused("NOT_RELEASED", _("Only a released version reads heaters."), conflict=True)
    earlier = Heater.objects.filter(profile__name=profile.name, removed_on__isnull=True)
    return earlier.filter(profile__version__lt=profile.version).update(profile=profile)


def next_version(name: str) -> int:
    """The number a new draft of that profile takes."""
    return int(RegisterProfile.objects.filter(name=name).aggregate(top=Max("version"))["top"] or 0) + 1


def next_text(row: RegisterProfile) -> str:
    """The text a new version begins with: the number raised, and the turnaround a docking test has measured."""
    following = row.version if row.state == State.DRAFT else next_version(row.name)
    text = re.sub(r"^version: *\d+ *$", f"version: {following}", row.document, count=1, flags=re.MULTILINE)
    measured = measured_turnaround_ms(row.name)
    if measured is not None:
        text = re.sub(r"\bturnaround_ms: *\d+", f"turnaround_ms: {measured}", text, count=1)
    return text


def measured_turnaround_ms(name: str) -> int | None:
    """How long the boards of that profile think, by step 3 of the newest docking test; None where none has passed it.

    By it the planner decides across which gaps one long block is quicker than two short ones.
    """
    steps = DockingTest.objects.filter(profile__name=name).order_by("-opened_at", "-pk").values_list("steps", flat=True)
    for third in (one[2] for one in steps[:20]):
        figures = (third.get("evidence") or [{}])[0]
        if third["state"] == "passed" and figures.get("turnaround_p95_ms") is not None:
            return min(5000, round(figures["turnaround_p95_ms"]))
    return None
