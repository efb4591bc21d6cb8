from __future__ import annotations

import base64
import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from PIL import Image, ImageDraw

from accounts.acting import acting
from core import clock
from core.files import open_file
from core.refusals import Refused
from retrofits.faults import Faulty
from retrofits.models import Acceptance, Rectification, Task
from retrofits.services.acceptances import record_acceptance, report_rectified
from retrofits.services.photos import add_photo
from telemetry.models import LatestReading
from tests import people
from tests.retrofits.conftest import DAY, Works, picture


def accept(works: Works, task: Task, result: str = "passed", **more: Any) -> Acceptance:
    values = {"request_id": uuid.uuid4(), "visit": works.visit(), "by": works.inspector, "on": DAY} | more
    return record_acceptance(task=task, result=result, **values)


def faults_of(works: Works, task: Task, result: str = "passed", **more: Any) -> dict[str, str]:
    with pytest.raises(Faulty) as refusal:
        accept(works, task, result, **more)
    return {fault.field: fault.code for fault in refusal.value.faults}


def signature() -> bytes:
    image = Image.new("RGBA", (340, 112), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(20, 20), (200, 90)], fill=(0, 0, 0, 255), width=3)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_a_complete_visit_accepts_with_real_evidence(works: Works) -> None:
    task = works.ready()
    done = accept(works, task)
    task.refresh_from_db()
    assert task.state == Task.State.ACCEPTED
    assert done.telemetry_evidence["supply_c"] == "44.6"
    assert (done.telemetry_evidence["state"], str(done.room_temp_c)) == ("fresh", "19.3")


@pytest.mark.clause(
    "J-31",
    "作为安装合格性检验项目",
    serves="retrofits.services.acceptances:record_acceptance",
    page="retrofits:visit-record",
    model="retrofits.Acceptance",
)
def test_everything_open_is_told_at_once(works: Works) -> None:
    task = works.installed()
    faults = faults_of(works, task, visit=works.visit(answers={"IDENTITY": "ok", "ROOM_TEMP": "15.9"}, signer_name=""))
    assert faults == {
        "WIRING": "MISSING", "DATA": "NEVER_HEARD", "ROOM_TEMP": "TOO_LOW", "PHOTO_AFTER": "MISSING",
        "USER_SIGNATURE": "MISSING",
    }  # fmt: skip
    assert Acceptance.objects.count() == 0


def test_a_failed_check_can_not_pass(works: Works) -> None:
    visit = works.visit(answers={"IDENTITY": "ok", "WIRING": "bad", "ROOM_TEMP": "19"})
    assert faults_of(works, works.ready(), visit=visit) == {"WIRING": "FAILED"}


@pytest.mark.parametrize(("age_s", "passes"), [(90, True), (91, False)])
def test_a_reading_counts_for_three_poll_periods(works: Works, age_s: int, passes: bool) -> None:
    task, now = works.ready(), clock.now()
    LatestReading.objects.update(at=now - timedelta(seconds=age_s))
    if passes:
        assert accept(works, task, now=now).result == "passed"
    else:
        assert faults_of(works, task, now=now) == {"DATA": "STALE"}


def test_a_reading_without_any_temperature_is_no_evidence(works: Works) -> None:
    task = works.ready()
    LatestReading.objects.update(supply_dc=None, return_dc=None)
    assert set(faults_of(works, task)) == {"DATA"}


@pytest.mark.clause(
    "J-43",
    "保证室内温度不低于16℃",
    serves="retrofits.services.acceptances:record_acceptance",
    page="retrofits:visit-record",
    model="retrofits.Acceptance",
)
@pytest.mark.parametrize("text", ["15.9", "35.1", "warm"])
def test_the_room_has_to_be_warm_and_measured(works: Works, text: str) -> None:
    visit = works.visit(answers={"IDENTITY": "ok", "WIRING": "na", "ROOM_TEMP": text})
    assert set(faults_of(works, works.ready(), visit=visit)) == {"ROOM_TEMP"}


def test_sending_the_same_form_again_finds_the_first(works: Works) -> None:
    task, key = works.ready(), uuid.uuid4()
    first = accept(works, task, request_id=key)
    assert accept(works, task, request_id=key, visit=works.visit(opinion="changed")) == first
    assert Acceptance.objects.get().opinion == "满意"


def test_a_forms_key_is_worth_nothing_for_another_dwelling(works: Works) -> None:
    key = uuid.uuid4()
    accept(works, works.ready(), request_id=key)
    with pytest.raises(Refused) as refusal:
        accept(works, works.ready(), request_id=key)
    assert refusal.value.code == "REQUEST_REUSED"


def test_who_installed_does_not_accept(works: Works) -> None:
    both = people.user("town_staff", "370999001")
    people.Grant.objects.create(user=both, role="inspector", area=people.area("370999"))
    with pytest.raises(Refused) as refusal:
        accept(works, works.ready(by=both), by=both)
    assert refusal.value.code == "OWN_WORK"


def test_a_second_account_of_the_installer_does_not_help(works: Works) -> None:
    twin = people.user("inspector", "370999", person_no=works.clerk.person_no)
    with pytest.raises(Refused) as refusal:
        accept(works, works.ready(), by=twin)
    assert refusal.value.code == "OWN_WORK"


def test_nobody_of_the_installing_firm_accepts(works: Works) -> None:
    task = works.ready()
    works.inspector.unit = works.supplier.name
    works.inspector.save()
    with pytest.raises(Refused) as refusal:
        accept(works, task)
    assert refusal.value.code == "OWN_FIRM"


def test_the_clerk_has_no_right_to_accept(works: Works) -> None:
    with pytest.raises(PermissionDenied):
        accept(works, works.ready(), by=people.user("town_staff", "370999001"))


def test_refusing_asks_for_words_photo_and_day(works: Works) -> None:
    task = works.ready()
    assert faults_of(works, task, "failed") == {"defect": "MISSING", "defect-photo": "MISSING", "due_on": "MISSING"}
    past = works.visit(defect="漏水", due_on=DAY - timedelta(days=1))
    assert faults_of(works, task, "failed", visit=past) == {"defect-photo": "MISSING", "due_on": "PAST"}


def test_a_refused_dwelling_is_put_right_and_accepted(works: Works) -> None:
    task = works.ready()
    add_photo(task=task, stage="defect", content=picture(201), by=works.inspector)
    refuse = works.visit(defect="管路未保温", due_on=date(2021, 12, 15))
    accept(works, task, "failed", visit=refuse)
    rectification = Rectification.objects.get()
    assert (Task.objects.get().state, rectification.due_on) == (Task.State.RECTIFY, date(2021, 12, 15))
    with pytest.raises(Faulty):
        report_rectified(rectification=rectification, note="", by=works.clerk, on=DAY)
    add_photo(task=task, stage="repaired", content=picture(202), by=works.clerk)
    report_rectified(rectification=rectification, note="已加保温", by=works.clerk, on=DAY)
    assert set(faults_of(works, task, "failed", visit=refuse)) == {"defect-photo"}  # the old photo shows the old defect
    assert accept(works, task).result == "passed"


def test_the_signature_is_kept_encrypted(works: Works) -> None:
    done = accept(works, works.ready(), visit=works.visit(signature_png=signature(), signer_name=""))
    assert done.signature is not None
    with open_file(done.signature.stored_name) as stream:
        assert stream.read().startswith(b"\x89PNG")


@pytest.mark.parametrize("bad", [b"not a picture", base64.b64decode("iVBORw0KGgo=")])
def test_a_broken_signature_is_one_of_the_open_items(works: Works, bad: bytes) -> None:
    assert set(faults_of(works, works.ready(), visit=works.visit(signature_png=bad))) == {"USER_SIGNATURE"}


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_accept_at_once_one_does(works: Works) -> None:
    task, gate = works.ready(), Barrier(8)
    inspectors = [people.user("inspector", "370999") for _n in range(8)]

    def one(by: Any) -> str:
        gate.wait()
        try:
            with acting(by):
                accept(works, Task.objects.get(pk=task.pk), by=by)
            return "accepted"
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, inspectors))
    assert sorted(outcomes) == ["TASK_STATE"] * 7 + ["accepted"]
    assert Acceptance.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_retries_of_one_form_make_one_acceptance(works: Works) -> None:
    task, gate, key = works.ready(), Barrier(8), uuid.uuid4()

    def one(_n: int) -> int:
        gate.wait()
        try:
            with acting(works.inspector):
                return accept(works, Task.objects.get(pk=task.pk), request_id=key).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(8)))) == 1
