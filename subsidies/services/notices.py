"""公示: a village's amounts put up with a clock; objections decided; what nobody objected to becomes payable."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.masks import mask_name
from core.refusals import Refused
from programmes.models import Programme
from subsidies.models import Entitlement, Notice, Objection
from subsidies.services.locking import demand_right, hold, next_number

State = Entitlement.State
UPHELD, REJECTED = "upheld", "rejected"


@transaction.atomic
def publish_notice(
    *, programme: Programme, area: Area, by: User, now: dt.datetime | None = None, days: int | None = None
) -> Notice:
    """Put up everything of a village that is due and not yet noticed, names masked, for the programme's days.

    Raises Refused NOT_A_VILLAGE, NO_NOTICE_ASKED, NOTHING_TO_PUBLISH.
    """
    demand_right(by, "notices.publish", area.code)
    if area.level != Area.Level.VILLAGE:
        raise Refused("NOT_A_VILLAGE", _("A notice is put up in one village; “%(area)s” is none."), area=area.name)
    if not programme.notice_required:
        raise Refused("NO_NOTICE_ASKED", _("This programme asks for no public notice."))
    hold(f"notice:{programme.pk}:{area.code}")
    found = list(_to_publish(programme, area))
    if not found:
        raise Refused("NOTHING_TO_PUBLISH", _("Nothing new is due in %(area)s."), area=area.name)
    notice = _create(programme, area, found, by, now or clock.now(), programme.notice_days if days is None else days)
    Entitlement.objects.filter(pk__in=[one.pk for one in found]).update(state=State.NOTICED, notice=notice)
    return notice


@transaction.atomic
def raise_objection(*, entitlement: Entitlement, text: str, by: User, now: dt.datetime | None = None) -> Objection:
    """Write down what somebody holds against an amount on notice; it can't be paid until decided.

    Raises Refused NOT_ON_NOTICE (conflict), TEXT_NEEDED, NOTICE_OVER.
    """
    locked = _locked(entitlement.pk)
    demand_right(by, "notices.publish", locked.area_id)
    if not text.strip():
        raise Refused("TEXT_NEEDED", _("Write down what the objection says."))
    if locked.state != State.NOTICED or locked.notice is None:
        raise Refused("NOT_ON_NOTICE", _("It is not on public notice now."), conflict=True)
    at = now or clock.now()
    if at >= locked.notice.ends_at:
        raise Refused("NOTICE_OVER", _("The notice has ended; write it to the programme office."))
    locked.state = State.OBJECTED
    locked.save(update_fields=["state"])
    return Objection.objects.create(
        entitlement=locked, area_id=locked.area_id, text=text.strip()[:500], raised_at=at, recorded_by=by
    )


@transaction.atomic
def decide_objection(
    *, objection: Objection, decision: str, reason: str, by: User, now: dt.datetime | None = None
) -> Objection:
    """Upheld: the amount goes back to be computed again. Rejected: its notice goes on; if that is over, it is payable.

    Raises Refused DECIDED (conflict), REASON_NEEDED, OWN_RECORD.
    """
    # The notice first, as closing does: otherwise a closing notice could leave the amount behind on notice.
    Notice.objects.select_for_update().filter(entitlements=objection.entitlement_id).first()
    entitlement = _locked(objection.entitlement_id)
    demand_right(by, "objections.decide", entitlement.area_id)
    objection = Objection.objects.select_for_update().select_related("recorded_by").get(pk=objection.pk)
    if objection.decision:
        raise Refused("DECIDED", _("This objection is decided already."), conflict=True)
    if decision not in (UPHELD, REJECTED) or not reason.strip():
        raise Refused("REASON_NEEDED", _("Choose the decision and say why."))
    if objection.recorded_by.person_no == by.person_no:
        raise Refused("OWN_RECORD", _("Who wrote an objection down does not decide it. Another person has to."))
    objection.decision, objection.decision_reason = decision, reason.strip()[:300]
    objection.decided_by, objection.decided_at = by, now or clock.now()
    objection.save(update_fields=["decision", "decision_reason", "decided_by", "decided_at"])
    entitlement.state = _after(decision, entitlement.notice)
    with acting(by, reason=reason.strip()[:300]):
        entitlement.save(update_fields=["state"])
    return objection


def close_notices(*, now: dt.datetime | None = None) -> list[Notice]:
    """End every notice whose time is over; each in its own transaction. Safe beside another run."""
    at = now or clock.now()
    over = (
        Notice.objects.filter(state=Notice.State.OPEN, ends_at__lte=at).order_by("ends_at").values_list("pk", flat=True)
    )
    return [notice for pk in list(over) if (notice := _close(pk, at)) is not None]


def content_hash(content: Iterable[Any]) -> str:
    """Hash of the list as it was put up."""
    text = json.dumps(list(content), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def _close(pk: int, at: dt.datetime) -> Notice | None:
    found = Notice.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, state=Notice.State.OPEN)
    notice = found.select_related("programme").first()
    if notice is None:
        return None
    if notice.programme.settings.get("notice_photo") == "required" and not notice.photos.exists():
        return None  # it is not proven that it was put up; what stands on it waits
    notice.state, notice.closed_at = Notice.State.CLOSED, at
    notice.save(update_fields=["state", "closed_at"])
    notice.entitlements.filter(state=State.NOTICED).update(state=State.PAYABLE)
    return notice


def _to_publish(programme: Programme, area: Area) -> Any:
    found = Entitlement.objects.select_for_update(of=("self",)).within(area.code)
    found = found.filter(programme=programme, state=State.ASSESSED, outcome=Entitlement.Outcome.DUE)
    return found.select_related("dwelling", "household").order_by("dwelling__dwelling_no", "benefit")


def _create(programme: Programme, area: Area, found: list[Entitlement], by: User, at: dt.datetime, days: int) -> Notice:
    content = [
        [one.dwelling.dwelling_no, mask_name(one.household.head_name), one.benefit, one.period, one.amount_fen]
        for one in found
    ]
    return Notice.objects.create(
        programme=programme, area=area, number=next_number(Notice, f"GS-{programme.year_from}-"), published_at=at,
        ends_at=at + dt.timedelta(days=days), published_by=by, content=content, content_hash=content_hash(content),
    )  # fmt: skip


def _locked(pk: int) -> Entitlement:
    return Entitlement.objects.select_for_update(of=("self",)).select_related("notice").get(pk=pk)


def _after(decision: str, notice: Notice | None) -> str:
    if decision == UPHELD:
        return State.HELD
    return State.NOTICED if notice is not None and notice.state == Notice.State.OPEN else State.PAYABLE
