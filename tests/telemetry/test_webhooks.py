"""Readings sent upwards: signed, each once, after a failure as the same batch, and never into the own network."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from core.refusals import Refused
from telemetry import outgoing, tasks, webhooks
from telemetry.models import Webhook
from telemetry.outgoing import AddressRefused, Answer
from tests import people
from tests.telemetry.said import bare_heater
from tests.telemetry.said import say as say_turn
from tests.telemetry.visiting import sign_in, words

NOW = dt.datetime(2021, 1, 18, 4, tzinfo=dt.UTC)
ADDRESS = "https://platform.example/readings"
OK, AWAY = Answer(200), Answer(0, "TimeoutError")


@pytest.fixture
def hook(db: Any, monkeypatch: Any, settings: Any) -> Webhook:
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr(outgoing, "looked_up", lambda host, port: ["93.184.216.34"])
    monkeypatch.setattr(outgoing.reachable, "__kwdefaults__", {"inside": False, "lookup": outgoing.looked_up})
    people.programme("370999", poll_period_s=30, room_temp_min_c=16)
    by = people.user("system_admin", "370999")
    return webhooks.make_webhook(area=people.area("370999"), name="市平台", address=ADDRESS, by=by, now=NOW)


def minute(n: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=n)


def test_every_reading_is_sent_once_and_a_failed_batch_comes_again_as_the_same(hook: Webhook) -> None:
    heater = bare_heater()
    for n in (1, 2):
        say_turn(heater, minute(n), room_dc=200 + n)
    first = webhooks.next_batch(webhook_id=hook.pk, now=minute(3))
    assert first is not None and first.count == 2
    assert webhooks.next_batch(webhook_id=hook.pk, now=minute(3)) is None, "it is on its way"
    failed = webhooks.settle(batch=first, answer=AWAY, now=minute(3))
    assert (failed.failures, failed.next_at - minute(3)) == (1, webhooks.FIRST_WAIT)
    say_turn(heater, minute(4), room_dc=204)
    again = webhooks.next_batch(webhook_id=hook.pk, now=minute(5))
    assert again == first, "the same id and the same bytes, though there is more by now"
    assert webhooks.settle(batch=again, answer=OK, now=minute(5)).delivered == 2
    rest = webhooks.next_batch(webhook_id=hook.pk, now=minute(5))
    assert rest is not None and [row["room_dc"] for row in json.loads(rest.body)["results"]] == [204]
    assert rest.number != first.number
    webhooks.settle(batch=rest, answer=OK, now=minute(5))
    assert webhooks.settle(batch=rest, answer=OK, now=minute(6)).delivered == 3, "settled twice, counted once"
    assert webhooks.next_batch(webhook_id=hook.pk, now=minute(6)) is None


def test_a_batch_is_signed_over_its_time_and_body(hook: Webhook) -> None:
    trial = webhooks.trial(webhook_id=hook.pk)
    sent = trial.headers(NOW)
    stamp = str(int(NOW.timestamp()))
    assert sent["X-Portal-Timestamp"] == stamp and sent["Idempotency-Key"] == json.loads(trial.body)["batch"]
    assert sent["X-Portal-Signature"] == "sha256=" + outgoing.signature(hook.secret, stamp, trial.body)
    assert outgoing.signature("k", "1", b"b") != outgoing.signature("k", "2", b"b")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM telemetry_webhook")
        assert hook.secret not in cursor.fetchone()[0]


def test_waiting_doubles_up_to_an_hour_and_after_three_days_it_is_disabled_with_a_sentence(hook: Webhook) -> None:
    say_turn(bare_heater(), minute(1), room_dc=200)
    now, waits = minute(2), []
    while hook.state == "active":
        batch = webhooks.next_batch(webhook_id=hook.pk, now=now)
        assert batch is not None
        hook = webhooks.settle(batch=batch, answer=AWAY, now=now)
        waits.append((hook.next_at - now).total_seconds())
        now = hook.next_at
    assert waits[:9] == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert now - minute(2) > webhooks.GIVE_UP_AFTER and "TimeoutError" in hook.because
    assert webhooks.ask_for_pushes(now=now) == 0
    started = webhooks.start(webhook=hook, by=hook.made_by, now=now)
    assert (started.state, started.because) == ("active", "") and webhooks.ask_for_pushes(now=now) == 1


@pytest.mark.parametrize(
    "address, found, code",
    [
        ("http://platform.example/", ["93.184.216.34"], "SCHEME"),
        ("file:///etc/passwd", [], "ADDRESS"),
        ("https://a:b@platform.example/", ["93.184.216.34"], "ADDRESS"),
        ("https://platform.example/#x", ["93.184.216.34"], "ADDRESS"),
        ("https://platform.example/\r\nHost: x", ["93.184.216.34"], "ADDRESS"),
        ("https://localhost/", ["127.0.0.1"], "PRIVATE"),
        ("https://x.example/", ["93.184.216.34", "10.0.0.5"], "PRIVATE"),
        ("https://x.example/", ["::ffff:192.168.0.1"], "PRIVATE"),
        ("https://x.example/", ["2002:7f00:1::"], "PRIVATE"),
        ("https://x.example/", ["64:ff9b::a00:5"], "PRIVATE"),
        ("https://169.254.169.254/latest/", ["169.254.169.254"], "PRIVATE"),
        ("https://x.example/", ["fe80::1%eth0"], "PRIVATE"),
        ("https://x.example/", ["224.0.0.1"], "PRIVATE"),
        ("https://x.example/", [], "UNKNOWN_HOST"),
    ],
)
def test_nothing_is_sent_to_addresses_inside_or_to_what_is_no_address(
    address: str, found: list[str], code: str
) -> None:
    with pytest.raises(AddressRefused, match=code):
        outgoing.reachable(outgoing.checked(address), lookup=lambda _host, _port: found)
    assert outgoing.post(address, b"", {}, lookup=lambda _host, _port: found) == Answer(0, code)


def test_the_administrator_makes_tries_and_stops_one_and_sees_the_secret_once(hook: Webhook) -> None:
    admin = people.user("system_admin", "370999")
    page, place = sign_in(admin), reverse("telemetry:webhook-list")
    with pytest.raises(Refused, match="NOT_YOURS"):
        webhooks.make_webhook(area=people.area("370999"), name="x", address=ADDRESS, by=people.user("ops", "370999"),
                              now=NOW)  # fmt: skip
    made = page.post(place, {"deed": "make", "name": "省平台", "address": ADDRESS, "area": "370999"})
    secret = Webhook.objects.get(name="省平台").secret
    assert secret in words(made) and secret not in words(page.get(place))
    bad = page.post(place, {"deed": "make", "name": "x", "address": "http://10.0.0.1/", "area": "370999"})
    assert bad.status_code == 422 and Webhook.objects.count() == 2
    for deed, state in (("try", "active"), ("stop", "stopped"), ("start", "active")):
        assert page.post(place, {"deed": deed, "webhook": hook.pk}).status_code == 302
        assert Webhook.objects.get(pk=hook.pk).state == state
    page.post(place, {"deed": "secret", "webhook": hook.pk})
    assert Webhook.objects.get(pk=hook.pk).secret != hook.secret


def test_the_job_sends_until_nothing_is_left_and_stops_at_the_first_refusal(hook: Webhook, monkeypatch: Any) -> None:
    heater, sent = bare_heater(), []
    for n in range(1, 4):
        say_turn(heater, minute(n), room_dc=200)
    monkeypatch.setattr(webhooks, "BATCH", 2)
    monkeypatch.setattr(tasks.clock, "now", lambda: minute(5))
    monkeypatch.setattr(
        tasks.outgoing, "post", lambda address, body, headers, inside: sent.append(headers["Idempotency-Key"]) or OK
    )

    class Run:
        commit = staticmethod(webhooks.transaction.atomic)

        def progress(self, done: int) -> None:
            pass

    assert tasks.push_to_one(Run(), hook.pk) == {"message": "3"}  # type: ignore[arg-type]
    assert len({uuid.UUID(one) for one in sent}) == 2 and tasks.push_to_one(Run(), hook.pk) == {"message": "0"}  # type: ignore[arg-type]
