"""The engine: a policy and facts in, an outcome out. Pure: same input, same answer.

Order: is the policy in force, gates, is the case covered, the benefit's own checks, seasons, amount, one
rounding (half up), split, the household's share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

from core.seasons import Season
from subsidies.rules.codes import BESIDE_OTHERS_CODES, PENDING_CODES
from subsidies.rules.conditions import Condition, all_hold
from subsidies.rules.context import Context, Halt, latest_season
from subsidies.rules.facts import Facts, Payment
from subsidies.rules.gates import pass_gates
from subsidies.rules.outcomes import Due, NotDue, Outcome, SourceLine, Undefined, merge_lines
from subsidies.rules.policy import Benefit, Policy, TaskRule
from subsidies.rules.splits import Lines
from subsidies.rules.together import refuse_exclusive, under_ceilings
from subsidies.rules.values import Base, Value

_SHARE_OPEN = PENDING_CODES | BESIDE_OTHERS_CODES
#: Nothing is left although there was usage.
_LIMITED = frozenset({"OK_CAPPED", "OK_CEILING"})


def assess(policy: Policy, facts: Facts, *, rule: str = "", kind: str = "", explain: bool = True) -> Outcome:
    """Assess one benefit, named by ``rule`` (id) or by ``kind`` (then the first one that covers the case).

    No such benefit in the policy is ``Undefined(NO_RULE)``. ``explain=False`` leaves out the steps, for trial runs
    over very many dwellings; amounts, lines and reasons are the same.
    """
    benefit = policy.benefit(rule) if rule else choose_benefit(policy, facts, kind)
    if benefit is None:
        return Undefined(rule or kind, "NO_RULE")
    return _outcome(policy, benefit, facts, explain=explain)


def assess_all(policy: Policy, facts: Facts) -> dict[str, Outcome]:
    """One outcome per benefit kind of the policy, for the kinds that have a benefit covering the case."""
    covering = {kind: choose_benefit(policy, facts, kind) for kind in policy.kinds}
    return {
        kind: assess(policy, facts, rule=benefit.id)
        for kind, benefit in covering.items()
        if benefit is not None and covers(policy, benefit, facts)
    }


def choose_benefit(policy: Policy, facts: Facts, kind: str) -> Benefit | None:
    """The first benefit of the kind that covers the case, else the first of the kind, else None."""
    candidates = policy.of_kind(kind)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    fitting = (benefit for benefit in candidates if covers(policy, benefit, facts))
    return next(fitting, candidates[0])


def covers(policy: Policy, benefit: Benefit, facts: Facts) -> bool:
    """Whether the case is the benefit's subject; a fact not known does not cover."""
    return not benefit.covers or _holds(benefit.covers, _context(policy, benefit, facts, explain=False))


def task_equivalents(policy: Policy, facts: Facts) -> Decimal | None:
    """How much the case counts toward the target; independent of money. None: the policy does not say."""
    rule = task_rule(policy, facts)
    if rule is None:
        return None
    if rule.count is not None:
        return _cut(rule.count, rule.decimals)
    quantity = Context(facts, trail=None).number_or_none(rule.quantity)
    return None if quantity is None else _cut(quantity / rule.each, rule.decimals)


def task_rule(policy: Policy, facts: Facts) -> TaskRule | None:
    """The first rule on counting that holds for the case."""
    ctx = Context(facts, trail=None)
    return next((rule for rule in policy.tasks if _holds(rule.when, ctx)), None)


def instalments(policy: Policy, facts: Facts, *, rule: str) -> Iterator[Due | NotDue | Undefined]:
    """Outcomes as the readings of ``facts.usage`` arrive one by one, in the order given.

    Each ``Due.payable_fen`` is the season's total so far minus the payments before it, so whatever the
    order of arrival, the payments add up to the season's amount. Nothing is paid on an open question.
    """
    benefit = policy.benefit(rule)
    payments = facts.payments
    for count in range(1, len(facts.usage) + 1):
        outcome = assess(policy, replace(facts, usage=facts.usage[:count], payments=payments), rule=rule)
        if isinstance(outcome, Due) and benefit is not None:
            payments = (*payments, payment_of(benefit, outcome))
        yield outcome


def payment_of(benefit: Benefit, due: Due) -> Payment:
    """The payment that settles what is payable of ``due`` now."""
    return Payment(benefit.kind, due.payable_fen, season_year=due.season_year, lines=due.payable_lines)


def _outcome(policy: Policy, benefit: Benefit, facts: Facts, *, explain: bool, together: bool = True) -> Outcome:
    ctx = _context(policy, benefit, facts, explain=explain)
    try:
        ctx, value = _valued(policy, benefit, ctx)
        if together:
            value = _beside_others(policy, benefit, ctx, value)
        return _due(benefit, ctx, value)
    except Halt as halt:
        return _stopped(benefit, ctx, halt)


def _valued(policy: Policy, benefit: Benefit, ctx: Context) -> tuple[Context, Value]:
    _check_in_force(policy, ctx)
    pass_gates(policy, benefit, ctx)
    if not all_hold(benefit.covers, ctx):
        raise Halt(benefit.not_covered, refused=True, clause=benefit.clause)
    for check in benefit.requires:
        if not all_hold(check.when, ctx.under(check.clause)):
            raise Halt(check.otherwise, refused=True, clause=check.clause or benefit.clause)
    _check_shares(benefit, ctx)
    ctx = _with_season_number(policy, benefit, ctx)
    return ctx, benefit.amount.evaluate(ctx)


def _check_shares(benefit: Benefit, ctx: Context) -> None:
    """A cost laid by another key than the policy asks for says nothing about this dwelling."""
    found = ctx.facts.shared_keys(benefit.scope, benefit.kind) if benefit.shared_costs else frozenset()
    wrong = sorted(found - {benefit.shared_costs})
    if wrong:
        raise Halt("SHARED_COST_KEY", clause=benefit.clause, found=wrong[0], wanted=benefit.shared_costs)


def _beside_others(policy: Policy, benefit: Benefit, ctx: Context, value: Value) -> Value:
    """The value as other benefits of the dwelling leave it: refused, or cut to what a common ceiling still holds."""
    if not policy.exclusive and not policy.ceilings:
        return value

    others = _Others(policy, ctx.facts)
    refuse_exclusive(policy, benefit, ctx, value, others)
    return under_ceilings(policy, benefit, ctx, value, others)


@dataclass(frozen=True, slots=True)
class _Others:
    policy: Policy
    facts: Facts

    def chosen(self, kind: str) -> Benefit | None:
        return choose_benefit(self.policy, self.facts, kind)

    def outcome(self, benefit: Benefit, *, alone: bool) -> Outcome:
        return _outcome(self.policy, benefit, self.facts, explain=False, together=not alone)


def _due(benefit: Benefit, ctx: Context, value: Value) -> Due:
    amount_fen = benefit.rounding.whole(value.fen)
    ctx.step("ROUNDED", amount_fen=amount_fen)
    household_fen = None if benefit.runs else _household(ctx, amount_fen, value.base)
    lines: Lines = benefit.split.divide(amount_fen, ctx) if benefit.split else ()
    before = _paid_before(benefit, ctx)
    return Due(
        rule=value.rule or benefit.id,
        code=_code(benefit, ctx, value, amount_fen),
        amount_fen=amount_fen,
        lines=lines,
        steps=ctx.steps,
        household_fen=household_fen,
        paid_before=before,
        season_year=ctx.season.year if benefit.runs and ctx.season else None,
        warnings=tuple(_warnings(benefit, ctx, amount_fen - sum(line.amount_fen for line in before))),
        clause=value.clause or benefit.clause,
        tops_up=value.base.rules if value.base else (),
    )


def _code(benefit: Benefit, ctx: Context, value: Value, amount_fen: int) -> str:
    if benefit.runs and not amount_fen and value.code not in _LIMITED:
        return "NO_USAGE"
    return next((recode.code for recode in benefit.result_codes if all_hold(recode.when, ctx)), value.code)


def _warnings(benefit: Benefit, ctx: Context, payable_fen: int) -> Iterator[str]:
    yield from ctx.warnings
    yield from (warn.code for warn in benefit.warnings if _holds(warn.when, ctx))
    if payable_fen < 0:
        yield "BELOW_PAID"


def _household(ctx: Context, amount_fen: int, base: Base | None) -> int | None:
    """Total cost − subsidy (and what it tops up) − the enterprise's share; halts where they exceed the cost."""
    total = base.total_fen if base else ctx.money_fen("total_cost")
    subsidy, enterprise = amount_fen + (base.borne_fen if base else 0), ctx.facts.enterprise_share_fen
    if total is None:
        return None
    if enterprise and subsidy + enterprise > total:
        raise Halt("OVERFUNDED", total_fen=total, subsidy_fen=subsidy, enterprise_fen=enterprise)
    return max(total - subsidy - enterprise, 0)


def _paid_before(benefit: Benefit, ctx: Context) -> tuple[SourceLine, ...]:
    """Payments of this kind and season, per source. Lines missing on a payment are an open question."""
    if benefit.runs is None or ctx.season is None:
        return ()
    earlier = [p for p in ctx.facts.payments if p.kind == benefit.kind and p.season_year == ctx.season.year]
    for payment in earlier:
        if sum(line.amount_fen for line in payment.lines) != payment.amount_fen:
            raise Halt("PAYMENT_SOURCES_UNKNOWN", amount_fen=payment.amount_fen)
    lines = merge_lines((payment.lines, 1) for payment in earlier)
    if lines:
        ctx.step("PAID_BEFORE", amount_fen=sum(line.amount_fen for line in lines))
    return lines


def _stopped(benefit: Benefit, ctx: Context, halt: Halt) -> Outcome:
    clause = halt.clause or benefit.clause
    if halt.refused:
        return NotDue(benefit.id, halt.code, ctx.steps, _own_share(benefit, halt, ctx), halt.params, clause)
    return Undefined(benefit.id, halt.code, ctx.steps, halt.household_fen, halt.params, clause)


def _own_share(benefit: Benefit, halt: Halt, ctx: Context) -> int | None:
    """A final refusal leaves the whole cost with the household; a pending one says nothing yet."""
    total = ctx.money_fen("total_cost")
    if benefit.runs or halt.code in _SHARE_OPEN or total is None:
        return None
    return max(total - ctx.facts.enterprise_share_fen, 0)


def _context(policy: Policy, benefit: Benefit, facts: Facts, *, explain: bool) -> Context:
    season = latest_season(policy.season_rule, facts) if policy.season_rule else None
    return Context(
        facts=facts,
        kind=benefit.kind,
        scope=benefit.scope,
        clause=benefit.clause,
        season_rule=policy.season_rule,
        season=season,
        window=season if benefit.runs else None,
        boundary=policy.boundary,
        trail=[] if explain else None,
        peer=lambda rule: assess(policy, facts, rule=rule, explain=False),
    )


def _check_in_force(policy: Policy, ctx: Context) -> None:
    day = ctx.facts.on
    if day < policy.valid_from or (policy.valid_to is not None and day > policy.valid_to):
        raise Halt("POLICY_NOT_IN_FORCE", on=day.isoformat())


def _with_season_number(policy: Policy, benefit: Benefit, ctx: Context) -> Context:
    """Count the season for benefits that run by season; halts before the first and after the last."""
    if benefit.runs is None or ctx.season is None or policy.season_rule is None:
        return ctx
    number = ctx.season.year - _first_season_year(policy, benefit, ctx) + 1
    limit = benefit.runs.seasons
    ctx.step("SEASON_NUMBER", season=ctx.season.label, number=number, of=limit)
    if number < 1:
        raise Halt("OUT_OF_SEASON", refused=True, season=ctx.season.label, clause=benefit.clause)
    if limit is not None and number > limit:
        raise Halt("YEARS_EXHAUSTED", refused=True, number=number, of=limit, clause=benefit.clause)
    if ctx.trail is not None:
        _explain_window(ctx, ctx.season)
    return replace(ctx, season_number=number)


def _first_season_year(policy: Policy, benefit: Benefit, ctx: Context) -> int:
    assert benefit.runs is not None and policy.season_rule is not None
    if benefit.runs.counted_from != "acceptance":
        return benefit.runs.counted_from
    if ctx.facts.accepted_on is None:
        raise Halt("FACT_MISSING", fact="accepted_on", clause=benefit.clause)
    return policy.season_rule.first_after(ctx.facts.accepted_on).year


def _explain_window(ctx: Context, season: Season) -> None:
    ctx.step("IN_SEASON", first_day=season.first_day.isoformat(), last_day=season.last_day.isoformat())
    outside = [entry for entry in ctx.facts.usage if entry.span.overlap(season) is None]
    for entry in outside:
        ctx.step(
            "OUT_OF_SEASON",
            energy=entry.energy,
            quantity=None if entry.quantity is None else str(entry.quantity),
            first_day=entry.span.first_day.isoformat(),
            last_day=entry.span.last_day.isoformat(),
        )


def _holds(conditions: tuple[Condition, ...], ctx: Context) -> bool:
    """As ``all_hold``, a fact not known counting as "does not hold"."""
    try:
        return all_hold(conditions, ctx)
    except Halt:
        return False


def _cut(value: Fraction, decimals: int) -> Decimal:
    """Kept to so many decimals, the rest cut off: 119.999 / 120 must not become a whole household."""
    with localcontext() as decimal:
        decimal.prec = 50
        return (Decimal(value.numerator) / value.denominator).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)
