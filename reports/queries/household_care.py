"""What else is known of a home: what its heater reported and was told, cases about it, heat fees,
clean coal bought, its meters, changes asked for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.together import Reading
from devices.models import Command
from devices.words import change_words
from heatsupply.models import CoalSale, FeeAccount
from households.models import ChangeRequest, Dwelling, Meter
from reports.queries.household_file import Event
from supervision.models import Case
from telemetry.models import Alert

SHOWN = 5


@dataclass(frozen=True)
class Care:
    """The newest of each kind, as far as this person may read them; `events` belong into the file's log."""

    cases: list[Case]
    accounts: list[FeeAccount]
    sales: list[CoalSale]
    meters: list[Meter]
    changes: list[ChangeRequest]
    events: list[Event]

    @property
    def is_empty(self) -> bool:
        return not (self.cases or self.accounts or self.sales)

    @property
    def open_change(self) -> ChangeRequest | None:
        """The request that waits for approval: a home has one at most."""
        return next((one for one in self.changes if one.state == ChangeRequest.State.ASKED), None)


def care_of(dwelling: Dwelling, user: User) -> Reading[Care]:
    """One turn, whatever there is. Each kind by its own right and place: sensitive cases have one of their own."""
    cases = Case.objects.visible_to(user).filter(dwelling=dwelling).order_by("-opened_at", "-pk")[:SHOWN]
    accounts = FeeAccount.objects.visible_to(user).filter(dwelling=dwelling).order_by("-season", "-pk")[:SHOWN]
    sales = CoalSale.objects.visible_to(user).filter(household=dwelling.household_id, cancelled_at=None)
    sales = sales.order_by("-sold_on", "-pk")[:SHOWN]
    meters = Meter.objects.visible_to(user).filter(supplies__dwelling=dwelling).order_by("carrier", "number")
    changes = ChangeRequest.objects.visible_to(user).filter(dwelling=dwelling).order_by("-asked_at", "-pk")[:SHOWN]
    alerts = Alert.objects.visible_to(user).filter(heater__dwelling=dwelling).order_by("-opened_at")[:SHOWN]
    commands = Command.objects.visible_to(user).filter(heater__dwelling=dwelling).order_by("-requested_at")[:SHOWN]
    yield [cases, accounts, sales, meters, changes, alerts, commands]
    events = [*map(_change_event, changes), *map(_alert_event, alerts), *map(_command_event, commands)]
    return Care(list(cases), list(accounts), list(sales), list(meters), list(changes), events)


def _change_event(change: ChangeRequest) -> Event:
    title = _("Change asked for: %(kind)s") % {"kind": change.get_kind_display()}
    return Event(change.decided_at or change.asked_at, title, str(change.get_state_display()))


def _alert_event(alert: Alert) -> Event:
    over = alert.cleared_at
    words = _("over %(at)s") % {"at": f"{timezone.localtime(over):%m-%d %H:%M}"} if over else _("not over yet")
    return Event(alert.opened_at, str(alert.get_kind_display()), words, "" if over else "bad")


def _command_event(command: Command) -> Event:
    change = change_words(command.point, command.before, command.asked)
    return Event(
        command.requested_at, _("Set from afar: %(change)s") % {"change": change}, str(command.get_state_display())
    )
