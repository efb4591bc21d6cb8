"""How a code reaches a telephone. The portal ships no gateway: a site names its own, the demonstration keeps an outbox.

`settings.CODE_SENDER`: "" (no text messages: slips only), "outbox" (never in production), or the dotted path of a
class without arguments whose `send` does what `Sender` says.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.utils.module_loading import import_string

from core.masks import mask_phone

OUTBOX = "outbox"


class SendFailed(Exception):
    """The gateway did not take the message. Its words may stand in the log: no number, no code."""


@dataclass(frozen=True)
class Message:
    """`reference` is the household's key in the database, for gateways that want one; `expires_at` is the code's."""

    reference: int
    phone: str
    words: str
    expires_at: dt.datetime


class Sender(Protocol):
    def send(self, message: Message) -> None:
        """Hand it on, or raise `SendFailed`. Called once per message, from a worker."""
        ...


@dataclass(frozen=True)
class Held:
    """A message that lies in the outbox: nobody was written to."""

    phone: str
    words: str
    expires_at: dt.datetime


class Outbox:
    """Keeps messages as files that the clerk reads in the household's file, until they expire. Nothing is sent."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or settings.VAR_DIR / OUTBOX

    def send(self, message: Message) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {
            "phone": mask_phone(message.phone),
            "words": message.words,
            "expires_at": message.expires_at.isoformat(),
        }
        path = self._path(message.reference)
        path.touch(mode=0o600)
        path.write_text(json.dumps(kept, ensure_ascii=False))

    def held_for(self, reference: int, now: dt.datetime) -> Held | None:
        """What lies here for the household; a message that has expired is thrown away."""
        path = self._path(reference)
        try:
            kept = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        held = Held(kept["phone"], kept["words"], dt.datetime.fromisoformat(kept["expires_at"]))
        if held.expires_at > now:
            return held
        path.unlink(missing_ok=True)
        return None

    def _path(self, reference: int) -> Path:
        return self.folder / f"{int(reference)}.json"


def sender() -> Sender | None:
    """The site's sender, None where it has none."""
    name = settings.CODE_SENDER
    if not name:
        return None
    return Outbox() if name == OUTBOX else cast(Sender, import_string(name)())


def held_for(reference: int, now: dt.datetime) -> Held | None:
    """The household's message in the outbox; None where messages really go out."""
    return Outbox().held_for(reference, now) if settings.CODE_SENDER == OUTBOX else None


@register(Tags.security)
def production_pretends_no_messages(app_configs: Any, **kwargs: Any) -> list[Error]:
    if settings.PRODUCTION and settings.CODE_SENDER == OUTBOX:
        hint = "Name the site's own sender, or none: households then get printed slips."
        return [Error("Text messages would end in the outbox.", hint=hint, id="reports.E001")]
    return []
