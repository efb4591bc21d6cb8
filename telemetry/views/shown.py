"""What the page of a heater and its parts show, gathered once for both."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.access import get_visible_or_404
from accounts.rights import ROLES, roles_with
from core import clock
from devices.models import Command, DockingCertificate, Heater
from devices.protocol.profiles import Profile
from devices.words import change_words, value_words
from programmes.models import Programme
from telemetry import charts, days, evidence, queries, registers, states
from telemetry.models import Alert, LatestReading
from telemetry.states import HeaterState

COMMAND_RIGHT = "devices.command"
FLOOR_C = 16.0
OPEN_STATES = (Command.State.QUEUED, Command.State.SENT, Command.State.ECHOED)
SHOWN_COMMANDS = 5


def heater_of(request: HttpRequest, platform_no: str, right: str = "devices.view") -> Heater:
    """The heater of an address, inside the person's area, or 404; 403 without `right` there."""
    rows = Heater.objects.select_related(
        "bus", "area__parent", "latest", "profile", "device_model__supplier", "dwelling__household"
    ).annotate(confirmation_no=_confirmed())
    found: Heater = get_visible_or_404(rows, request.user, right, platform_no=platform_no)
    return found


def _confirmed() -> Subquery:
    """The docking confirmation of the heater's model that holds today."""
    rows = DockingCertificate.objects.filter(
        device_model=OuterRef("device_model"), state=DockingCertificate.State.VALID, valid_until__gte=clock.today()
    )
    return Subquery(rows.order_by("-issued_on").values("number")[:1])


@dataclass
class Shown:
    """One heater at one moment."""

    heater: Heater
    now: dt.datetime
    user: Any

    @classmethod
    def of(cls, request: HttpRequest, platform_no: str) -> Shown:
        return cls(heater_of(request, platform_no), clock.now(), request.user)

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
        return self.state not in (HeaterState.SILENT, HeaterState.NEVER)

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
    def season_start(self) -> dt.date:
        month_day = self.programme.season_start if self.programme else "11-01"
        return charts.season_start(month_day, timezone.localdate(self.now))

    @cached_property
    def days(self) -> dict[dt.date, days.Day]:
        """The season so far by day."""
        return days.days_of(self.heater, self.season_start, self.now)

    @property
    def recent_days(self) -> list[days.Day]:
        """The last seven days of the season, today first; those nobody heard of are among them."""
        last = timezone.localdate(self.now)
        return days.newest_first(self.days, max(self.season_start, last - dt.timedelta(days=6)), last)

    @property
    def all_days(self) -> list[days.Day]:
        return days.newest_first(self.days, self.season_start, timezone.localdate(self.now))

    @property
    def today(self) -> days.Day | None:
        return self.days.get(timezone.localdate(self.now))

    @property
    def energy_season_kwh(self) -> Decimal | None:
        return days.energy_of(self.days.values())

    @property
    def place(self) -> str | None:
        """Where the heater hangs; None where the dwelling has no coordinates."""
        dwelling = self.heater.dwelling
        if dwelling is None or dwelling.latitude is None or dwelling.longitude is None:
            return None
        return f"N {dwelling.latitude:.4f} E {dwelling.longitude:.4f}"

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
            (_("Heated area"), f"{dwelling.heated_area_m2:g} ㎡" if dwelling and dwelling.heated_area_m2 else None),
            (_("Coordinates"), self.place),
            (_("Model"), str(model)),
            (_("Supplier"), str(model.supplier)),
            (_("Factory address code"), heater.factory_no),
            (_("Line"), heater.bus.line),
            (_("Unit"), f"{heater.unit} (0x{heater.unit:02X})"),
            (_("Register profile"), str(heater.profile)),
            (_("Docking confirmed"), self.confirmation),
            (_("Installed on"), heater.installed_on),
        ]

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


@dataclass(frozen=True)
class Hop:
    """One of the four hops of a command: `look` did, fail or "" (not reached)."""

    title: str
    look: str
    note: str = ""


_REACHED = {
    Command.State.QUEUED: (1, ""), Command.State.SENT: (2, ""), Command.State.ECHOED: (3, ""),
    Command.State.VERIFIED: (4, ""), Command.State.MISMATCH: (3, "fail"), Command.State.REFUSED: (2, "fail"),
    Command.State.UNKNOWN: (2, "fail"), Command.State.EXPIRED: (1, "fail"),
    Command.State.HELD: (1, ""), Command.State.DECLINED: (1, "fail"),
}  # fmt: skip


@dataclass(frozen=True)
class CommandShown:
    """A command as a relay of four hops; success is the read-back, not the sending."""

    command: Command

    @property
    def title(self) -> str:
        command = self.command
        return change_words(command.point, command.before, command.asked)

    @property
    def hops(self) -> list[Hop]:
        reached, broken = _REACHED[Command.State(self.command.state)]
        titles = [_("asked for"), _("sent to the line"), _("echoed"), _("read back, equal")]
        notes = self._notes()
        looks = ["did" if i < reached else broken if i == reached else "" for i in range(4)]
        return [Hop(*hop) for hop in zip(titles, looks, notes, strict=True)]

    def _notes(self) -> list[str]:
        command = self.command
        asked = f"{timezone.localtime(command.requested_at):%H:%M:%S}"
        echo = "" if command.duration_ms is None else f"{command.duration_ms} ms"
        ended = ""
        if command.finished_at:
            ended = _("+%(s).1f s") % {"s": (command.finished_at - command.requested_at).total_seconds()}
        if command.state == Command.State.MISMATCH and command.after is not None:
            ended = _("reads %(c)s") % {"c": value_words(command.point, command.after)}
        return [asked, "", echo, ended]

    @property
    def words(self) -> str:
        """State and, where it ended badly, why."""
        why = registers.why(self.command.note) if self.command.note else ""
        return f"{self.command.get_state_display()} · {why}" if why else str(self.command.get_state_display())


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
