"""What the page of a heater and its parts show, gathered once for both."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, CharField, F, OuterRef, Subquery, When
from django.db.models.functions import Cast, JSONObject, Length
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.access import get_visible_or_404
from accounts.rights import ROLES, roles_with
from core import clock
from core.seasons import SeasonRule
from devices.models import Command, DockingCertificate, Heater, Supplier
from devices.protocol.profiles import Profile
from programmes.models import Programme
from telemetry import charts, days, evidence, queries, registers, states
from telemetry.days import Day, Stretch
from telemetry.door import may_check, worded
from telemetry.models import Alert, DoorCheck, HourlyRollup, LatestReading
from telemetry.partitions import bounds_of
from telemetry.states import HeaterState
from telemetry.views.relay import CommandShown

COMMAND_RIGHT = "devices.command"
FLOOR_C = 16.0
OPEN_STATES = (Command.State.QUEUED, Command.State.SENT, Command.State.ECHOED)
SHOWN_COMMANDS = 5


def heater_of(request: HttpRequest, platform_no: str, right: str = "devices.view") -> Heater:
    """The heater of an address, inside the person's area, or 404; 403 without `right` there."""
    rows = Heater.objects.select_related(
        "bus", "area__parent", "latest", "profile", "device_model__supplier", "dwelling__household"
    ).annotate(confirmation_no=_confirmed(), door_said=_read_at_door(), outlet=_outlet(), visited=_visited(), **_RECORD)
    found: Heater = get_visible_or_404(rows, request.user, right, platform_no=platform_no)
    return found


def _confirmed() -> Subquery:
    """The docking confirmation of the heater's model that holds today."""
    rows = DockingCertificate.objects.filter(
        device_model=OuterRef("device_model"), state=DockingCertificate.State.VALID, valid_until__gte=clock.today()
    )
    return Subquery(rows.order_by("-issued_on").values("number")[:1])


# From the record of the installation, which is a later app's.
_RECORD: dict[str, F] = {
    "recorded_task": F("installation__task"), "recorded_area_m2": F("installation__heated_area_m2"),
    "latitude": F("installation__latitude"), "longitude": F("installation__longitude"),
    "wireless_no": F("installation__wireless_address_code"), "policy_no": F("device_model__product__insurance_no"),
    "insured_until": F("device_model__product__insurance_until"),
}  # fmt: skip


def _outlet() -> Subquery:
    """The maker's service outlet that is nearest by its place: in the village, the town, the county, anywhere."""
    rows = Supplier.objects.filter(pk=OuterRef("device_model__supplier"), outlets__closed_on=None)
    rows = rows.filter(outlets__isnull=False).annotate(home=Cast(OuterRef("area_id"), CharField()))
    near = Case(When(home__startswith=F("outlets__area_id"), then=Length("outlets__area_id")), default=0)
    told = JSONObject(name=F("outlets__name"), phone=F("outlets__phone"))
    return Subquery(rows.order_by(near.desc(), "outlets__name").values(said=told)[:1])


def _visited() -> Subquery:
    """The day of the newest visit of the service people to this heater."""
    rows = Heater.objects.filter(pk=OuterRef("pk"), maintenance__isnull=False).order_by("-maintenance__visited_on")
    return Subquery(rows.values("maintenance__visited_on")[:1])


def _read_at_door() -> Subquery:
    """The newest reads made before the heater, as what `telemetry/part_door.html` shows."""
    rows = DoorCheck.objects.filter(heater=OuterRef("pk")).order_by("-at", "-pk")
    told = {name: name for name in ("at", "passed", "asked", "good", "lines")}
    return Subquery(rows.values(said=JSONObject(**told, person=F("by__person_name")))[:1])


@dataclass
class Shown:
    """One heater at one moment."""

    heater: Heater
    now: dt.datetime
    user: Any
    asked_season: str = ""

    @classmethod
    def of(cls, request: HttpRequest, platform_no: str) -> Shown:
        """`?season=` names a season by the year of its first day."""
        asked = request.GET.get("season", "")[:4]
        return cls(heater_of(request, platform_no), clock.now(), request.user, asked)

    @cached_property
    def latest(self) -> LatestReading | None:
        return getattr(self.heater, "latest", None)

    @cached_property
    def period_s(self) -> int:
        return queries.period_at(self.heater.area_id)

    @cached_property
    def state(self) -> HeaterState:
        return states.state_of(self.latest, self.now, self.period_s)

    @property
    def look(self) -> str:
        return states.LOOKS[self.state]

    @property
    def has_data(self) -> bool:
        return self.state not in (HeaterState.SILENT, HeaterState.NEVER, HeaterState.ERRORS)

    @cached_property
    def profile(self) -> Profile:
        return queries.profile_of(self.heater.profile_id)

    @property
    def flow_words(self) -> tuple[str, str]:
        return charts.flow_words(self.profile.medium)

    @property
    def mode(self) -> str:
        return registers.mode_words(self.latest.mode) if self.latest else ""

    @property
    def fault(self) -> str:
        return registers.fault_words(self.profile, self.latest.fault) if self.latest and self.latest.fault else ""

    @cached_property
    def programme(self) -> Programme | None:
        """The newest programme whose place holds the heater."""
        codes = [self.heater.area_id[:n] for n in (2, 4, 6, 9, 12, 15)]
        return Programme.objects.filter(area_id__in=codes).order_by("-year_from", "code").first()

    @property
    def floor_c(self) -> float:
        """The room temperature the contract promises (annex 2, item 16)."""
        return float(self.programme.room_temp_min_c) if self.programme else FLOOR_C

    @property
    def household_url(self) -> str:
        """The household's file, where it exists and the person may open it."""
        dwelling = self.heater.dwelling
        if dwelling is None or not self.user.has_right("households.view", dwelling.area_id):
            return ""
        try:
            return reverse("reports:household-detail", args=[dwelling.dwelling_no])
        except NoReverseMatch:
            return ""

    @property
    def energy_today_kwh(self) -> Decimal | None:
        """Counter now minus the first reading of the day; None when either is missing or the counter went back."""
        if not self.latest or self.latest.energy_dkwh is None or not self.has_data:
            return None
        midnight = timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0)
        today = self.heater.readings.filter(at__gte=midnight, energy_dkwh__isnull=False).order_by("at")
        first = today.values_list("energy_dkwh", flat=True).first()
        if first is None or self.latest.energy_dkwh < first:
            return None
        return Decimal(self.latest.energy_dkwh - first) / 10

    @cached_property
    def seasons(self) -> list[Stretch]:
        """The seasons of this heater from its first day to today, or to the day it was removed; newest first."""
        held = self.programme or Programme()
        today, first, gone = timezone.localdate(self.now), self.heater.installed_on, self.heater.removed_on
        last = min(gone or today, today)
        return days.seasons_of(SeasonRule.parse(held.season_start, held.season_end), min(first, last), last)

    @cached_property
    def season(self) -> Stretch:
        """The one asked for, otherwise the newest."""
        return next((one for one in self.seasons if str(one.year) == self.asked_season), self.seasons[0])

    @property
    def season_query(self) -> str:
        """What an address of this page adds to show an earlier season than the newest."""
        return "" if self.season == self.seasons[0] else f"&season={self.season.year}"

    @property
    def heard_before_season(self) -> bool:
        """Whether an hour of this heater is known from before the season."""
        return HourlyRollup.objects.filter(heater=self.heater, hour__lt=bounds_of(self.season.first_day)[0]).exists()

    @cached_property
    def days(self) -> dict[dt.date, Day]:
        """The season so far by day."""
        return days.days_of(self.heater, self.season, self.now)

    @property
    def recent_days(self) -> list[Day]:
        """The last seven days of the season, newest first; those nobody heard of are among them."""
        return self.all_days[:7]

    @property
    def all_days(self) -> list[Day]:
        return days.newest_first(self.days, self.season)

    @property
    def today(self) -> Day | None:
        return self.days.get(timezone.localdate(self.now))

    @property
    def energy_season_kwh(self) -> Decimal | None:
        return days.energy_of(self.days.values())

    @property
    def place(self) -> Any:
        """Where the heater hangs, as a link to the record of its installation for those who may open it; where there is
        no record, by the dwelling. None where neither knows."""
        heater, dwelling = self.heater, self.heater.dwelling
        north, east = (getattr(heater, name, None) for name in ("latitude", "longitude"))
        if north is None or east is None:
            north, east = (dwelling.latitude, dwelling.longitude) if dwelling else (None, None)
        if north is None or east is None:
            return None
        words = f"N {north:.4f} E {east:.4f}"
        task = getattr(heater, "recorded_task", None)
        if not task or not self.user.has_right("tasks.view", heater.area_id):
            return words
        return format_html('<a href="{}">{}</a>', reverse("retrofits:task-detail", args=[task]), words)

    @property
    def heated_area(self) -> str | None:
        recorded = getattr(self.heater, "recorded_area_m2", None)
        dwelling = self.heater.dwelling
        found = recorded if recorded is not None else dwelling.heated_area_m2 if dwelling else None
        return f"{found.normalize():f} ㎡" if found else None

    @property
    def door(self) -> dict[str, Any] | None:
        """The newest reads made before the heater; None where there were none."""
        said: dict[str, Any] | None = getattr(self.heater, "door_said", None)
        if said is None:
            return None
        at = dt.datetime.fromisoformat(said["at"])
        return said | {"at": at, "by": {"person_name": said["person"]}, "lines": worded(said["lines"])}

    @property
    def may_check(self) -> bool:
        return not self.heater.removed_on and may_check(self.user, self.heater)

    @property
    def confirmation(self) -> Any:
        """The confirmation's number as a link, or the day another platform confirmed; None: neither."""
        number = getattr(self.heater, "confirmation_no", None)
        if not number:
            return self.heater.device_model.docking_confirmed_on
        return format_html('<a href="{}">{}</a>', reverse("devices:certificate-print", args=[number]), number)

    @property
    def spread(self) -> Decimal | None:
        if not self.latest or self.latest.supply_dc is None or self.latest.return_dc is None:
            return None
        return Decimal(self.latest.supply_dc - self.latest.return_dc) / 10

    @property
    def facts(self) -> list[tuple[str | Promise, Any]]:
        heater, model = self.heater, self.heater.device_model
        dwelling = heater.dwelling
        return [
            (_("Household no."), dwelling.household.household_no if dwelling else None),
            (_("Heated area"), self.heated_area),
            (_("Coordinates"), self.place),
            (_("Model"), str(model)),
            (_("Supplier"), str(model.supplier)),
            (_("Factory address code"), heater.factory_no),
            (_("Wireless unit"), getattr(heater, "wireless_no", None)),
            (_("Line"), heater.bus.line),
            (_("Unit"), f"{heater.unit} (0x{heater.unit:02X})"),
            (_("Register profile"), str(heater.profile)),
            (_("Docking confirmed"), self.confirmation),
            (_("Installed on"), heater.installed_on),
            (_("Product insurance"), self.insurance),
            (_("Maintenance"), self.maintenance),
        ]

    @property
    def insurance(self) -> str | None:
        """Until when the product is insured, and by which policy; None where nothing is on file."""
        until, policy = (getattr(self.heater, name, None) for name in ("insured_until", "policy_no"))
        if until is None:
            return policy or None
        words = _("until %(day)s") if until >= timezone.localdate(self.now) else _("ended on %(day)s")
        return f"{words % {'day': until.isoformat()}} {policy or ''}".strip()

    @property
    def maintenance(self) -> str | None:
        """Who comes when something is wrong, and when they were here last."""
        outlet, visited = (getattr(self.heater, name, None) for name in ("outlet", "visited"))
        told = [f"{outlet['name']} {outlet['phone']}"] if outlet else []
        told += [_("last visit %(day)s") % {"day": visited.isoformat()}] if visited else []
        return " · ".join(told) or None

    @property
    def repair_url(self) -> str:
        """Where a repair ticket is written for this home, for those who may; "" for the others."""
        area, dwelling = self.heater.area_id, self.heater.dwelling
        if not any(self.user.has_right(right, area) for right in ("tickets.handle", "cases.own")):
            return ""
        known = {"kind": "repair", "area": area, "supplier": self.heater.device_model.supplier_id,
                 "title": f"{self.heater.device_model} {self.heater.platform_no}"[:80]}  # fmt: skip
        known |= {"dwelling_no": dwelling.dwelling_no} if dwelling else {}
        return f"{reverse('supervision:case-new', args=['tickets'])}?{urlencode(known)}"

    @cached_property
    def alerts(self) -> list[AlertShown]:
        rows = self.heater.alerts.select_related("acknowledged_by").order_by("cleared_at", "-opened_at")
        newest = sorted(rows[:30], key=lambda a: (a.cleared_at is not None, -a.opened_at.timestamp()))
        return [AlertShown(alert, self.now, self.profile) for alert in newest[:6]]

    @property
    def may_acknowledge(self) -> bool:
        return bool(self.user.has_right("alerts.handle", self.heater.area_id))

    @cached_property
    def command_denied(self) -> str:
        """Why this person can send nothing to this heater, with who could change that; "" when they can."""
        if self.heater.removed_on:
            return _("This heater has been removed; nothing can be sent to it.")
        if not self.profile.writes:
            return _("The register profile of this model has nothing to write.")
        if self.user.has_right(COMMAND_RIGHT, self.heater.area_id):
            return ""
        roles = "、".join(str(ROLES[code].label) for code in roles_with(COMMAND_RIGHT))
        return _(
            "You may look but not send commands here. Roles that may: %(roles)s. The security administrator of your "
            "unit grants them."
        ) % {"roles": roles}

    @cached_property
    def commands(self) -> list[CommandShown]:
        rows = self.heater.commands.select_related("requested_by").order_by("-requested_at")
        return [CommandShown(command) for command in rows[:SHOWN_COMMANDS]]

    @property
    def is_commanding(self) -> bool:
        return any(shown.command.state in OPEN_STATES for shown in self.commands)


@dataclass(frozen=True)
class AlertShown:
    """An alert with its evidence in words."""

    alert: Alert
    now: dt.datetime
    profile: Profile

    @property
    def evidence(self) -> str:
        return evidence.words(self.alert, self.profile)

    @property
    def is_suspicion(self) -> bool:
        return self.alert.kind in Alert.VISITS

    @property
    def duration(self) -> str:
        return duration_words((self.alert.cleared_at or self.now) - self.alert.opened_at)


def duration_words(length: dt.timedelta) -> str:
    """A length of time in its largest two units that matter."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return _("under a minute")
    if minutes < 60:
        return _("%(m)d min") % {"m": minutes}
    if minutes < 48 * 60:
        return _("%(h)d h %(m)d min") % {"h": minutes // 60, "m": minutes % 60}
    return _("%(d)d days %(h)d h") % {"d": minutes // 1440, "h": minutes % 1440 // 60}
