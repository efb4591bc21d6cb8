"""Room temperatures: measured at a visit, read from the homes' own sensors, or taken after a complaint (B-02)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from heatsupply.models import FeeAccount, HeatingCompany, RoomSample
from heatsupply.models.owned import MANAGE
from heatsupply.services.permits import may_keep
from heatsupply.terms.fees import season_rule
from programmes.models import Programme
from telemetry.models import LatestReading

Source = RoomSample.Source
LOW_DC, HIGH_DC = -400, 600
FRESH = timedelta(hours=24)
"""A sensor's value older than this says nothing about today."""


@transaction.atomic
def record_room_sample(
    *, programme: Programme, company: HeatingCompany, room_c: Decimal, source: str, measured_at: datetime,
    account: FeeAccount | None = None, words: str = "", by: User, now: datetime,
) -> RoomSample:  # fmt: skip
    """One temperature a person took. Raises `Refused` SAMPLE_FAULTY, OUT_OF_SEASON, SAMPLE_KNOWN (409)."""
    if not may_keep(by, company):
        raise PermissionDenied(MANAGE)
    room_dc = int(room_c * 10)
    if room_dc != room_c * 10 or not LOW_DC <= room_dc <= HIGH_DC:
        raise Refused("SAMPLE_FAULTY", _("A room temperature has one decimal and lies between -40 and 60 degrees."))
    if source not in (Source.VISIT, Source.COMPLAINT) or measured_at > now:
        raise Refused("SAMPLE_FAULTY", _("Choose how it was measured, and a moment that does not lie in the future."))
    if account is not None and (account.company_id, account.programme_id) != (company.pk, programme.pk):
        raise Refused("SAMPLE_FAULTY", _("This account belongs to another company."))
    known = RoomSample.objects.filter(account=account, source=source, measured_at=measured_at)
    if account is not None and known.exists():
        raise Refused("SAMPLE_KNOWN", _("This sample is recorded already."), conflict=True)
    return RoomSample.objects.create(
        programme=programme, company=company, area_id=account.area_id if account else company.area_id,
        season=season_at(programme, measured_at), account=account, source=source, room_dc=room_dc,
        measured_at=measured_at, words=words.strip()[:200], recorded_by=by,
    )  # fmt: skip


def season_at(programme: Programme, moment: datetime) -> str:
    """Label of the season of that moment. Raises `Refused` OUT_OF_SEASON."""
    season = season_rule(programme).season_of(timezone.localtime(moment).date())
    if season is None:
        raise Refused("OUT_OF_SEASON", _("Nobody is heated on that day; a sample belongs to the heating season."))
    return season.label


@transaction.atomic
def take_sensor_samples(*, programme: Programme, company: HeatingCompany, season: str, by: User, now: datetime) -> int:
    """The newest room temperature of every account whose home has a sensor, not older than a day; returns how many.

    Asked again at once nothing is added: a sensor's value counts once.
    """
    if not may_keep(by, company):
        raise PermissionDenied(MANAGE)
    if season_at(programme, now) != season:
        raise Refused("OUT_OF_SEASON", _("Sensors tell of now; choose the running season."))
    accounts = FeeAccount.objects.filter(
        programme=programme, company=company, season=season, dwelling__isnull=False
    ).values_list("pk", "dwelling_id", "area_id")
    homes = {dwelling: (key, area) for key, dwelling, area in accounts}
    told = LatestReading.objects.filter(
        heater__dwelling__in=homes, room_dc__isnull=False, at__gte=now - FRESH, at__lte=now
    ).order_by("heater_id")
    common = {"programme": programme, "company": company, "season": season, "source": Source.SENSOR, "recorded_by": by}
    rows = [
        RoomSample(account_id=homes[home][0], area_id=homes[home][1], room_dc=room_dc, measured_at=at, **common)
        for home, room_dc, at in told.values_list("heater__dwelling_id", "room_dc", "at")
        if home in homes and room_dc is not None and at is not None and LOW_DC <= room_dc <= HIGH_DC
    ]  # fmt: skip
    before = RoomSample.objects.filter(company=company, season=season, source=Source.SENSOR).count()
    RoomSample.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return int(RoomSample.objects.filter(company=company, season=season, source=Source.SENSOR).count() - before)
