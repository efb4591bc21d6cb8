"""数据对接确认书: ten steps against a simulated sample board, a person's yes, the certificate, and what suspends it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils.translation import override

from core.refusals import Refused
from devices.conformance import watching
from devices.conformance.findings import MACHINE_STEPS, Probe, Step
from devices.conformance.steps import machine_steps, run_step
from devices.hub.client import HubUnavailable
from devices.models import DeviceModel, DockingTest, RegisterProfile
from devices.protocol.profile_files import bundled_names, bundled_profile, parse_profile
from devices.services import certificates, docking, register_profiles
from devices.services.docking import Sample
from devices.views.step_words import record_words
from jobs.models import Job
from tests import people
from tests.devices import boards
from tests.devices.boards import LINE, BoardHub

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
SAMPLE = Sample(LINE, 1, "B-1.4", "D-2.0", dt.date(2026, 11, 20), "协议 v1.pdf", [b"%PDF-1.4 a protocol"])
OPEN = "devices.services.docking:open_test"
ISSUE = "devices.services.certificates:issue_certificate"


class Watch:
    """A clock that only `wait` moves; at given seconds something happens to the board."""

    def __init__(self, events: dict[float, Callable[[], None]] | None = None) -> None:
        self.now, self.events = 0.0, dict(events or {})

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for at in sorted(at for at in self.events if at <= self.now):
            self.events.pop(at)()


def bench(name: str = "linshi-ashp-08", watch: Watch | None = None, **changes: Any) -> tuple[Probe, BoardHub]:
    hub, watch = BoardHub({(LINE, 1): boards.slave(name)}), watch or Watch()
    profile = replace(bundled_profile(name), **changes)
    return Probe(hub, LINE, 1, profile, watch.wait, watch, reads=20), hub  # type: ignore[arg-type]


@pytest.mark.clause(
    "J-24",
    "附件2-1 标准通讯485接口，modbus，具备远程监控",
    serves="devices.conformance.steps:run_step",
    page="devices:docking-detail",
    model="devices.DockingTest",
)
@pytest.mark.parametrize("name", bundled_names())
def test_a_good_board_of_every_shape_passes_what_a_machine_can_judge(name: str) -> None:
    probe, hub = bench(name)
    before = probe.values()[0].values
    found = machine_steps(probe)
    assert [(step.number, step.passed) for step in found] == [(n, True) for n in MACHINE_STEPS], found
    assert [step.asks for step in found if step.asks] == [["effect_seen"], ["bad_crc_ignored", "display_unmoved"]]
    after = probe.values()[0].values
    assert all(after[point] == before[point] for point in ("set_room_t", "running", "mode")), "put back as it was"
    assert {write.addr for write in hub.writes} >= {w.target.addr for w in probe.profile.writes.values()}


def test_what_a_step_found_is_said_in_the_readers_language() -> None:
    probe, _hub = bench()
    with override("zh-hans"):
        told = [record_words(step.message) for step in machine_steps(probe)]
        assert record_words("reset refused 6") == "reset refused 6", "a board's own words stay"
        assert record_words("longest block of 14: ok; past the end: refused 2") == (
            "最长数据块 14 个寄存器：正常应答；越界地址：控制板拒绝 (2)"
        )
    assert not any(re.search("[a-z]{5}", words) for words in told), told
    with override("en"):
        assert record_words("20 of 20 reads answered, p95 12.0 ms") == "20 of 20 reads answered, p95 12.0 ms"


def test_a_profile_that_lacks_a_point_of_annex_2_fails_the_first_step() -> None:
    points = bundled_profile("linshi-ashp-08").points
    probe, _hub = bench(points={name: point for name, point in points.items() if name != "return_t"})
    assert (run_step(probe, 1).passed, run_step(probe, 1).message) == (False, "lacks return_t")


def test_a_silent_board_ends_after_the_reads() -> None:
    probe, _hub = bench()
    probe.unit = 9
    found = machine_steps(probe)
    assert [(step.number, step.passed) for step in found] == [(1, True), (3, False)]
    assert found[1].message == "none of 10 reads answered: timeout"


def flaky(hub: BoardHub, every: int) -> None:
    asked = iter(range(1, 10_000))
    hub.before = lambda request: boards.result("timeout", sent="01") if next(asked) % every == 0 else None


@pytest.mark.parametrize(("every", "passed"), [(7, False), (10_000, True)])
def test_reads_are_counted(every: int, passed: bool) -> None:
    probe, hub = bench()
    flaky(hub, every)
    found = run_step(probe, 3)
    assert found.passed is passed and found.evidence[0]["p95_ms"] == 12.0, "boards.result says so"
    assert found.evidence[0]["turnaround_p95_ms"] == 0.0, "more bytes than 12 ms at 9600 baud"


END = max(point.end for point in bundled_profile("linshi-ashp-08").points.values())


def silent_past_the_end(hub: BoardHub) -> None:
    hub.before = lambda request: boards.result("timeout", sent="01") if request.addr >= END else None


def says_more_than_its_paper(hub: BoardHub, up_to: int = 70_000) -> None:
    more = boards.result("ok", registers=(7,), sent="03", answer="07")
    hub.before = lambda request: more if END <= request.addr < up_to else None


def not_applied(hub: BoardHub) -> None:
    house = hub.slaves[LINE, 1].house
    hub.after = lambda request: setattr(house, "mode", "heat")


def takes_anything(hub: BoardHub) -> None:
    slave = hub.slaves[LINE, 1]
    slave._set_temperature = lambda write, raw: not setattr(slave.house, "set_room_c", float(raw * write.target.scale))


def answers_for_others(hub: BoardHub) -> None:
    slave = hub.slaves[LINE, 1]
    hub.before = lambda request: boards.result("ok", registers=(1,), sent="02") if request.unit != slave.unit else None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (4, silent_past_the_end), (4, says_more_than_its_paper), (5, not_applied), (6, takes_anything),
        (8, answers_for_others),
    ],
)  # fmt: skip
def test_a_board_that_does_one_thing_wrong_fails_that_step(number: int, fault: Callable[[BoardHub], None]) -> None:
    probe, hub = bench()
    fault(hub)
    found = run_step(probe, number)
    assert found.passed is False and found.evidence, found


def test_one_register_past_the_end_is_asked_for_and_one_far_beyond_where_the_board_has_more() -> None:
    probe, hub = bench()
    assert run_step(probe, 4).message.endswith("past the end: refused 2")
    says_more_than_its_paper(hub, END + 1)
    found = run_step(probe, 4)
    assert found.passed and found.message.endswith("past the end: ok, +1000: refused 2")


def test_a_write_whose_point_can_not_be_read_is_not_counted_as_read_back() -> None:
    points = bundled_profile("linshi-ashp-08").points
    low, _high = points["set_room_t"].range or (0, 0)
    probe, _hub = bench(points=points | {"set_room_t": replace(points["set_room_t"], range=(low, low))})
    found = run_step(probe, 5)
    assert (found.passed, found.message) == (False, "set_room_t: not read before")


def test_a_value_out_of_range_that_was_taken_is_put_back() -> None:
    probe, hub = bench()
    takes_anything(hub)
    before = hub.slaves[LINE, 1].house.set_room_c
    assert run_step(probe, 6).message == "the board took it" and hub.slaves[LINE, 1].house.set_room_c == before


def cut(hub: BoardHub, on: bool) -> Callable[[], None]:
    silence = boards.result("timeout", sent="01")
    return lambda: setattr(hub, "before", (lambda request: None) if on else (lambda request: silence))


@pytest.mark.parametrize(("back_s", "passed"), [(40.0, True), (290.0, False)])
def test_data_are_back_after_power_and_network_were_cut(back_s: float, passed: bool) -> None:
    watch = Watch()
    probe, hub = bench(watch=watch)
    watch.events = {5.0: cut(hub, on=False), 5.0 + back_s: cut(hub, on=True)}
    watch.events |= {20.0 + back_s: cut(hub, on=False), 30.0 + back_s: cut(hub, on=True)}
    found = watching.cut_off(probe)
    assert found.passed is passed, found
    assert found.evidence[0]["outages_s"][0] == pytest.approx(back_s, abs=1)


def test_identity_takes_three_power_cycles_and_every_unit_number() -> None:
    watch = Watch()
    probe, hub = bench(watch=watch)
    watch.events = {at: cut(hub, on=at % 20 == 0) for at in (10.0, 20.0, 30.0, 40.0, 50.0, 60.0)}
    found = watching.power_cycles(probe, {})
    assert found.passed is None and found.evidence[0]["cycles"] == 3
    for unit in (1, 2, 247):
        slave = boards.slave("linshi-ashp-08", unit)
        hub.slaves = {(LINE, unit): slave}
        found = watching.at_unit(probe, found.evidence[0], unit)
    assert found.passed is True and "1, 2, 247" in found.message


def test_an_unplugged_sensor_is_shown_and_reset_clears_it() -> None:
    watch = Watch()
    probe, hub = bench(watch=watch)
    slave = hub.slaves[LINE, 1]

    def unplug() -> None:
        slave.broken, slave.house.fault = frozenset({"supply_t"}), 4

    watch.events = {3.0: unplug, 9.0: lambda: setattr(slave, "broken", frozenset())}
    found = watching.sensor_unplugged(probe)
    assert found.passed is True and found.evidence[-1] == {"fault": 0}
    probe, _hub = bench(watch=Watch())
    assert watching.sensor_unplugged(probe).passed is False, "nobody pulled a sensor"


def test_a_day_of_reads_is_counted_by_minutes() -> None:
    figures: dict[str, Any] = {}
    for minute in range(watching.DAY_READS):
        assert not figures or watching.day_over(figures) is None
        figures = watching.day_figures(figures, minute % 120 != 0, minute * 60.0)
    found = watching.day_over(figures)
    assert found and found.passed and figures["asked"] == 1440 and figures["gap_s"] == 120
    silent = watching.day_figures(figures, False, 1500 * 60.0)
    verdict = watching.day_over(silent)
    assert verdict and verdict.passed, "the portal did not ask for an hour: that says nothing about the board"
    for minute in range(1501, 1505):
        silent = watching.day_figures(silent, False, minute * 60.0)
    verdict = watching.day_over(silent)
    assert verdict and verdict.passed is False and silent["gap_s"] == 360, "six minutes of silence"


# --- the test as a row ---


def opened(by: Any, name: str = "linshi-ashp-08") -> DockingTest:
    return docking.open_test(device_model=boards.device_model(name), sample=SAMPLE, by=by, now=NOW)


def run_all(test: DockingTest, by: Any) -> DockingTest:
    """The machine's steps against a board, the guided ones as if they had been watched."""
    probe, _hub = bench()
    docking.start_steps(test=test, numbers=MACHINE_STEPS, by=by, now=NOW)
    for number in MACHINE_STEPS:
        test = docking.record_step(test=test, found=docking.run_one(test=test, number=number, probe=probe), now=NOW)
    for number in (2, 7, 9, 10):
        test = docking.record_step(test=test, found=Step(number, "", True, "seen", [{}]), now=NOW)
    for number, question in ((5, "effect_seen"), (8, "bad_crc_ignored"), (8, "display_unmoved")):
        assert test.state == "open", "a person has to confirm first"
        test = docking.answer_step(test=test, number=number, question=question, yes=True, by=by, now=NOW)
    return test


@pytest.mark.django_db
@pytest.mark.clause(
    "J-28",
    "附件2-4 控制板与无线传输设备样品及485通讯协议",
    serves=OPEN,
    page="devices:docking-list",
    model="devices.DockingTest",
)
@pytest.mark.clause(
    "J-21",
    "标准通讯接口与通讯协议，配备无线数据传输装置",
    serves=OPEN,
    page="devices:docking-list",
    model="devices.DockingTest",
)
def test_a_test_begins_with_the_sample_and_the_protocols_document() -> None:
    supplier = people.user("supplier", "370999")
    test = opened(supplier)
    assert test.protocol_sha256 and test.protocol_key and test.sample_received_on == SAMPLE.received_on
    for change, code in (({"protocol": None}, "PROTOCOL_MISSING"), ({"unit": 248}, "SAMPLE_ADDRESS"),
                         ({"line": "x"}, "SAMPLE_ADDRESS")):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            sample = replace(SAMPLE, **change)
            docking.open_test(device_model=test.device_model, sample=sample, by=supplier, now=NOW)
        assert refusal.value.code == code


@pytest.mark.django_db
@pytest.mark.clause(
    "J-29",
    "附件2-4 投标（安装）前需具备…数据对接确认书",
    serves=ISSUE,
    page="devices:certificate-print",
    model="devices.DockingCertificate",
)
def test_ten_steps_passed_and_confirmed_by_somebody_else_are_a_certificate() -> None:
    supplier, platform = people.user("supplier", "370999"), people.user("ops", "370999")
    test = opened(supplier)
    DeviceModel.objects.update(docking_confirmed_on=None)
    with pytest.raises(Refused, match="NOT_PASSED"):
        certificates.issue_certificate(test=test, by=platform, now=NOW)
    test = run_all(test, supplier)
    assert (test.state, test.finished_at) == ("passed", NOW)
    with pytest.raises(Refused, match="SAME_PERSON"):
        certificates.issue_certificate(test=test, by=supplier, now=NOW)
    made = certificates.issue_certificate(test=test, by=platform, now=NOW)
    assert made.number == "DJ-2026-0001" and made.valid_until > made.issued_on
    assert made.document["profile"]["sha256"] == bundled_profile("linshi-ashp-08").digest
    assert [step["state"] for step in made.document["steps"]] == ["passed"] * 10
    assert made.sha256 == certificates.digest_of(made.document)
    model = DeviceModel.objects.get(pk=test.device_model_id)
    assert model.docking_confirmed_on == made.issued_on
    assert certificates.confirmation_of(model, made.issued_on) == made
    standing = [certificates.standing_of(model, made.valid_until + dt.timedelta(days=n)) for n in (0, 1)]
    assert [(one.state, one.holds) for one in standing] == [("valid", True), ("expired", False)]
    assert certificates.confirmation_of(model, made.valid_until + dt.timedelta(days=1)) is None
    assert certificates.shown_by(made.number, made.code) == made and certificates.shown_by(made.number, "x") is None
    with pytest.raises(Refused, match="HAS_CERTIFICATE"):
        certificates.issue_certificate(test=test, by=platform, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["profile", "firmware"])
def test_a_new_profile_or_firmware_suspends_it(what: str) -> None:
    supplier, platform = people.user("supplier", "370999"), people.user("ops", "370999")
    made = certificates.issue_certificate(test=run_all(opened(supplier), supplier), by=platform, now=NOW)
    if what == "profile":
        text = made.profile.document.replace("version: 2", "version: 3").replace("range: [5, 30]", "range: [5, 28]")
        draft = register_profiles.draft_profile(document=text, note="", by=supplier)
        register_profiles.release_profile(profile=draft, by=platform, now=NOW)
    else:
        with pytest.raises(Refused, match="SAME_FIRMWARE"):
            certificates.firmware_changed(certificate=made, firmware="B-1.4", by=platform, now=NOW)
        certificates.firmware_changed(certificate=made, firmware="B-1.5", by=platform, now=NOW)
    made.refresh_from_db()
    model = DeviceModel.objects.get(pk=made.device_model_id)
    assert (made.state, model.docking_confirmed_on) == ("suspended", None) and made.suspended_because
    assert certificates.confirmation_of(model, made.issued_on) is None
    assert certificates.standing_of(model, made.issued_on) == certificates.Standing("suspended", made)


@pytest.mark.django_db
def test_one_step_at_a_time_and_no_at_the_board_fails_it() -> None:
    supplier = people.user("supplier", "370999")
    test = docking.start_steps(test=opened(supplier), numbers=[5], by=supplier, now=NOW)
    assert Job.objects.get(kind="devices.run_docking").args == {"test_id": test.pk, "numbers": [5], "unit": 0}
    with pytest.raises(Refused, match="STEP_RUNNING"):
        docking.start_steps(test=test, numbers=[4], by=supplier, now=NOW)
    with pytest.raises(Refused, match="NOT_ASKED"):
        docking.answer_step(test=test, number=5, question="effect_seen", yes=True, by=supplier, now=NOW)
    docking.stop_steps(test=test, numbers=[5], why="hub away")
    test.refresh_from_db()
    assert test.steps[4]["state"] == "todo" and test.steps[4]["message"] == "hub away"
    test = docking.record_step(test=test, found=run_step(bench()[0], 5), now=NOW)
    test = docking.answer_step(test=test, number=5, question="effect_seen", yes=False, by=supplier, now=NOW)
    assert test.steps[4]["state"] == "failed"
    closed = docking.close_test(test=test, by=supplier, now=NOW)
    with pytest.raises(Refused, match="TEST_CLOSED"):
        docking.start_steps(test=closed, numbers=[1], by=supplier, now=NOW)


@pytest.mark.django_db
def test_the_day_is_kept_by_the_clock_and_a_hub_away_counts_nothing() -> None:
    supplier = people.user("supplier", "370999")
    test = docking.start_steps(test=opened(supplier), numbers=[10], by=supplier, now=NOW)
    assert not Job.objects.filter(kind="devices.run_docking").exists()
    _probe, hub = bench()

    def away(request: Any) -> None:
        raise HubUnavailable("gone")

    for minute in (0, 1, 2, 10, 20, 21):
        hub.before = away if minute in (2, 10) else lambda request: None
        assert docking.watch_days(hub=hub, now=NOW + dt.timedelta(minutes=minute)) == 1  # type: ignore[arg-type]
    test.refresh_from_db()
    figures = test.steps[9]["evidence"][0]
    assert (figures["asked"], figures["answered"], figures["gap_s"]) == (4, 4, watching.LOOK_AFTER_S)


# --- profiles as rows ---


@pytest.mark.django_db
def test_a_profile_is_released_by_a_second_person_and_then_never_changes() -> None:
    supplier, platform = people.user("supplier", "370999"), people.user("ops", "370999")
    model = boards.device_model()
    heater = boards.heater()
    text = model.profile.document.replace("version: 2", "version: 3")
    draft = register_profiles.draft_profile(document=text, note="一版", by=supplier)
    again = register_profiles.draft_profile(document=text + "# x\n", note="二版", by=supplier)
    assert draft.pk == again.pk and again.state == "draft"
    with pytest.raises(Refused, match="SAME_PERSON"):
        register_profiles.release_profile(profile=again, by=supplier, now=NOW)
    with pytest.raises(Refused, match="NOT_RELEASED"):
        register_profiles.move_heaters(profile=again, by=platform)
    released = register_profiles.release_profile(profile=again, by=platform, now=NOW)
    assert DeviceModel.objects.get(pk=model.pk).profile_id == released.pk
    heater.refresh_from_db()
    assert heater.profile_id == model.profile_id, "what hangs in homes keeps its version until it is moved"
    assert register_profiles.move_heaters(profile=released, by=platform) == 1
    with pytest.raises(Refused, match="VERSION_TAKEN"):
        register_profiles.draft_profile(document=text, note="", by=supplier)
    assert register_profiles.next_version(released.name) == 4
    third = {"number": 3, "state": "passed", "evidence": [{"turnaround_p95_ms": 61.4}]}
    tested = opened(supplier)
    begins = register_profiles.next_text(released)
    assert "\nversion: 4\n" in begins and "turnaround_ms: 30" in begins, "nothing was measured yet"
    DockingTest.objects.filter(pk=tested.pk).update(steps=[*tested.steps[:2], third, *tested.steps[3:]])
    assert parse_profile(register_profiles.next_text(released)).serial.turnaround_ms == 61
    with pytest.raises(register_profiles.ProfileRefused) as refusal:
        register_profiles.draft_profile(document=text.replace("reg: h100", "reg: z9"), note="", by=supplier)
    assert refusal.value.problems[0].startswith("line 11: points.supply_t.reg: 'z9'")
    text = text.replace("version: 3", "version: 4").replace("  return_t:", "  #return_t:")
    lacking = register_profiles.draft_profile(document=text, note="", by=supplier)
    with pytest.raises(Refused, match="PROFILE_INCOMPLETE"):
        register_profiles.release_profile(profile=lacking, by=platform, now=NOW)
    assert RegisterProfile.objects.filter(name=released.name, state="draft").count() == 1
