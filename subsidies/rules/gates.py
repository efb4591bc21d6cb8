"""The gates before any amount, in the fixed order of ``codes.GATES``: the first that fails gives the reason."""

from __future__ import annotations

from collections.abc import Callable

from subsidies.rules.codes import GATES
from subsidies.rules.conditions import all_hold
from subsidies.rules.context import Context, Halt
from subsidies.rules.policy import Benefit, Gate, Policy


def pass_gates(policy: Policy, benefit: Benefit, ctx: Context) -> None:
    """Ask the benefit's gates in order; halts with the reason of the first that fails."""
    for name in GATES:
        gate = policy.gate(name) if name in benefit.gates else None
        if gate is not None:
            _GATES[name](gate, benefit, ctx.under(gate.clause))
            ctx.under(gate.clause).step("GATE_PASSED", gate=name)


def _refuse(code: str, ctx: Context, missing: str | None = None) -> Halt:
    if missing is None:
        return Halt(code, refused=True, clause=ctx.clause)
    return Halt(code, refused=True, clause=ctx.clause, missing=missing)


def _excluded(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    for code in gate.codes:
        if code in ctx.facts.exclusions:
            raise _refuse(code, ctx)


def _roster(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    if not ctx.facts.on_roster:
        raise _refuse("NOT_ON_ROSTER", ctx)


def _installer(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    if not ctx.facts.installer_admitted:
        raise _refuse("INSTALLER_NOT_ADMITTED", ctx)


def _device(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    for check in gate.checks:
        if not all_hold(check.when, ctx.under(check.clause)):
            raise _refuse(check.otherwise, ctx.under(check.clause))


def _own_funds(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    if not ctx.facts.own_funds_in_place:
        raise _refuse("SELF_FUNDS_MISSING", ctx)


def _acceptance(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    accepted_on = ctx.facts.accepted_on
    if accepted_on is None or accepted_on > ctx.facts.on:
        raise _refuse("NOT_ACCEPTED", ctx)
    missing = [name for name in gate.panel if name not in ctx.facts.accepted_by]
    if missing:
        raise _refuse("JOINT_ACCEPTANCE_INCOMPLETE", ctx, missing=", ".join(missing))


def _already_paid(gate: Gate, benefit: Benefit, ctx: Context) -> None:
    """One payment per kind and dwelling. Seasonal benefits subtract earlier payments instead."""
    if benefit.runs is not None:
        return
    for payment in ctx.facts.payments:
        if payment.kind == benefit.kind:
            other = payment.technology not in ("", ctx.facts.technology)
            raise _refuse("ALREADY_SUBSIDISED" if other else "ALREADY_PAID", ctx)


_GATES: dict[str, Callable[[Gate, Benefit, Context], None]] = {
    "excluded": _excluded,
    "roster": _roster,
    "installer": _installer,
    "device": _device,
    "own_funds": _own_funds,
    "acceptance": _acceptance,
    "already_paid": _already_paid,
}
