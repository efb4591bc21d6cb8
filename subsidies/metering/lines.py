"""One stated line of use against what is known already: it counts, it agrees, or a person must look. No Django.

Nothing is guessed: a reading that goes back has no quantity, and what a person might conclude from it (a counter that
ran over) is only proposed. Quantities are kWh or m³ as ``Decimal``; days of a span are both included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from core.seasons import Span

State = Literal["counted", "held", "confirms", "same"]
TELEMETRY = "telemetry"
#: Why a line is held. Every code has a sentence and a "what is needed" in `subsidies/reading_words.py`.
FINDING_CODES = (
    "BACKWARDS", "ROLLOVER", "BREAK", "REPLACED", "OTHER_METER", "JUMP", "DIFFERENCE", "NEGATIVE", "DUPLICATE",
    "SOURCES", "SHARED",
)  # fmt: skip
Param = str | int


class LineError(ValueError):
    """A line that states nothing: neither two readings nor a quantity."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a person must look, with the figures behind it as text."""

    code: str
    params: dict[str, Param] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in FINDING_CODES:
            raise ValueError(f"{self.code!r} is not a finding")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is believable, data of the programme: use per day, and how far two sources may lie apart."""

    per_day: Decimal
    apart_percent: Decimal = Decimal(2)
    apart_least: Decimal = Decimal(5)

    def apart(self, quantity: Decimal) -> Decimal:
        return max(self.apart_least, quantity * self.apart_percent / 100)


@dataclass(frozen=True, slots=True)
class Line:
    """What one source states. ``start`` and ``end`` are the counter before the first and after the last day."""

    span: Span
    source: str
    quantity: Decimal | None = None
    start: Decimal | None = None
    end: Decimal | None = None
    factor: Decimal = Decimal(1)
    meter: str = ""
    tariff: str = ""
    key: int = 0
    held: bool = False

    def __post_init__(self) -> None:
        if self.quantity is None and (self.start is None or self.end is None) and not self.held:
            raise LineError("neither two readings nor a quantity")

    @property
    def by_heater(self) -> bool:
        return self.source == TELEMETRY

    def states_the_same(self, other: Line) -> bool:
        """Whether the other line is this one sent again; a held line has no quantity, its readings speak."""
        mine, theirs = (self.span, self.source, self.tariff), (other.span, other.source, other.tariff)
        if mine != theirs or (self.start, self.end) != (other.start, other.end):
            return False
        return self.start is not None or self.quantity == other.quantity


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a line. ``displaced`` are keys of heater's lines that from now on only agree with it."""

    state: State
    quantity: Decimal | None
    findings: tuple[Finding, ...] = ()
    displaced: tuple[int, ...] = ()


def examine(
    line: Line, others: Sequence[Line], limits: Limits, *, registered: str = "", shared: bool = False
) -> Verdict:
    """Judge a line beside the living lines of the same dwelling and energy (counted, agreeing or held).

    ``registered`` is the meter number in the register, ``shared`` says that several dwellings hang on the meter and
    no split is decided.
    """
    kin = [other for other in others if other.tariff == line.tariff]
    if any(line.states_the_same(other) for other in kin):
        return Verdict("same", line.quantity)
    quantity, findings = _quantity(line, limits)
    findings += [*_chain(line, kin), *_number(line, kin, registered), *_size(line, quantity, limits)]
    if shared:
        used = "" if quantity is None else plain(quantity)
        findings.append(Finding("SHARED", {"meter": line.meter, "quantity": used}))
    agrees, displaced, clashes = _beside(line, quantity, kin, limits)
    findings += clashes
    if findings:
        return Verdict("held", None if shared else quantity, tuple(findings))
    return Verdict("confirms" if agrees else "counted", quantity, (), displaced)


def _quantity(line: Line, limits: Limits) -> tuple[Decimal | None, list[Finding]]:
    """From the two readings where there are two; a stated quantity must agree with them."""
    if line.quantity is not None and line.quantity < 0:
        return None, [Finding("NEGATIVE", {"quantity": str(line.quantity)})]
    if line.start is None or line.end is None:
        return line.quantity, []
    if line.end < line.start:
        return None, [_going_back(line, limits)]
    used = (line.end - line.start) * line.factor
    if line.quantity is not None and abs(line.quantity - used) > 1:
        return None, [Finding("DIFFERENCE", {"quantity": str(line.quantity), "used": plain(used)})]
    return used, []


def _going_back(line: Line, limits: Limits) -> Finding:
    """Near its last number a counter may have run over, with a believable use; otherwise it went back."""
    assert line.start is not None and line.end is not None
    full = Decimal(10) ** len(str(int(line.start)))
    used = (full - line.start + line.end) * line.factor
    params: dict[str, Param] = {"start": plain(line.start), "end": plain(line.end)}
    if full >= 1000 and line.start * 10 >= full * 9 and used <= limits.per_day * line.span.days:
        return Finding("ROLLOVER", {**params, "proposed": plain(used)})
    return Finding("BACKWARDS", params)


def _chain(line: Line, kin: Iterable[Line]) -> Iterator[Finding]:
    """The counter must go on where the neighbouring lines of the same kind of counter left it."""
    near = [other for other in kin if other.by_heater == line.by_heater]
    before = [o for o in near if o.span.last_day < line.span.first_day and o.end is not None]
    after = [o for o in near if o.span.first_day > line.span.last_day and o.start is not None]
    if before:
        yield from _joint(max(before, key=lambda o: o.span), line)
    if after:
        yield from _joint(line, min(after, key=lambda o: o.span))


def _joint(earlier: Line, later: Line) -> Iterator[Finding]:
    if earlier.meter and later.meter and earlier.meter != later.meter:
        yield Finding("REPLACED", {"old": earlier.meter, "new": later.meter})
    if earlier.end is None or later.start is None or earlier.meter != later.meter:
        return
    touching = later.span.first_day - earlier.span.last_day == timedelta(days=1)
    if later.start < earlier.end:
        yield Finding("BACKWARDS", {"start": plain(earlier.end), "end": plain(later.start)})
    elif later.start > earlier.end and touching:
        yield Finding("BREAK", {"end": plain(earlier.end), "start": plain(later.start)})


def _number(line: Line, kin: Sequence[Line], registered: str) -> Iterator[Finding]:
    if line.by_heater or not line.meter or not registered or line.meter == registered:
        return
    if not any(other.meter == line.meter for other in kin):
        yield Finding("OTHER_METER", {"registered": registered, "stated": line.meter})


def _size(line: Line, quantity: Decimal | None, limits: Limits) -> Iterator[Finding]:
    if quantity is not None and quantity > limits.per_day * line.span.days:
        per_day = (quantity / line.span.days).quantize(Decimal("0.1"))
        yield Finding("JUMP", {"per_day": str(per_day), "limit": plain(limits.per_day)})


def _beside(
    line: Line, quantity: Decimal | None, kin: Sequence[Line], limits: Limits
) -> tuple[bool, tuple[int, ...], list[Finding]]:
    """Lines that share days: (agrees with them, heater's lines displaced, what clashes)."""
    sharing = [other for other in kin if other.span.overlap(line.span)]
    if not sharing:
        return False, (), []
    doubles = [o for o in sharing if o.source == line.source or o.held]
    if doubles:
        return False, (), [_clash("DUPLICATE", one) for one in doubles[:3]]
    heaters = [other for other in sharing if other.by_heater]
    if not line.by_heater and len(heaters) == len(sharing) and all(_within(o.span, line.span) for o in heaters):
        total = sum((o.quantity or Decimal(0) for o in heaters), Decimal(0))
        if quantity is None or total > quantity + limits.apart(quantity):
            return False, (), [_clash("SOURCES", heaters[0], total)]
        return False, tuple(o.key for o in heaters), []
    clashes = [_clash("SOURCES", o, o.quantity) for o in sharing if not _agree(line, quantity, o, limits)]
    return not clashes, (), clashes[:3]


def _agree(line: Line, quantity: Decimal | None, other: Line, limits: Limits) -> bool:
    """Two meters: the same days and nearly the same use. A heater: no more than the meter of the home it hangs on."""
    if quantity is None or other.quantity is None:
        return False
    if line.by_heater:
        return _within(line.span, other.span) and quantity <= other.quantity + limits.apart(other.quantity)
    return line.span == other.span and abs(quantity - other.quantity) <= limits.apart(other.quantity)


def _within(inner: Span, outer: Span) -> bool:
    return inner.overlap(outer) == inner


def _clash(code: str, other: Line, quantity: Decimal | None = None) -> Finding:
    said = "" if quantity is None else plain(quantity)
    first, last = other.span.first_day.isoformat(), other.span.last_day.isoformat()
    return Finding(code, {"other": other.key, "source": other.source, "first": first, "last": last, "quantity": said})


def plain(value: Decimal) -> str:
    """Short decimal text without an exponent: 1200.500 -> 1200.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
