"""Facts as JSON and back, so that an amount can be computed again from what it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from core.seasons import Span
from subsidies.rules import facts as rules
from subsidies.rules.outcomes import SourceLine

Facts = rules.Facts
#: Fields that JSON holds as they are. Amounts computed before a field was collected lack it: then it was not known.
_PLAIN = (
    "beneficiary", "zone", "technology", "on_roster", "installer_admitted", "own_funds_in_place", "meter_individual",
    "season_year",
)  # fmt: skip
_LATER = (
    "device_class", "venue_type", "self_paid", "enterprise_share_fen", "season_fee_fen", "fee_paid", "fault", "cause",
    "device_scrapped", "own_funds_evidence", "second_home_approved",
)  # fmt: skip
_SETS = ("classes", "exclusions", "accepted_by")


def encode_facts(facts: Facts) -> dict[str, Any]:
    """Facts as JSON: dates as ISO text, quantities as exact text. `decode_facts` gives them back."""
    return {
        "on": facts.on.isoformat(),
        "accepted_on": facts.accepted_on.isoformat() if facts.accepted_on else None,
        **{name: getattr(facts, name) for name in (*_PLAIN, *_LATER)},
        **{name: sorted(getattr(facts, name)) for name in _SETS},
        "costs": None if facts.costs is None else [[c.kind, c.amount_fen, c.purpose, c.shared_by] for c in facts.costs],
        "quantities": {name: str(value) for name, value in facts.quantities.items()},
        "usage": [_encode_usage(one) for one in facts.usage],
        "payments": [_encode_payment(one) for one in facts.payments],
        "decision": [facts.decision.amount_fen, facts.decision.document_number] if facts.decision else None,
    }


def decode_facts(stored: Mapping[str, Any]) -> Facts:
    """The inverse of `encode_facts`."""
    return Facts(
        on=date.fromisoformat(stored["on"]),
        accepted_on=date.fromisoformat(stored["accepted_on"]) if stored["accepted_on"] else None,
        costs=None if stored["costs"] is None else tuple(rules.CostItem(*one) for one in stored["costs"]),
        quantities={name: Decimal(value) for name, value in stored["quantities"].items()},
        usage=tuple(_decode_usage(stored["usage"])),
        payments=tuple(_decode_payments(stored["payments"])),
        decision=rules.Decision(*stored["decision"]) if stored.get("decision") else None,
        **{name: stored[name] for name in _PLAIN},
        **{name: stored[name] for name in _LATER if name in stored},
        **{name: frozenset(stored.get(name, ())) for name in _SETS},
    )


def _encode_usage(one: rules.Usage) -> list[Any]:
    quantity = None if one.quantity is None else str(one.quantity)
    return [one.energy, one.span.first_day.isoformat(), one.span.last_day.isoformat(), quantity, one.tariff, one.meter]


def _decode_usage(stored: Iterable[list[Any]]) -> Iterable[rules.Usage]:
    for energy, first, last, quantity, *where in stored:
        span = Span(date.fromisoformat(first), date.fromisoformat(last))
        yield rules.Usage(energy, span, None if quantity is None else Decimal(quantity), *where)


def _encode_payment(one: rules.Payment) -> list[Any]:
    lines = [[line.source, line.amount_fen] for line in one.lines]
    day = one.paid_on.isoformat() if one.paid_on else None
    return [one.kind, one.amount_fen, one.technology, one.season_year, lines, day]


def _decode_payments(stored: Iterable[list[Any]]) -> Iterable[rules.Payment]:
    for kind, fen, technology, year, lines, *day in stored:
        paid_on = date.fromisoformat(day[0]) if day and day[0] else None
        yield rules.Payment(kind, fen, technology, year, tuple(SourceLine(*line) for line in lines), paid_on)
