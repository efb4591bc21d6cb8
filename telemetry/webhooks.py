"""Readings sent upwards as they come (J-19): receivers, batches, back-off, and the end of one that never answers.

The table of readings is the outbox: a receiver keeps a cursor (telemetry.feed), and a batch that was begun keeps its id
and its end until it was taken, so that a batch sent twice is the same batch with the same `Idempotency-Key`.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Area, User
from core.refusals import Refused
from devices.models import Heater
from jobs.services import enqueue
from telemetry import feed, outgoing
from telemetry.models import Webhook
from telemetry.outgoing import AddressRefused, Answer

RIGHT = Webhook.view_right
BATCH, BATCHES_AT_ONCE = 1000, 20
UNDER_WAY = dt.timedelta(minutes=5)
"""For so long nobody else takes up a receiver whose batch is on its way; a run that died is taken over after it."""
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=30), dt.timedelta(hours=1)
GIVE_UP_AFTER = dt.timedelta(days=3)
GONE = 410


@dataclass(frozen=True)
class Batch:
    """One POST: the same `number` whenever it is sent again."""

    webhook: int
    address: str
    secret: str
    number: uuid.UUID
    body: bytes
    count: int

    def headers(self, now: dt.datetime) -> dict[str, str]:
        """The receiver proves body and time with the secret, and drops what it has had by the key."""
        stamp = str(int(now.timestamp()))
        signed = outgoing.signature(self.secret, stamp, self.body)
        return {
            "Idempotency-Key": str(self.number),
            "X-Portal-Timestamp": stamp,
            "X-Portal-Signature": f"sha256={signed}",
        }


@transaction.atomic
def make_webhook(*, area: Area, name: str, address: str, by: User, now: dt.datetime) -> Webhook:
    """A new receiver from this moment on; its secret is on the row. Raises Refused NOT_YOURS, ADDRESS_REFUSED."""
    if not by.has_right(RIGHT, area.code):
        raise Refused("NOT_YOURS", _("Your roles do not allow this."))
    check_address(address)
    return Webhook.objects.create(
        area=area, name=name.strip()[:80], address=address, secret=secrets.token_hex(32), made_by=by, made_at=now,
        cursor=feed.cursor_of(now, 0), next_at=now,
    )  # fmt: skip


def check_address(address: str) -> None:
    """Raises Refused ADDRESS_REFUSED, naming what is wrong with it."""
    inside = settings.WEBHOOK_INSIDE
    try:
        outgoing.reachable(outgoing.checked(address, inside=inside), inside=inside)
    except AddressRefused as refusal:
        raise Refused("ADDRESS_REFUSED", answer_words(Answer(0, refusal.code))) from refusal


@transaction.atomic
def stop(*, webhook: Webhook, by: User) -> Webhook:
    """Nothing is sent until it is started again; the cursor stays where it is."""
    row = _locked(webhook.pk)
    row.state, row.because = Webhook.State.STOPPED, _("stopped by %(name)s") % {"name": by.person_name}
    row.save(update_fields=["state", "because"])
    return row


@transaction.atomic
def start(*, webhook: Webhook, by: User, now: dt.datetime) -> Webhook:
    """Send again from where the receiver had got to; older readings than are kept are gone."""
    check_address(webhook.address)
    row = _locked(webhook.pk)
    row.state, row.because, row.failures, row.failing_since, row.next_at = Webhook.State.ACTIVE, "", 0, None, now
    row.save(update_fields=["state", "because", "failures", "failing_since", "next_at"])
    return row


@transaction.atomic
def renew_secret(*, webhook: Webhook, by: User) -> Webhook:
    row = _locked(webhook.pk)
    row.secret = secrets.token_hex(32)
    row.save(update_fields=["secret"])
    return row


def ask_for_pushes(*, now: dt.datetime) -> int:
    """A job for every receiver whose time has come and for whom something lies ready; how many."""
    due = list(Webhook.objects.filter(state=Webhook.State.ACTIVE, next_at__lte=now).order_by("next_at")[:50])
    ready = [hook for hook in due if _page(hook, now, limit=1).rows]
    for hook in ready:
        key = f"push:{hook.pk}:{int(now.timestamp()) // 30}"
        args = {"webhook_id": hook.pk}
        enqueue(kind="telemetry.push_readings", args=args, by=None, area=hook.area_id, idempotency_key=key)
    return len(ready)


@transaction.atomic
def next_batch(*, webhook_id: int, now: dt.datetime) -> Batch | None:
    """The batch under way once more, or a new one; None when nothing is due. Marks it as on its way."""
    row = _locked(webhook_id)
    if row.state != Webhook.State.ACTIVE or row.next_at > now:
        return None
    page = _page(row, now, limit=BATCH)
    if not page.rows and row.batch_id:  # what was on its way is older than readings are kept: go on behind it
        row.cursor, row.batch_id, row.batch_end = row.batch_end, None, ""
        row.save(update_fields=["cursor", "batch_id", "batch_end"])
        page = _page(row, now, limit=BATCH)
    if not page.rows:
        return None
    if row.batch_id is None:
        row.batch_id = uuid.uuid4()
    row.batch_end, row.next_at = page.cursor, now + UNDER_WAY
    row.save(update_fields=["batch_id", "batch_end", "next_at"])
    told = {"batch": str(row.batch_id), "cursor": page.cursor, "results": page.rows}
    return _batch(row, row.batch_id, told, len(page.rows))


@transaction.atomic
def settle(*, batch: Batch, answer: Answer, now: dt.datetime) -> Webhook:
    """Go on behind a batch that was taken; else wait twice as long as before, and give up after three days."""
    row = _locked(batch.webhook)
    if row.batch_id != batch.number:
        return row  # another run has settled it
    row.last_at, row.last_answer = now, answer_words(answer)[:60]
    if answer.ok:
        row.cursor, row.batch_id, row.batch_end = row.batch_end, None, ""
        row.delivered, row.failures, row.failing_since, row.next_at = row.delivered + batch.count, 0, None, now
    else:
        _failed(row, answer, now)
    row.save()
    return row


def trial(*, webhook_id: int) -> Batch:
    """An empty batch that says it is one."""
    row, number = Webhook.objects.get(pk=webhook_id), uuid.uuid4()
    return _batch(row, number, {"batch": str(number), "trial": True, "results": []}, 0)


@transaction.atomic
def note_trial(*, webhook_id: int, answer: Answer, now: dt.datetime) -> Webhook:
    row = _locked(webhook_id)
    row.last_at, row.last_answer = now, answer_words(answer)[:60]
    row.save(update_fields=["last_at", "last_answer"])
    return row


def answer_words(answer: Answer) -> str:
    """What came back, as a sentence for people."""
    words = {
        "ADDRESS": _("Not an address that can be called; it is like https://name/path, without a name and password."),
        "SCHEME": _("Only https:// addresses are called."),
        "UNKNOWN_HOST": _("No machine of this name is known."),
        "CERTIFICATE": _(
            "Its certificate does not prove this name, is too old, or nobody who is trusted has signed it."
        ),
        "PRIVATE": _("This name leads into a private network; nothing is sent there."),
    }
    if answer.status:
        return _("answered %(status)d") % {"status": answer.status}
    return words.get(answer.trouble) or _("no answer (%(why)s)") % {"why": answer.trouble}


def _failed(row: Webhook, answer: Answer, now: dt.datetime) -> None:
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.next_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.failures - 1, 10))
    if answer.status != GONE and now - row.failing_since < GIVE_UP_AFTER:
        return
    words = _("Nothing was taken since %(since)s (%(answer)s). Nothing is sent until somebody starts it again.")
    since = f"{timezone.localtime(row.failing_since):%Y-%m-%d %H:%M}"
    row.state, row.because = Webhook.State.DISABLED, words % {"since": since, "answer": row.last_answer}


def _page(row: Webhook, now: dt.datetime, limit: int) -> feed.Page:
    asked = feed.between(row.cursor, row.batch_end, limit)
    return feed.readings_since(Heater.objects.within(row.area_id), asked, now)


def _batch(row: Webhook, number: uuid.UUID, told: dict[str, object], count: int) -> Batch:
    body = json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()
    return Batch(row.pk, row.address, str(row.secret), number, body, count)


def _locked(pk: int) -> Webhook:
    found: Webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=pk)
    return found
