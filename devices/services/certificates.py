"""数据对接确认书: issued for a passed docking test, shown to anybody who holds its code, suspended when what was tested
is no longer what is installed (new register profile, new firmware)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from devices.conformance.steps import address_words
from devices.models import DeviceModel, DockingCertificate, DockingTest, RegisterProfile
from devices.protocol.profile_files import parse_profile

VALID_DAYS = 3 * 365
"""Three years, our proposal: the plan names none."""
CODE_BYTES = 9
State = DockingCertificate.State


@transaction.atomic
def issue_certificate(*, test: DockingTest, by: User, now: dt.datetime) -> DockingCertificate:
    """Put the confirmation on file; from now on the model may be tendered and installed (J-29).

    Raises Refused: NOT_PASSED, SAME_PERSON (who tested does not confirm), HAS_CERTIFICATE, PROFILE_CHANGED.
    """
    test = DockingTest.objects.select_for_update().get(pk=test.pk)
    _check_issue(test, by)
    today = timezone.localdate(now)
    number, valid_until = _number(today.year), today + dt.timedelta(days=VALID_DAYS)
    document = _document(test, number, today, valid_until, by)
    made = DockingCertificate.objects.create(
        number=number, code=secrets.token_hex(CODE_BYTES), test=test, device_model=test.device_model,
        profile=test.profile, document=document, sha256=digest_of(document), issued_by=by, issued_on=today,
        valid_until=valid_until,
    )  # fmt: skip
    DeviceModel.objects.filter(pk=test.device_model_id).update(docking_confirmed_on=today, profile=test.profile)
    return made


@transaction.atomic
def suspend_certificates(
    *, because: str, now: dt.datetime, profile_name: str = "", but_version: int = 0, only_version: int = 0,
    certificate: DockingCertificate | None = None,
) -> int:  # fmt: skip
    """Suspend valid confirmations: of a profile's other versions, of one version, or a single one. Returns how many.

    Their models lose the day of confirmation, so that the gates hold them, unless another confirmation still stands.
    """
    rows = DockingCertificate.objects.filter(state=State.VALID)
    if certificate is not None:
        rows = rows.filter(pk=certificate.pk)
    else:
        rows = rows.filter(profile__name=profile_name)
        rows = (
            rows.filter(profile__version=only_version) if only_version else rows.exclude(profile__version=but_version)
        )
    found = list(rows.select_for_update(of=("self",)).values_list("pk", "device_model_id"))
    DockingCertificate.objects.filter(pk__in=[pk for pk, _model in found]).update(
        state=State.SUSPENDED, suspended_at=now, suspended_because=because[:200]
    )
    for model_id in {model for _pk, model in found}:
        if confirmation_of(model_id, timezone.localdate(now)) is None:
            DeviceModel.objects.filter(pk=model_id).update(docking_confirmed_on=None)
    return len(found)


def firmware_changed(*, certificate: DockingCertificate, firmware: str, by: User, now: dt.datetime) -> int:
    """The supplier ships another firmware than the one tested: the confirmation is suspended until it is tested."""
    tested = {certificate.test.board_firmware, certificate.test.dtu_firmware}
    if not firmware.strip() or firmware.strip() in tested:
        raise Refused("SAME_FIRMWARE", _("Write the new firmware; it has to differ from the one that was tested."))
    because = _("new firmware %(firmware)s") % {"firmware": firmware.strip()[:60]}
    return suspend_certificates(certificate=certificate, because=because, now=now)


def confirmation_of(model: DeviceModel | int, on: dt.date) -> DockingCertificate | None:
    """The newest confirmation of a model that holds on that day, for gates and acceptance."""
    key = model if isinstance(model, int) else model.pk
    rows = DockingCertificate.objects.filter(device_model=key, state=State.VALID, issued_on__lte=on)
    return rows.filter(valid_until__gte=on).order_by("-issued_on", "-pk").first()


@dataclass(frozen=True)
class Standing:
    """How a model stands with its docking: `state` is valid, suspended, expired, elsewhere (its catalogue entry names
    a day, the portal has no paper of its own) or none; `certificate` the newest one of the portal's own."""

    state: str
    certificate: DockingCertificate | None = None

    @property
    def holds(self) -> bool:
        return self.state in ("valid", "elsewhere")


def standing_of(model: DeviceModel, on: dt.date) -> Standing:
    """From the certificates; the day in the model's entry counts only where there never was one."""
    held = confirmation_of(model, on)
    if held is not None:
        return Standing("valid", held)
    newest = DockingCertificate.objects.filter(device_model=model).order_by("-issued_on", "-pk").first()
    if newest is None:
        return Standing("elsewhere" if model.docking_confirmed_on else "none")
    return Standing("suspended" if newest.state == State.SUSPENDED else "expired", newest)


def shown_by(number: str, code: str) -> DockingCertificate | None:
    """The confirmation whose paper somebody holds: number and code have to fit."""
    rows = DockingCertificate.objects.select_related("device_model__supplier", "profile", "test")
    found = rows.filter(number=number).first()
    return found if found and secrets.compare_digest(found.code, code) else None


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON; what the JSON file and the public page show."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_issue(test: DockingTest, by: User) -> None:
    if test.state != DockingTest.State.PASSED:
        raise Refused("NOT_PASSED", _("Only a passed test is confirmed."))
    if test.opened_by_id == by.pk:
        raise Refused("SAME_PERSON", _("Who ran the test does not confirm it; somebody else looks at the evidence."))
    if DockingCertificate.objects.filter(test=test).exists():
        raise Refused("HAS_CERTIFICATE", _("This test has its confirmation already."), conflict=True)
    newer = Q(name=test.profile.name, version__gt=test.profile.version, state=RegisterProfile.State.RELEASED)
    if test.profile.state != RegisterProfile.State.RELEASED or RegisterProfile.objects.filter(newer).exists():
        words = _("The register profile that was tested is not the released one any more; test again.")
        raise Refused("PROFILE_CHANGED", words)


def _document(
    test: DockingTest, number: str, issued_on: dt.date, valid_until: dt.date, by: User
) -> dict[str, Any]:  # fmt: skip
    """Everything the certificate says, as it is issued; frames stay with the test, which it names."""
    model, profile = test.device_model, parse_profile(test.profile.document)
    told = ("number", "state", "message", "by", "at", "answers")
    return {
        "number": number,
        "issued_on": issued_on.isoformat(),
        "valid_until": valid_until.isoformat(),
        "issued_by": by.unit,
        "signed_by": by.person_name,
        "tested_by": f"{test.opened_by.unit} {test.opened_by.person_name}",
        "test": test.number,
        "supplier": model.supplier.name,
        "model": {"name": model.name, "number": model.model_no, "kind": model.kind},
        "profile": {"name": profile.name, "version": profile.version, "sha256": profile.digest},
        "board_firmware": test.board_firmware,
        "dtu_firmware": test.dtu_firmware,
        "sample_received_on": test.sample_received_on.isoformat(),
        "protocol": {"name": test.protocol_name, "sha256": test.protocol_sha256},
        "addresses": address_words(profile),
        "steps": [{key: step.get(key) for key in told} for step in test.steps],
    }


def _number(year: int) -> str:
    begin = f"DJ-{year}-"
    last = DockingCertificate.objects.filter(number__startswith=begin).order_by("-number").first()
    return f"{begin}{int(last.number[len(begin) :]) + 1 if last else 1:04d}"
