"""Amount and household's share along a boundary as SVG: lengths are attributes, so they need no inline style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.money import format_yuan
from subsidies.rules.codes import SET_FACTS, TEXT_FACTS
from subsidies.rules.policy import Policy
from subsidies.value_words import value_words
from subsidies.wording import name_of

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 220, 56, 10, 16, 26
MAX_FIGURES = 24
#: Facts held still that say nothing to a reader.
_SILENT = frozenset({"beneficiary", "meter_individual"})


@dataclass(frozen=True)
class Figure:
    """One curve: its rule, the quantity it runs along, what was held still, the drawing, and the numbers behind it."""

    rule: str
    title: str
    axis: str
    case: str
    svg: SafeString
    points: list[tuple[str, int | None, int | None]]
    jumps: int


def boundary_figures(read: Policy, curves: Sequence[Any], cliffs: Sequence[Any]) -> list[Figure]:
    """Those with jumps first; at most 24, the rest of the numbers stays in the trial's data."""
    figures = [_figure(read, curve, _on(curve, cliffs)) for curve in curves]
    return sorted(figures, key=lambda one: -one.jumps)[:MAX_FIGURES]


def case_words(case: dict[str, list[str]]) -> str:
    """What was held still, in words."""
    told = [(name, values) for name, values in case.items() if name not in _SILENT]
    return " · ".join(f"{_held(name)}{' / '.join(map(value_words, values))}" for name, values in told)


def _held(name: str) -> str:
    """A number needs its name; a technology or a class says itself what it is."""
    return "" if name in (*TEXT_FACTS, *SET_FACTS) else f"{name_of(name)} "


def position_words(axis: str, at: str) -> str:
    """A position of an axis: money with its fen, a quantity as it is."""
    number = Decimal(at)
    return format_yuan(int(number * 100)) if axis in ("eligible_cost", "season_fee") else f"{number:f}"


def _figure(read: Policy, curve: Any, jumps: list[Any]) -> Figure:
    benefit = read.benefit(curve["rule"])
    points = [(position_words(curve["axis"], at), amount, share) for at, amount, share in curve["points"]]
    return Figure(
        curve["rule"], benefit.title if benefit else "", name_of(curve["axis"]), case_words(curve["case"]),
        _draw(curve, jumps), points, len(jumps),
    )  # fmt: skip


def _on(curve: Any, cliffs: Iterable[Any]) -> list[Any]:
    """The jumps that lie on this very curve."""
    known = {(at, amount) for at, amount, _share in curve["points"]}
    mine = (one for one in cliffs if (one["rule"], one["axis"]) == (curve["rule"], curve["axis"]))
    return [one for one in mine if (one["below"]["at"], one["below"]["amount_fen"]) in known]


def _draw(curve: Any, jumps: list[Any]) -> SafeString:
    points = [(Decimal(at), amount, share) for at, amount, share in curve["points"]]
    last = max(at for at, _amount, _share in points) or Decimal(1)
    most = max([value for _at, *values in points for value in values if value is not None] + [1])
    scale = _Scale(last, most)
    parts = [
        _frame(scale, curve["axis"]),
        *(_jump(scale, curve["axis"], jump) for jump in jumps),
        _line(scale, [(at, share) for at, _amount, share in points], "var(--ember)", "5 3"),
        _line(scale, [(at, amount) for at, amount, _share in points], "var(--brand)", ""),
    ]
    label = _("%(rule)s along %(axis)s: amount, household's share") % {
        "rule": curve["rule"], "axis": name_of(curve["axis"]),
    }  # fmt: skip
    body = format_html_join("", "{}", ((part,) for part in parts))
    return format_html(
        '<svg viewBox="0 0 {} {}" width="100%" role="img" aria-label="{}" font-size="11" fill="var(--ink-3)">{}</svg>',
        WIDTH, HEIGHT, label, body,
    )  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    last: Decimal
    most: int

    def x(self, at: Decimal) -> str:
        return f"{LEFT + float(at / self.last) * (WIDTH - LEFT - RIGHT):.1f}"

    def y(self, fen: int) -> str:
        return f"{HEIGHT - BOTTOM - fen / self.most * (HEIGHT - TOP - BOTTOM):.1f}"


def _frame(scale: _Scale, axis: str) -> SafeString:
    """Ground line, the greatest amount, the ends of the axis."""
    ground = HEIGHT - BOTTOM
    rules = format_html_join(
        "", '<path d="M{} {}H{}" stroke="var(--line)" fill="none"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        ((LEFT, scale.y(fen), WIDTH - RIGHT, LEFT - 6, float(scale.y(fen)) + 4, _whole(fen))
         for fen in (0, scale.most // 2, scale.most)),
    )  # fmt: skip
    ends = format_html(
        '<text x="{}" y="{}">0</text><text x="{}" y="{}" text-anchor="end">{}</text>',
        LEFT, ground + 16, WIDTH - RIGHT, ground + 16, position_words(axis, str(scale.last)).removesuffix(".00"),
    )  # fmt: skip
    return format_html("{}{}", rules, ends)


def _jump(scale: _Scale, axis: str, jump: Any) -> SafeString:
    at = Decimal(jump["above"]["at"])
    x = scale.x(at)
    middle = "end" if at > scale.last * 4 / 5 else "start" if at < scale.last / 8 else "middle"
    return format_html(
        '<path d="M{} {}V{}" stroke="var(--bad)" stroke-dasharray="2 3" fill="none"/>'
        '<text x="{}" y="11" text-anchor="{}" fill="var(--bad)">{}</text>',
        x, TOP, HEIGHT - BOTTOM, x, middle, position_words(axis, jump["above"]["at"]).removesuffix(".00"),
    )  # fmt: skip


def _line(scale: _Scale, points: Sequence[tuple[Decimal, int | None]], stroke: str, dash: str) -> SafeString:
    """A line with gaps where nothing can be stated."""
    path, pen = "", "M"
    for at, fen in points:
        if fen is not None:
            path += f"{pen}{scale.x(at)} {scale.y(fen)}"
        pen = "M" if fen is None else "L"
    return format_html(
        '<path d="{}" stroke="{}" stroke-width="2" stroke-dasharray="{}" fill="none"/>', path, stroke, dash or "none"
    )


def _whole(fen: int) -> str:
    return format_yuan(fen // 100 * 100).removesuffix(".00")
