"""Check that nobody has rewritten history, nor the rows behind its back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.history.anchors import own_anchors, read_anchors, write_anchor
from accounts.history.rows import compare_rows
from accounts.history.sealing import Head, seal_history
from accounts.history.verify import Verdict, verify_chain


class Command(BaseCommand):
    help = (
        "Recompute the hash chain of history, compare it with heads recorded outside the database and every row with "
        "its history; the exit code is not zero when something is wrong, and the first findings are named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seal", action="store_true", help="seal waiting entries first")
        parser.add_argument("--anchors", type=Path, help="file of heads recorded earlier (default: the portal's own)")
        parser.add_argument("--write-anchor", type=Path, help="append the head to this file when the chain holds")
        parser.add_argument("--chain-only", action="store_true", help="do not compare rows with their history")

    def handle(
        self, *, seal: bool, anchors: Path | None, write_anchor: Path | None, chain_only: bool = False, **_options: Any
    ) -> None:
        if seal:
            seal_history(batches=1_000_000)
        self._chain(_heads(anchors), write_anchor)
        if not chain_only:
            self._rows()

    def _chain(self, heads: list[Head], anchor: Path | None) -> None:
        verdict, seconds = _timed(lambda: verify_chain(heads))
        if verdict.broken:
            raise CommandError(
                _("History is broken: %(what)s. Links before it hold: %(count)d.")
                % {"what": verdict.broken, "count": verdict.checked}
            )
        self._report(verdict, seconds, len(heads))
        if anchor:
            write_anchor(anchor, verdict.head)

    def _rows(self) -> None:
        check, seconds = _timed(compare_rows)
        if check.found:
            lines = "\n".join(f"  {one}" for one in check.found)
            raise CommandError(_("Rows that are not what their history says:") + f"\n{lines}")
        self.stdout.write(
            _("Rows agree with their history: %(rows)d rows of %(tables)d tables in %(seconds).1f s.")
            % {"rows": check.rows, "tables": check.tables, "seconds": seconds}
        )

    def _report(self, verdict: Verdict, seconds: float, anchors: int) -> None:
        rate = verdict.checked / seconds if seconds else 0
        self.stdout.write(
            _("History holds: %(count)d links checked in %(seconds).1f s (%(rate)d per second).")
            % {"count": verdict.checked, "seconds": seconds, "rate": rate}
        )
        self.stdout.write(_("Head: %(seq)d %(hash)s") % {"seq": verdict.head.seq, "hash": verdict.head.hash.hex()})
        self.stdout.write(_("Heads recorded outside the database, all found again: %(n)d.") % {"n": anchors})
        if verdict.unsealed:
            self.stdout.write(
                _("Waiting for their seal: %(count)d, the oldest for %(age)d s.")
                % {"count": verdict.unsealed, "age": verdict.oldest_unsealed_s or 0}
            )


def _heads(path: Path | None) -> list[Head]:
    try:
        return own_anchors() if path is None else read_anchors(path)
    except (OSError, ValueError) as error:
        raise CommandError(str(error)) from error


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started
