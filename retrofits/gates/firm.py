"""Gates about the firm: admitted, qualified, three years of warranty, chosen by tender."""

from __future__ import annotations

from decimal import Decimal

from retrofits.gates.facts import Facts, Refusal, shut

CONSTRUCTION = "construction"
WARRANTY = "WARRANTY_YEARS"


def admitted(facts: Facts) -> Refusal | None:
    """L-24: only firms admitted after the experts' review install."""
    if facts.firm is None:
        return shut("FIRM_UNKNOWN")
    spans = facts.firm.admissions
    if any(start <= facts.on and (end is None or facts.on <= end) for start, end in spans):
        return None
    ended = [end for start, end in spans if end and end < facts.on]
    if ended:
        return shut("ADMISSION_ENDED", firm=facts.firm.name, day=max(ended))
    return shut("NOT_ADMITTED", firm=facts.firm.name)


def qualified(facts: Facts) -> Refusal | None:
    """J-72: a certificate for construction that holds on the day."""
    if facts.firm is None:
        return shut("FIRM_UNKNOWN")
    held = [one for one in facts.firm.certificates if one.work == CONSTRUCTION]
    if not held:
        return shut("NO_QUALIFICATION", firm=facts.firm.name)
    if any(c.valid_from <= facts.on and (c.valid_until is None or facts.on <= c.valid_until) for c in held):
        return None
    until = max((c.valid_until for c in held if c.valid_until and c.valid_until < facts.on), default=None)
    if until is None:
        return shut("QUALIFICATION_LATER", firm=facts.firm.name, day=min(c.valid_from for c in held))
    return shut("QUALIFICATION_EXPIRED", firm=facts.firm.name, day=until)


def warranty(facts: Facts) -> Refusal | None:
    """L-77: at least the years asked for, from the contract, otherwise from the firm's admission."""
    limit = facts.limits[WARRANTY]
    months = facts.contract.warranty_months if facts.contract else None
    if months is None and facts.firm:
        months = facts.firm.warranty_months
    if months is None:
        return shut("WARRANTY_UNKNOWN", limit=str(limit))
    return None if limit.holds(Decimal(months) / 12) else shut("WARRANTY_SHORT", months=months, limit=str(limit))


def tender(facts: Facts) -> Refusal | None:
    """T-47: heating devices are chosen by tender."""
    if facts.firm is None:
        return shut("FIRM_UNKNOWN")
    return None if facts.firm.has_won_lot else shut("NO_AWARD", firm=facts.firm.name)
