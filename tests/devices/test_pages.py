"""Profiles, docking tests and orders as people meet them: pages, deeds, refusals, the public page of a certificate."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pypdfium2 import PdfDocument

import devices.tasks  # noqa: F401 - the handlers of the jobs
from accounts.models import User
from core import clock
from devices.conformance.findings import Step
from devices.models import CommandOrder, DockingCertificate, DockingTest, RegisterProfile
from devices.protocol.crc import sealed
from devices.services import certificates, docking
from jobs.models import Job
from tests import people
from tests.devices import boards
from tests.devices.test_docking import SAMPLE, run_all
from tests.telemetry.visiting import code_of, sign_in, words

pytestmark = pytest.mark.django_db
PLACE = "370999"


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def person(role: str) -> tuple[User, Client]:
    user = people.user(role, PLACE)
    User.objects.filter(pk=user.pk).update(language="en")
    user.refresh_from_db()
    return user, sign_in(user)


def act(client: Client, name: str, key: Any, **values: Any) -> Any:
    return client.post(reverse(f"devices:{name}", args=[key]), values)


def test_a_profile_from_the_editor_to_its_release() -> None:
    row = boards.device_model().profile
    heater = boards.heater()
    (_supplier, writes), (_ops, releases) = person("supplier"), person("ops")
    editor = reverse("devices:profile-new")
    start = writes.get(f"{editor}?from={row.pk}").context["form"].initial["document"]
    assert "\nversion: 3\n" in start
    wrong = writes.post(editor, {"document": start.replace("reg: h101", "reg: h100"), "deed": "save"})
    assert wrong.status_code == 422 and "line 12: points.return_t.reg: h100 is also used by supply_t" in words(wrong)
    checked = writes.post(editor, {"document": start, "deed": "check"})
    assert checked.status_code == 200 and "What it means" in words(checked) and "E01 high pressure" in words(checked)
    saved = writes.post(editor, {"document": start, "note": "三版", "deed": "save"})
    draft = RegisterProfile.objects.get(version=3)
    assert saved.headers["Location"] == reverse("devices:profile-detail", args=[draft.pk])
    assert act(writes, "profile-act", draft.pk, deed="release").status_code == 422
    assert act(releases, "profile-act", draft.pk, deed="release").status_code == 302
    assert act(releases, "profile-act", draft.pk, deed="move").status_code == 302
    heater.refresh_from_db()
    assert heater.profile_id == draft.pk
    page = words(releases.get(reverse("devices:profile-detail", args=[draft.pk])))
    assert "Annex 2 asks for more" not in page and "h100 × " in page
    listed = words(releases.get(reverse("devices:profile-list")))
    assert "linshi-ashp-08" in listed and "released" in listed
    assert act(writes, "profile-act", draft.pk, deed="withdraw", reason="").status_code == 422
    assert act(writes, "profile-act", draft.pk, deed="withdraw", reason="错位").status_code == 302


def test_a_profile_is_tried_on_pasted_registers() -> None:
    row = boards.device_model().profile
    _user, client = person("town_staff")
    frame = "01 03 06 01 90 01 54 7F FF"
    whole = sealed(bytes.fromhex(frame)).hex(" ")
    text = f"h100: {whole}\nh110: 0001 0000\nh112: 0001 0000\nnonsense"
    page = act(client, "profile-act", row.pk, deed="try", registers=text)
    shown = words(page)
    for said in ("40.0 °C", "34.0 °C", "sensor broken", "heating", "E01 high pressure", "not read", "line 4:"):
        assert said in shown, said
    assert act(client, "profile-act", row.pk, deed="try", registers=" ").status_code == 422
    assert "There is no heater H9" in words(act(client, "profile-act", row.pk, deed="try", heater="H9"))


def test_a_docking_test_from_the_sample_to_the_public_page() -> None:
    model = boards.device_model()
    (supplier, tests), (_ops, confirms), (_clerk, looks) = person("supplier"), person("ops"), person("town_staff")
    listing = reverse("devices:docking-list")
    form = {"device_model": model.pk, "line": SAMPLE.line, "unit": 1, "board_firmware": "B-1", "dtu_firmware": "D-1",
            "received_on": "2026-11-20"}  # fmt: skip
    assert "not bound to an enterprise" in words(tests.get(listing)), "who could not see it is not offered it"
    refused = tests.post(listing, form)
    assert refused.status_code == 422 and "not bound to an enterprise" in words(refused)
    people.bind(supplier, model.supplier)
    assert "Open a test for a sample" in words(tests.get(listing))
    refused = tests.post(listing, form)
    assert refused.status_code == 422 and "not bound to an enterprise" not in words(refused), "the paper is missing"
    paper = SimpleUploadedFile("协议.pdf", b"%PDF-1.4")
    assert looks.post(listing, form | {"protocol": paper}).status_code == 422
    paper.seek(0)
    assert tests.post(listing, form | {"protocol": paper}).status_code == 302
    test = DockingTest.objects.get()
    page = reverse("devices:docking-detail", args=[test.number])
    assert b"".join(tests.get(page + "?paper=1")) == b"%PDF-1.4"
    still = tests.get(page).content.decode()
    assert 'data-of="docking"' in still and reverse("telemetry:stream") in still and "data-hurry" not in still
    assert act(tests, "docking-act", test.number, deed="run", step="machine").status_code == 302
    assert Job.objects.get(kind="devices.run_docking").args["numbers"] == [1, 3, 4, 5, 6, 8]
    live = tests.get(page, headers={"HX-Request": "true"}).content.decode()
    assert 'data-hurry="2"' in live and "<html" not in live, "without a stream it is asked every two seconds"
    assert act(tests, "docking-act", test.number, deed="run", step="7").status_code == 409
    docking.stop_steps(test=test, numbers=[1, 3, 4, 5, 6, 8], why="away")
    test = run_all(test, supplier)
    assert act(tests, "docking-act", test.number, deed="issue").status_code == 422
    assert act(confirms, "docking-act", test.number, deed="issue").status_code == 302
    made = DockingCertificate.objects.get()
    assert "10 of 10 steps passed" in words(looks.get(page)) and made.number in words(looks.get(page))
    sheet = reverse("devices:certificate-print", args=[made.number])
    assert "数据对接确认书" in words(looks.get(sheet)) and made.number in words(looks.get(listing))
    document = json.loads(looks.get(sheet + "?format=json").content)
    assert document.pop("sha256") == certificates.digest_of(document) == made.sha256
    told = PdfDocument(looks.get(sheet + "?format=pdf").content)[0].get_textpage().get_text_range()
    assert all(one in told for one in ("数据对接确认书", made.number, "有效至 2029", "协议.pdf", "通过"))
    public = reverse("devices:certificate-verify", args=[made.number, made.code])
    assert public in looks.get(sheet).context["address"]
    anybody = Client(headers={"accept-language": "en"})
    assert "Frames" not in words(anybody.get(public)) and made.sha256 in words(anybody.get(public))
    assert anybody.get(public).context["holds"] is True
    assert anybody.get(reverse("devices:certificate-verify", args=[made.number, "x"])).status_code == 404
    firmware = {"deed": "firmware", "certificate": made.number, "firmware": "B-2"}
    assert act(confirms, "docking-act", test.number, **firmware).status_code == 302
    assert anybody.get(public).context["holds"] is False


def test_answers_for_the_board_are_given_on_the_page() -> None:
    supplier, client = person("supplier")
    model = boards.device_model()
    people.bind(supplier, model.supplier)
    test = docking.open_test(device_model=model, sample=SAMPLE, by=supplier, now=clock.now())
    found = Step(8, "", True, "silent", [{"unit": 2}], ["display_unmoved"])
    docking.record_step(test=test, found=found, now=clock.now())
    page = client.get(reverse("devices:docking-detail", args=[test.number]))
    assert "display of the board" in words(page) and "yes, seen" in words(page)
    answer = {"deed": "answer", "step": "8", "question": "display_unmoved", "yes": "1"}
    assert act(client, "docking-act", test.number, **answer).status_code == 302
    test.refresh_from_db()
    assert (test.steps[7]["state"], test.steps[7]["answers"]["display_unmoved"]["yes"]) == ("passed", True)
    said = f"yes · {supplier.person_name} · today"
    assert said in words(client.get(reverse("devices:docking-detail", args=[test.number])))
    assert act(client, "docking-act", test.number, **answer).status_code == 409


def test_a_command_for_a_whole_place_is_seen_first_and_approved_by_another_person() -> None:
    (asker, asks), (other, decides) = person("ops"), person("office")
    people.programme(PLACE)
    for n in range(11):
        boards.heater(unit=n + 1)
    address = reverse("devices:order-new")
    form = {"deed": "set_room_t", "value": "18.0", "reason": "错峰", "request_id": str(uuid.uuid4())}
    assert "11 heaters" in words(asks.get(address))
    seen = asks.post(address, form)
    assert "11 heaters would get it" in words(seen) and "many heaters at once" in words(seen)
    assert not CommandOrder.objects.exists(), "looking sends nothing"
    looked = form | {"seen": "11|set_room_t:18.0"}
    assert asks.post(address, looked).status_code == 422, "without a one-time code"
    other_wish = looked | {"value": "19.0", "token": code_of(asker)}
    assert "11 heaters would get it" in words(asks.post(address, other_wish)), "another wish is looked at first"
    assert asks.post(address, looked | {"token": code_of(asker)}).status_code == 302
    order = CommandOrder.objects.get()
    listing = reverse("devices:command-list")
    assert "Approve" not in words(asks.get(listing)) and "Approve" in words(decides.get(listing))
    assert act(decides, "order-act", order.pk, deed="approve").status_code == 422
    assert act(decides, "order-act", order.pk, deed="approve", token=code_of(other)).status_code == 302
    order.refresh_from_db()
    assert (order.state, order.decided_by) == ("approved", other)
    assert "set room temperature 18.0 ℃" in words(decides.get(listing + "?state=queued"))
