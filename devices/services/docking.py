"""A docking test as a row: opened for a sample board, its steps run by jobs and answered by a person, closed by itself.

Every step is one entry of `DockingTest.steps`: number, state (todo, running, asked, passed, failed), message,
evidence, answers of a person, by whom and when. A step may be run again until the test is closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.files import TooLarge, store_file
from core.refusals import Refused
from devices.conformance import watching
from devices.conformance.findings import MACHINE_STEPS, STEPS, Probe, Step
from devices.conformance.steps import run_step
from devices.hub.client import HubClient, HubUnavailable
from devices.models import DeviceModel, DockingTest, RegisterProfile
from devices.protocol.profile_files import parse_profile
from devices.services.heaters import LINE
from jobs.services import enqueue

PROTOCOL_MAX_BYTES = 20 * 2**20
TODO, RUNNING, ASKED, PASSED, FAILED = "todo", "running", "asked", "passed", "failed"


@dataclass(frozen=True)
class Sample:
    """What the supplier handed in (J-28): the board on its line, firmware, and the protocol's paper."""

    line: str
    unit: int
    board_firmware: str
    dtu_firmware: str
    received_on: dt.date
    protocol_name: str = ""
    protocol: Iterable[bytes] | None = None


@transaction.atomic
def open_test(*, device_model: DeviceModel, sample: Sample, by: User, now: dt.datetime) -> DockingTest:
    """A new test of the model's released profile. Raises Refused: MODEL_NO_PROFILE, NOT_RELEASED, SAMPLE_ADDRESS,
    PROTOCOL_MISSING, PROTOCOL_TOO_LARGE."""
    profile = device_model.profile
    if profile is None:
        raise Refused("MODEL_NO_PROFILE", _("The model %(model)s has no register profile."), model=str(device_model))
    if profile.state != RegisterProfile.State.RELEASED:
        raise Refused("NOT_RELEASED", _("The profile of this model is still a draft; it has to be released first."))
    last = parse_profile(profile.document).limits.last_unit
    if not LINE.fullmatch(sample.line) or not 1 <= sample.unit <= last:
        words = _("The sample needs a line (dtu:<id>, serial:<name>, tcp:<host>:<port>) and a unit from 1 to %(last)d.")
        raise Refused("SAMPLE_ADDRESS", words, last=last)
    stored = _store_protocol(sample)
    return DockingTest.objects.create(
        number=_number(timezone.localdate(now).year), device_model=device_model, profile=profile, line=sample.line,
        unit=sample.unit, board_firmware=sample.board_firmware, dtu_firmware=sample.dtu_firmware,
        sample_received_on=sample.received_on, protocol_name=sample.protocol_name[:120], **stored,
        steps=[{"number": number, "state": TODO} for number in STEPS], opened_by=by, opened_at=now,
    )  # fmt: skip


@transaction.atomic
def start_steps(*, test: DockingTest, numbers: Iterable[int], by: User, now: dt.datetime, unit: int = 0) -> DockingTest:
    """Queue steps: those of a machine one after the other in one job. `unit` is the number now set, for step 2.

    Raises Refused: TEST_CLOSED, STEP_RUNNING (a line is asked by one step at a time), NO_SUCH_STEP.
    """
    test = _locked(test)
    wanted = [number for number in STEPS if number in set(numbers)]
    if not wanted:
        raise Refused("NO_SUCH_STEP", _("There is no such step."))
    if any(step["state"] == RUNNING and step["number"] != 10 for step in test.steps):
        raise Refused("STEP_RUNNING", _("Another step is running; wait until it has ended."), conflict=True)
    for number in wanted:
        entry = _entry(test, number)
        entry.update(state=RUNNING, by=by.person_name, at=now.isoformat(), message="")
    test.save(update_fields=["steps"])
    asked = [number for number in wanted if number != 10]  # the day is kept by the clock, not by a job
    if asked:
        args = {"test_id": test.pk, "numbers": asked, "unit": unit}
        enqueue(kind="devices.run_docking", args=args, by=by)
    return test


def run_one(*, test: DockingTest, number: int, probe: Probe, unit: int = 0) -> Step:
    """Do a step against the board. Nothing is written down here."""
    known = (_entry(test, number).get("evidence") or [{}])[0]
    if number in MACHINE_STEPS:
        return run_step(probe, number)
    if number == 2:
        return watching.at_unit(probe, known, unit) if unit else watching.power_cycles(probe, known)
    return {7: watching.sensor_unplugged, 9: watching.cut_off}[number](probe)


@transaction.atomic
def record_step(*, test: DockingTest, found: Step, now: dt.datetime) -> DockingTest:
    """Keep what a step found. One that a person has to confirm waits for the answer; the tenth ends the test."""
    test = _locked(test)
    entry = _entry(test, found.number)
    state = ASKED if found.passed and found.asks else {True: PASSED, False: FAILED, None: TODO}[found.passed]
    entry.update(
        state=state, message=found.message, evidence=found.evidence, asks=found.asks, answers={}, at=now.isoformat()
    )
    return _close_when_done(test, now)


@transaction.atomic
def stop_steps(*, test: DockingTest, numbers: Iterable[int], why: str) -> None:
    """The job ended without a finding (hub away, cancelled): the steps are to do again."""
    test = _locked(test)
    for number in numbers:
        if _entry(test, number)["state"] == RUNNING:
            _entry(test, number).update(state=TODO, message=why[:200])
    test.save(update_fields=["steps"])


@transaction.atomic
def answer_step(*, test: DockingTest, number: int, question: str, yes: bool, by: User, now: dt.datetime) -> DockingTest:
    """What a person saw at the board. Raises Refused NOT_ASKED."""
    test = _locked(test)
    entry = _entry(test, number) if number in STEPS else {}
    if entry.get("state") != ASKED or question not in entry.get("asks", ()):
        raise Refused("NOT_ASKED", _("Nobody asks for this any more; load the page again."), conflict=True)
    answers = entry.setdefault("answers", {})
    answers[question] = {"yes": yes, "by": by.person_name, "at": now.isoformat()}
    if not yes:
        entry["state"] = FAILED
    elif all(answers.get(one, {}).get("yes") for one in entry["asks"]):
        entry["state"] = PASSED
    return _close_when_done(test, now)


@transaction.atomic
def close_test(*, test: DockingTest, by: User, now: dt.datetime) -> DockingTest:
    """End a test that will not pass; its evidence stays. Raises Refused TEST_CLOSED."""
    test = _locked(test)
    test.state, test.finished_at = DockingTest.State.FAILED, now
    test.save(update_fields=["state", "finished_at"])
    return test


def watch_days(*, hub: HubClient, now: dt.datetime) -> int:
    """Step 10, once a minute: one read of every board in its day; how many boards."""
    watched = [one for one in DockingTest.objects.filter(state=DockingTest.State.OPEN).select_related("profile")
               if _entry(one, 10)["state"] == RUNNING]  # fmt: skip
    for test in watched:
        _watch_one(test, hub, now)
    return len(watched)


def _watch_one(test: DockingTest, hub: HubClient, now: dt.datetime) -> None:
    profile = parse_profile(test.profile.document)
    probe = Probe(hub, test.line, test.unit, profile, lambda _s: None, now.timestamp)
    try:
        answered = probe.read(probe.one_register(), deadline_s=5.0).ok
    except HubUnavailable:
        return  # the portal's own fault is no fault of the board: this minute is not counted
    with transaction.atomic():
        kept = _locked(test)
        entry = _entry(kept, 10)
        figures = watching.day_figures((entry.get("evidence") or [{}])[0], answered, now.timestamp())
        verdict = watching.day_over(figures)
        entry.update(evidence=[figures], message=f"{figures['answered']} / {figures['asked']}")
        kept.save(update_fields=["steps"])
        if verdict:
            record_step(test=kept, found=verdict, now=now)


def _close_when_done(test: DockingTest, now: dt.datetime) -> DockingTest:
    if all(step["state"] == PASSED for step in test.steps):
        test.state, test.finished_at = DockingTest.State.PASSED, now
    test.save(update_fields=["steps", "state", "finished_at"])
    return test


def _locked(test: DockingTest) -> DockingTest:
    row = DockingTest.objects.select_for_update().get(pk=test.pk)
    if row.state != DockingTest.State.OPEN:
        raise Refused("TEST_CLOSED", _("This test is closed; nothing is added to it."), conflict=True)
    return row


def _entry(test: DockingTest, number: int) -> dict[str, Any]:
    found: dict[str, Any] = test.steps[number - 1]
    return found


def _store_protocol(sample: Sample) -> dict[str, str]:
    """The protocol's paper, encrypted at rest."""
    if sample.protocol is None or not sample.protocol_name:
        raise Refused(
            "PROTOCOL_MISSING", _("Annex 2 asks for the protocol's document beside the sample: add the file.")
        )
    try:
        stored = store_file(sample.protocol, max_bytes=PROTOCOL_MAX_BYTES)
    except TooLarge as error:
        raise Refused("PROTOCOL_TOO_LARGE", _("The document is larger than 20 MB.")) from error
    return {"protocol_key": stored.key, "protocol_sha256": stored.sha256}


def _number(year: int) -> str:
    begin = f"DT-{year}-"
    last = DockingTest.objects.filter(number__startswith=begin).order_by("-number").first()
    return f"{begin}{int(last.number[len(begin) :]) + 1 if last else 1:04d}"
