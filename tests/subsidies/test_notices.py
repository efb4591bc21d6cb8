"""Public notice: masked names, a clock that is an argument, objections that stop an amount."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from core import clock
from core.refusals import Refused
from subsidies.models import Entitlement, Notice, NoticePhoto
from subsidies.queries import notice_rows
from subsidies.services import notices, postings
from subsidies.services.policies import rules_of
from subsidies.views.public import LOOKS
from tests import people
from tests.subsidies.conftest import ASSESSED, MORNING, SECOND, VILLAGE, Money

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
TOKEN = re.compile(r'"X-CSRFToken": "\w+"')


@pytest.fixture
def notice(money: Money) -> Notice:
    for _home in range(2):
        money.accepted()
    money.accepted(SECOND)
    money.accepted(costs=[])
    money.assess()
    return money.publish()


def states() -> dict[str, int]:
    found = Entitlement.objects.values_list("state", flat=True)
    return {state: list(found).count(state) for state in set(found)}


def test_a_village_puts_up_what_is_due_there_and_nothing_else(notice: Notice) -> None:
    assert notice.entitlements.count() == 2
    assert states() == {"noticed": 2, "assessed": 2}
    for _dwelling, name, _benefit, _period, fen in notice.content:
        assert "*" in name and fen == 600_000
    assert notice.content_hash == notices.content_hash(notice.content)
    titles = {one.id: one.title for one in rules_of(notice.entitlements.first().policy).benefits}
    assert all(row["title"] == titles[row["benefit"]] != row["benefit"] for row in notice_rows(notice))


def test_it_stays_up_for_the_programmes_days_and_not_a_second_less(notice: Notice) -> None:
    assert notices.close_notices(now=notice.ends_at - dt.timedelta(seconds=1)) == []
    assert states()["noticed"] == 2
    assert len(notices.close_notices(now=notice.ends_at)) == 1
    assert states() == {"payable": 2, "assessed": 2}
    assert notices.close_notices(now=notice.ends_at) == []


def test_an_objection_stops_its_amount_only(money: Money, notice: Notice) -> None:
    one = notice.entitlements.first()
    objection = notices.raise_objection(entitlement=one, text="不住人", by=money.clerk, now=MORNING + HOUR)
    notices.close_notices(now=notice.ends_at)
    assert Entitlement.objects.get(pk=one.pk).state == "objected"
    notices.decide_objection(objection=objection, decision="rejected", reason="有人", by=money.office)
    assert Entitlement.objects.get(pk=one.pk).state == "payable"


def test_rejected_before_the_end_the_notice_goes_on(money: Money, notice: Notice) -> None:
    one = notice.entitlements.first()
    objection = notices.raise_objection(entitlement=one, text="不住人", by=money.clerk, now=MORNING + HOUR)
    notices.decide_objection(objection=objection, decision="rejected", reason="有人", by=money.office)
    assert Entitlement.objects.get(pk=one.pk).state == "noticed"


def test_upheld_it_goes_back_and_can_be_computed_again(money: Money, notice: Notice) -> None:
    one = notice.entitlements.first()
    objection = notices.raise_objection(entitlement=one, text="发票有误", by=money.clerk, now=MORNING + HOUR)
    notices.decide_objection(objection=objection, decision="upheld", reason="属实", by=money.office)
    notices.close_notices(now=notice.ends_at)
    assert Entitlement.objects.get(pk=one.pk).state == "held"
    from subsidies.services.entitlements import reassess_entitlement

    again = reassess_entitlement(entitlement=one, reason="更正", by=money.maker, on=ASSESSED)
    assert again.state == "assessed" and money.publish(now=notice.ends_at).entitlements.get() == again


def test_after_the_end_no_objection_is_written_down(money: Money, notice: Notice) -> None:
    with pytest.raises(Refused, match="NOTICE_OVER"):
        notices.raise_objection(entitlement=notice.entitlements.first(), text="x", by=money.clerk, now=notice.ends_at)


def test_who_wrote_it_down_does_not_decide(money: Money, notice: Notice) -> None:
    both = people.user("office", "370999")
    objection = notices.raise_objection(entitlement=notice.entitlements.first(), text="x", by=both, now=MORNING + HOUR)
    with pytest.raises(Refused, match="OWN_RECORD"):
        notices.decide_objection(objection=objection, decision="rejected", reason="x", by=both)


def test_nothing_new_is_no_notice(money: Money, notice: Notice) -> None:
    with pytest.raises(Refused, match="NOTHING_TO_PUBLISH"):
        money.publish(VILLAGE)


def test_what_was_put_up_is_fixed(notice: Notice) -> None:
    with pytest.raises(DatabaseError, match="fixed"), transaction.atomic():
        Notice.objects.update(content=[])


def picture(shade: int = 90, taken: str = "") -> bytes:
    """A photo as a camera makes it, with its own time and something that is no picture behind it."""
    out, exif = io.BytesIO(), Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    exif[0x010E] = "canary-370999"
    Image.new("RGB", (64, 48), (shade, 10, 10)).save(out, "JPEG", exif=exif)
    return out.getvalue() + b"<script>canary-370999</script>"


def test_a_photo_of_the_board_is_kept_without_anything_else_and_once(money: Money, notice: Notice) -> None:
    kept, again = (
        postings.add_notice_photo(notice=notice, content=picture(taken="2021:12:01 18:00:00"), by=money.clerk)
        for _ in range(2)
    )
    assert kept == again and NoticePhoto.objects.count() == 1
    assert b"canary" not in postings.picture_of(kept)
    assert postings.is_in_time(kept, notice) is True
    late = postings.add_notice_photo(notice=notice, content=picture(20, "2022:01:01 08:00:00"), by=money.clerk)
    plain = postings.add_notice_photo(notice=notice, content=picture(30), by=money.clerk)
    assert (postings.is_in_time(late, notice), postings.is_in_time(plain, notice)) == (False, None)
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        NoticePhoto.objects.all().delete()


def test_one_photo_proves_one_notice(money: Money, notice: Notice) -> None:
    postings.add_notice_photo(notice=notice, content=picture(), by=money.clerk)
    other = money.publish(SECOND)
    with pytest.raises(Refused, match="PHOTO_REUSED"):
        postings.add_notice_photo(notice=other, content=picture(), by=money.clerk)
    for content in (b"", b"<html>", b"%PDF-1.4"):
        with pytest.raises(Refused, match="PHOTO_UNUSABLE"):
            postings.add_notice_photo(notice=other, content=content, by=money.clerk)


def test_where_the_programme_asks_for_a_photo_the_notice_does_not_end_without_one(money: Money, notice: Notice) -> None:
    money.programme.settings = {"notice_photo": "required"}
    money.programme.save()
    assert notices.close_notices(now=notice.ends_at) == []
    assert states()["noticed"] == 2
    postings.add_notice_photo(notice=notice, content=picture(), by=money.clerk)
    assert notices.close_notices(now=notice.ends_at) == [notice]


@pytest.fixture
def at_the_time_of(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets the portal's clock; nobody has looked at anything in this minute."""
    cache.clear()
    yield lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)
    cache.clear()


def public_url(notice: Notice) -> str:
    return reverse("subsidies:notice-public", args=[notice.number, postings.public_key(notice.number)])


def visitor() -> Client:
    """Somebody from an address nobody looked from yet: looks are counted beyond one test."""
    return Client(REMOTE_ADDR=f"2001:db8::{uuid4().hex[:4]}:{uuid4().hex[:4]}")


def test_everybody_reads_the_masked_list_while_it_is_up_and_not_a_second_longer(
    money: Money, notice: Notice, at_the_time_of: Any
) -> None:
    at_the_time_of(notice.published_at)
    answer = visitor().get(public_url(notice))
    page = answer.content.decode()
    household = notice.entitlements.first().household
    assert answer.status_code == 200 and "12,000.00" in page and notice.content[0][1] in page
    assert household.head_name not in page and household.household_no + "-" in page
    assert "noindex" in answer["X-Robots-Tag"] and "sessionid" not in answer.cookies
    for moment in (notice.ends_at, notice.published_at - dt.timedelta(seconds=1)):
        at_the_time_of(moment)
        over = visitor().get(public_url(notice))
        assert over.status_code == 404 and notice.content[0][1] not in over.content.decode()
    at_the_time_of(notice.ends_at - dt.timedelta(seconds=1))
    assert visitor().get(public_url(notice)).status_code == 200


def test_a_guessed_address_is_answered_like_one_that_never_was(notice: Notice, at_the_time_of: Any) -> None:
    at_the_time_of(notice.published_at)
    key = postings.public_key(notice.number)
    guesses = [(notice.number, "x" * 24), (notice.number, key[:-1]), ("GS-2021-999", key), ("GS-2021-999", "x")]
    answers = [visitor().get(reverse("subsidies:notice-public", args=guess)) for guess in guesses]
    assert {answer.status_code for answer in answers} == {404}
    assert len({TOKEN.sub("", answer.content.decode()) for answer in answers}) == 1


def test_who_looks_too_often_waits(notice: Notice, at_the_time_of: Any) -> None:
    at_the_time_of(notice.published_at)
    one = visitor()
    answers = [one.get(public_url(notice)).status_code for _ in range(LOOKS + 1)]
    assert answers == [200] * LOOKS + [429]
    assert visitor().get(public_url(notice)).status_code == 200


def test_a_notice_that_ended_without_objection_prints_as_proof_with_its_photo(money: Money, notice: Notice) -> None:
    client = Client()
    client.force_login(money.clerk, backend="accounts.backends.PersonBackend")
    answer = client.post(
        reverse("subsidies:notice-photo-add", args=[notice.number]),
        {"photo": SimpleUploadedFile("墙.jpg", picture(taken="2021:12:01 18:00:00"))},
    )
    assert answer.status_code == 302
    sheet = reverse("subsidies:notice-print", args=[notice.number])
    assert "无异议" not in client.get(sheet).content.decode()
    notices.close_notices(now=notice.ends_at)
    page = client.get(sheet).content.decode()
    photo = reverse("subsidies:notice-photo", args=[notice.photos.get().pk])
    assert "无异议" in page and photo in page and "2021-12-01 18:00" in page
    assert client.get(photo)["Content-Type"] == "image/jpeg"
