"""What is kept back from a payment against an earlier one that is to be recovered.

Whoever keeps the recoveries registers one function: it gets the entitlements that enter a batch and says per
entitlement which parts are kept back. The line then pays the rest; its shares per source are less by the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from subsidies.models import Entitlement

Part = tuple[str, str, int]
"""Reference of the recovery, source whose share is less, fen."""
Finder = Callable[[Sequence[Entitlement]], Mapping[int, Sequence[Part]]]
_FINDERS: list[Finder] = []


def offset_finder(finder: Finder) -> Finder:
    """Register (as a decorator) who knows what is to be kept back. The rows it hands out must be locked by it."""
    _FINDERS.append(finder)
    return finder


def parts_for(entitlements: Sequence[Entitlement]) -> dict[int, list[Part]]:
    """Entitlement id -> parts. A part that would take more than the source's share is cut to leave 0 there, and one fen
    of the whole stays to be paid: a payment of nothing is no payment."""
    found: dict[int, list[Part]] = {}
    for finder in _FINDERS:
        for pk, parts in finder(entitlements).items():
            found.setdefault(pk, []).extend(parts)
    return {one.pk: _fitting(one, found[one.pk]) for one in entitlements if one.pk in found}


def _fitting(due: Entitlement, parts: Sequence[Part]) -> list[Part]:
    left = {share.source: share.amount_fen for share in due.lines.all()}
    rest, kept = (due.amount_fen or 0) - 1, []
    for reference, source, fen in parts:
        fits = min(fen, left.get(source, 0), rest)
        if fits > 0:
            kept.append((reference, source, fits))
            left[source] -= fits
            rest -= fits
    return kept
