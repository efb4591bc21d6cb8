"""Check that nobody has rewritten history."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.history.sealing import Head, seal_history
from accounts.history.verify import Verdict, read_anchors, verify_chain, write_anchor


class Command(BaseCommand):
    help = "Recompute the hash chain of history; the exit code is not zero when a link is broken, and names the first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seal", action="store_true", help="seal waiting entries first")
        parser.add_argument(
            "--anchors", type=Path, help="file of heads recorded earlier; each must still be in the chain"
        )
        parser.add_argument("--write-anchor", type=Path, help="append the head to this file when the chain holds")

    def handle(self, *, seal: bool, anchors: Path | None, write_anchor: Path | None, **_options: Any) -> None:
        if seal:
            seal_history(batches=1_000_000)
        started = time.monotonic()
        verdict = verify_chain(_anchors(anchors))
        if verdict.broken:
            raise CommandError(
                _("History is broken: %(what)s. Links before it hold: %(count)d.")
                % {"what": verdict.broken, "count": verdict.checked}
            )
        self._report(verdict, time.monotonic() - started)
        if write_anchor:
            _record(write_anchor, verdict.head)

    def _report(self, verdict: Verdict, seconds: float) -> None:
        rate = verdict.checked / seconds if seconds else 0
        self.stdout.write(
            _("History holds: %(count)d links checked in %(seconds).1f s (%(rate)d per second).")
            % {"count": verdict.checked, "seconds": seconds, "rate": rate}
        )
        self.stdout.write(_("Head: %(seq)d %(hash)s") % {"seq": verdict.head.seq, "hash": verdict.head.hash.hex()})
        if verdict.unsealed:
            self.stdout.write(
                _("Waiting for their seal: %(count)d, the oldest for %(age)d s.")
                % {"count": verdict.unsealed, "age": verdict.oldest_unsealed_s or 0}
            )


def _anchors(path: Path | None) -> list[Head]:
    if path is None:
        return []
    try:
        return read_anchors(path)
    except (OSError, ValueError) as error:
        raise CommandError(str(error)) from error


def _record(path: Path, head: Head) -> None:
    write_anchor(path, head)
