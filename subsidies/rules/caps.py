"""``cap`` and ``minimum``: the smaller and the larger of two amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.seasons import Span, calendar_years_of
from subsidies.rules.context import Context, earlier_in_year
from subsidies.rules.plain import Cost
from subsidies.rules.values import Amount, Exact, Value

Period = Literal["", "season", "calendar_year", "month", "lifetime"]


@dataclass(frozen=True, slots=True)
class Cap:
    """``cap: {of: …, at: …}``: the smaller of the two, with the reason saying which it was.

    ``per: calendar_year`` caps every calendar year of the season by itself, less what earlier days of the
    same year (of the season before) have used up; ``per: month`` every calendar month; ``per: lifetime`` all
    seasons together, less what other seasons were paid; ``per: season`` is the plain minimum of a season's total.
    """

    of: Amount
    at: Amount
    per: Period = ""

    def evaluate(self, ctx: Context) -> Value:
        if ctx.window is not None:
            if self.per == "calendar_year":
                return _added([self._year_part(ctx, part) for part in calendar_years_of(ctx.window)])
            if self.per == "month":
                return _added([self._compare(self.of.evaluate(part), part) for part in ctx.month_by_month()])
        if self.per == "lifetime":
            return self._over_lifetime(ctx)
        return self._compare(self.of.evaluate(ctx), ctx)

    def _compare(self, value: Value, ctx: Context) -> Value:
        # The cap's own steps would read like amounts; the CAPPED step says all of it.
        return self._limited(value, self.at.evaluate(ctx.quiet()).fen, ctx)

    def _limited(self, value: Value, limit: Exact, ctx: Context) -> Value:
        capped = value.fen > limit
        per = {"per": self.per} if self.per else {}
        ctx.step("CAPPED" if capped else "NOT_CAPPED", yuan=value.fen, cap_yuan=limit, **per)
        if capped:
            return value.changed(limit, "OK_CAPPED")
        if value.fen == limit:
            return value.changed(value.fen, "OK_AT_CAP")
        return value.changed(value.fen, "OK_COST_BELOW_CAP") if isinstance(self.of, Cost) else value

    def _year_part(self, ctx: Context, part: Span) -> Value:
        assert ctx.season_rule is not None and ctx.season is not None
        earlier = earlier_in_year(ctx.season_rule, ctx.season, part.first_day.year)
        quiet = ctx.quiet(without_season=True)
        used: Exact = self.of.evaluate(quiet.within(earlier)).fen if earlier else 0
        value = self.of.evaluate(ctx.within(part))
        limit = self.at.evaluate(quiet).fen
        year = self._compare(value.changed(value.fen + used), ctx)
        return year.changed(year.fen - min(used, limit))

    def _over_lifetime(self, ctx: Context) -> Value:
        used = ctx.paid_in_other_seasons()
        value, limit = self.of.evaluate(ctx), self.at.evaluate(ctx.quiet()).fen
        if used:
            ctx.step("LIFETIME_USED", used_fen=used, cap_yuan=limit)
        return self._limited(value, max(limit - used, 0), ctx)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """``minimum: {of: …, at: …}``: the larger of the two."""

    of: Amount
    at: Amount

    def evaluate(self, ctx: Context) -> Value:
        value = self.of.evaluate(ctx)
        floor = self.at.evaluate(ctx.quiet()).fen
        if value.fen >= floor:
            return value
        ctx.step("RAISED_TO_MINIMUM", yuan=value.fen, minimum_yuan=floor)
        return value.changed(floor, "OK_STANDARD")


def _added(parts: list[Value]) -> Value:
    """The parts of a season, each capped by itself; capped if one of them was."""
    codes = [part.code for part in parts]
    code = next((code for code in ("OK_CAPPED", "OK_AT_CAP") if code in codes), codes[0])
    return parts[0].changed(sum((part.fen for part in parts), start=0), code)
