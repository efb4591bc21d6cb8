"""Product sampling (J-53): a result per model and batch; a failed one blocks the model until it is lifted."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.models import DeviceModel, ModelSample
from programmes.models import Programme

RIGHT = "samples.record"


def _may(by: User, programme: Programme) -> None:
    if not by.has_right(RIGHT, programme.area_id):
        raise PermissionDenied(RIGHT)


@transaction.atomic
def record_sample(
    *,
    programme: Programme,
    device_model: DeviceModel,
    batch_no: str,
    report_no: str,
    laboratory: str,
    sampled_on: date,
    result: str,
    findings: str = "",
    by: User,
    today: date | None = None,
) -> ModelSample:
    """Raises `Refused` SAMPLE_FAULTY, SAMPLE_KNOWN (409)."""
    _may(by, programme)
    if not (batch_no.strip() and report_no.strip() and laboratory.strip()):
        raise Refused("SAMPLE_FAULTY", _("A sample needs its batch, the number of the report and the laboratory."))
    if result not in ModelSample.Result.values or sampled_on > (today or clock.today()):
        raise Refused("SAMPLE_FAULTY", _("Choose a result and a day that does not lie in the future."))
    if result == ModelSample.Result.FAILED and not findings.strip():
        raise Refused("SAMPLE_FAULTY", _("Say what the laboratory found."))
    try:
        with transaction.atomic():
            return ModelSample.objects.create(
                programme=programme, area_id=programme.area_id, device_model=device_model,
                batch_no=batch_no.strip()[:60], report_no=report_no.strip()[:60], laboratory=laboratory.strip()[:120],
                sampled_on=sampled_on, result=result, findings=findings.strip()[:300], recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("SAMPLE_KNOWN", _("This report is recorded already."), conflict=True) from error


@transaction.atomic
def lift_block(*, sample: ModelSample, reason: str, on: date, by: User) -> ModelSample:
    """The model may be installed again, for a stated reason (a later batch passed, the batch was called back).

    Raises `Refused` WORDS_MISSING, SAMPLE_STATE (409).
    """
    kept: ModelSample = (
        ModelSample.objects.select_for_update(of=("self",)).select_related("programme").get(pk=sample.pk)
    )
    if not by.has_right("supervision.act", kept.area_id):
        raise PermissionDenied("supervision.act")
    if not reason.strip():
        raise Refused("WORDS_MISSING", _("Say in words what was done or why."))
    if not kept.blocks:
        raise Refused("SAMPLE_STATE", _("This result blocks nothing."), conflict=True)
    kept.lifted_on, kept.lifted_reason = on, reason.strip()[:300]
    with acting(by, reason.strip()[:300]):
        kept.save(update_fields=["lifted_on", "lifted_reason"])
    return kept
