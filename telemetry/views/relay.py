"""A command as its page shows it: four hops, of which the last is the read-back."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from devices.models import Command
from devices.words import change_words, value_words
from telemetry import registers


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
