"""The gates before any amount: the first that fails, in the fixed order of ``codes.GATES``, gives the reason."""

from __future__ import annotations

from collections.abc import Callable

from subsidies.rules.conditions import all_hold
from subsidies.rules.context import Context, Halt
from subsidies.rules.facts import Payment
from subsidies.rules.policy import Benefit, Gate, Policy


def pass_gates(policy: Policy, benefit: Benefit, ctx: Context) -> None:
    """Ask the benefit's gates in order; halts with the reason of the first that fails."""
    for gate in policy.gates:
        if gate.name in benefit.gates:
            _GATES[gate.name](gate, benefit, ctx)
            if ctx.trail is not None:
                ctx.under(gate.clause).step("GATE_PASSED", gate=gate.name)


def _refuse(code: str, gate: Gate) -> Halt:
    return Halt(code, refused=True, clause=gate.clause)


def _excluded(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    for code in gate.codes:
        if code in ctx.facts.exclusions and not _lifted(code, gate, ctx):
            raise _refuse(code, gate)


def _lifted(code: str, gate: Gate, ctx: Context) -> bool:
    """Only by what is known: an exclusion stands until somebody proves the exception."""
    try:
        return any(one.code == code and all_hold(one.when, ctx) for one in gate.unless)
    except Halt:
        return False


def _roster(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    if not ctx.facts.on_roster:
        raise _refuse("NOT_ON_ROSTER", gate)


def _installer(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    if not ctx.facts.installer_admitted:
        raise _refuse("INSTALLER_NOT_ADMITTED", gate)


def _device(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    for check in gate.checks:
        if not all_hold(check.when, ctx.under(check.clause)):
            raise Halt(check.otherwise, refused=True, clause=check.clause or gate.clause)


def _own_funds(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    proven = not gate.evidence or ctx.facts.own_funds_evidence in gate.evidence
    if not (ctx.facts.own_funds_in_place and proven):
        raise _refuse("SELF_FUNDS_MISSING", gate)


def _acceptance(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    accepted_on = ctx.facts.accepted_on
    if accepted_on is None or accepted_on > ctx.facts.on:
        raise _refuse("NOT_ACCEPTED", gate)
    missing = [name for name in gate.panel if name not in ctx.facts.accepted_by]
    if missing:
        raise Halt("JOINT_ACCEPTANCE_INCOMPLETE", refused=True, clause=gate.clause, missing=", ".join(missing))


def _already_paid(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    """One payment per kind and dwelling, or one every so many years. Seasonal benefits subtract payments instead."""
    if benefit.runs is not None:
        return
    for payment in ctx.facts.payments:
        if payment.kind == benefit.kind:
            _hold_against(payment, gate, benefit, ctx)


def _hold_against(payment: Payment, gate: Gate, benefit: Benefit, ctx: Context) -> None:
    years = benefit.again_after_years
    if years is None:
        other = payment.technology not in ("", ctx.facts.technology)
        raise _refuse("ALREADY_SUBSIDISED" if other else "ALREADY_PAID", gate)
    if payment.paid_on is None:
        raise Halt("FACT_MISSING", fact="paid_on", clause=gate.clause)
    on, paid = ctx.facts.on, payment.paid_on
    if (on.year - years, on.month, on.day) < (paid.year, paid.month, paid.day):
        raise Halt("TOO_SOON", refused=True, clause=gate.clause, paid_on=paid.isoformat(), years=years)


_GATES: dict[str, Callable[[Gate, Benefit, Context], None]] = {
    "excluded": _excluded,
    "roster": _roster,
    "installer": _installer,
    "device": _device,
    "own_funds": _own_funds,
    "acceptance": _acceptance,
    "already_paid": _already_paid,
}
