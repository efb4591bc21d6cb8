"""Firms: their certificates and their way into a programme (L-24): put forward, reviewed, admitted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.models import Supplier
from programmes.models import Programme
from retrofits.gates.facts import Limit
from retrofits.gates.firm import WARRANTY
from retrofits.models import Admission, Qualification

ENTER, ADMIT = "works.manage", "enterprises.admit"
State = Admission.State


def may(by: User, right: str, area_code: str) -> None:
    """PermissionDenied unless `by` holds `right` over the place."""
    if not by.has_right(right, area_code):
        raise PermissionDenied(right)


@transaction.atomic
def record_qualification(
    *,
    supplier: Supplier,
    work: str,
    name: str,
    number: str,
    valid_from: date,
    valid_until: date | None,
    issuer: str = "",
    programme: Programme,
    by: User,
) -> Qualification:
    """A certificate of the firm. Raises `Refused` DAYS_REVERSED, NO_SUCH_WORK, CERTIFICATE_KNOWN."""
    may(by, ENTER, programme.area_id)
    if work not in Qualification.Work.values:
        raise Refused("NO_SUCH_WORK", _("“%(work)s” is no kind of work."), work=work)
    if valid_until and valid_until < valid_from:
        raise Refused("DAYS_REVERSED", _("The certificate would end (%(end)s) before it begins."), end=valid_until)
    if Qualification.objects.filter(supplier=supplier, number=number.strip()).exists():
        raise Refused("CERTIFICATE_KNOWN", _("The certificate %(number)s is recorded already."), number=number)
    return Qualification.objects.create(
        supplier=supplier, work=work, name=name.strip(), number=number.strip(), issuer=issuer.strip(),
        valid_from=valid_from, valid_until=valid_until, recorded_by=by,
    )  # fmt: skip


def put_forward(
    *, programme: Programme, supplier: Supplier, on: date | None = None, is_pilot: bool = False, by: User
) -> Admission:
    """A firm asks to work in the programme. Raises `Refused` ADMISSION_OPEN where it has asked or is admitted."""
    may(by, ENTER, programme.area_id)
    try:
        with transaction.atomic():
            return Admission.objects.create(
                programme=programme, area_id=programme.area_id, supplier=supplier, applied_on=on or clock.today(),
                is_pilot=is_pilot, entered_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        words = _("%(firm)s is put forward or admitted already.")
        raise Refused("ADMISSION_OPEN", words, conflict=True, firm=supplier.name) from error


@transaction.atomic
def review_admission(
    *,
    admission: Admission,
    experts: str,
    words: str,
    warranty_months: int,
    service_point: str,
    service_phone: str = "",
    on: date | None = None,
    by: User,
) -> Admission:
    """What the experts found. Raises `Refused` ADMISSION_STATE, NO_EXPERTS, WARRANTY_SHORT (L-77), NO_SERVICE_POINT."""
    kept = _locked(admission, State.APPLIED)
    may(by, ENTER, kept.area_id)
    if not experts.strip() or not words.strip():
        raise Refused("NO_EXPERTS", _("Say which experts reviewed the firm and what they found."))
    if not service_point.strip():
        raise Refused("NO_SERVICE_POINT", _("A service point in the district is asked for."))
    _refuse_short_warranty(kept.programme, warranty_months)
    return _set(
        kept, State.REVIEWED, experts=experts.strip()[:200], review_words=words.strip()[:300],
        warranty_months=warranty_months, service_point=service_point.strip()[:200],
        service_phone=service_phone.strip()[:30], reviewed_on=on or clock.today(),
    )  # fmt: skip


@transaction.atomic
def decide_admission(
    *, admission: Admission, admit: bool, reason: str = "", on: date | None = None, by: User
) -> Admission:
    """Admit or refuse a reviewed firm; never by the person who put it forward.

    Raises `Refused` ADMISSION_STATE, OWN_ENTRY, NO_QUALIFICATION (J-72), REASON_MISSING.
    """
    kept = _locked(admission, State.REVIEWED)
    may(by, ADMIT, kept.area_id)
    if kept.entered_by.person_no == by.person_no:
        raise Refused("OWN_ENTRY", _("You put this firm forward yourself; somebody else decides."))
    day = on or clock.today()
    if not admit:
        if not reason.strip():
            raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
        return _set(kept, State.REFUSED, end_reason=reason.strip()[:300], decided_by=by)
    if not any(one.holds_on(day) for one in kept.supplier.qualifications.all()):
        words = _("%(firm)s shows no certificate that holds on %(day)s.")
        raise Refused("NO_QUALIFICATION", words, firm=kept.supplier.name, day=day)
    return _set(kept, State.ADMITTED, admitted_on=day, decided_by=by)


@transaction.atomic
def end_admission(*, admission: Admission, reason: str, on: date | None = None, by: User) -> Admission:
    """The firm works here no longer; what it installed stays. Raises `Refused` ADMISSION_STATE, REASON_MISSING."""
    kept = _locked(admission, State.ADMITTED)
    may(by, ADMIT, kept.area_id)
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    return _set(kept, State.ENDED, ended_on=on or clock.today(), end_reason=reason.strip()[:300])


def _locked(admission: Admission, state: str) -> Admission:
    kept = (
        Admission.objects.select_for_update(of=("self",)).select_related("programme", "supplier").get(pk=admission.pk)
    )
    if kept.state != state:
        words = _("The admission is “%(state)s” by now; load the page again.")
        raise Refused("ADMISSION_STATE", words, conflict=True, state=kept.get_state_display())
    return kept


def _set(kept: Admission, state: str, **values: Any) -> Admission:
    for name, value in values.items():
        setattr(kept, name, value)
    kept.state, kept.version = state, kept.version + 1
    kept.save(update_fields=["state", "version", *values])
    return kept


def _refuse_short_warranty(programme: Programme, months: int) -> None:
    row = programme.thresholds.filter(code=WARRANTY).first()
    if row is None:
        return
    limit = Limit(row.operator, row.value, row.unit)
    if not limit.holds(Decimal(months) / 12):
        words = _("A warranty of %(months)s months is too short; the programme asks for %(limit)s (%(clause)s).")
        raise Refused("WARRANTY_SHORT", words, months=months, limit=str(limit), clause=row.clause)
