"""Gates about the household: on an approved roster, the contract signed, what was confirmed, the old stove."""

from __future__ import annotations

from decimal import Decimal

from retrofits.gates.facts import Check, Facts, Limit, Refusal, shut

STABLE = "STABLE_SEASONS"


def roster(facts: Facts) -> Refusal | None:
    """T-45: carried out after approval; who is on no approved roster gets no works."""
    return None if facts.is_on_approved_roster else shut("NOT_ON_ROSTER")


def supply_contract(facts: Facts) -> Refusal | None:
    """J-40: signed by the household, with its word on the product's data, not after the installation."""
    held = facts.contract
    if held is None:
        return shut("NO_CONTRACT")
    if not held.signer_name or not held.confirms_product:
        return shut("NOT_CONFIRMED")
    if held.signed_on > facts.on:
        return shut("SIGNED_LATER", day=held.signed_on)
    return _as_contracted(facts)


def _as_contracted(facts: Facts) -> Refusal | None:
    held = facts.contract
    assert held is not None
    if facts.firm and facts.firm.name != held.firm:
        return shut("OTHER_FIRM", firm=facts.firm.name, contracted=held.firm)
    if facts.device and held.model and facts.device.label != held.model:
        return shut("OTHER_DEVICE", device=facts.device.label, contracted=held.model)
    return None


def contract_content(facts: Facts) -> Refusal | None:
    """L-44: the contract with the household names everything the programme asks for."""
    if facts.contract is None:
        return shut("NO_CONTRACT")
    if facts.contract.signed_on > facts.on:
        return shut("SIGNED_LATER", day=facts.contract.signed_on)
    lacking = sorted(facts.contract_items - facts.contract.contents)
    return shut("CONTRACT_LACKS", items=tuple(lacking)) if lacking else None


def confirmed(kind: str, code: str) -> Check:
    """L-27 choice of the household, J-41 commissioning, L-37 training, D-13 gas on: written down, not in the future."""

    def check(facts: Facts) -> Refusal | None:
        day = facts.confirmed.get(kind)
        return None if day and day <= facts.on else shut(code)

    return check


chosen = confirmed("route_chosen", "NOT_CHOSEN")


def bundle(facts: Facts) -> Refusal | None:
    """L-46: where the route is a solution of several devices, every one of them is there."""
    if not facts.asks_bundle:
        return None
    if not facts.has_bundle:
        return shut("NO_BUNDLE")
    lacking = {kind: count for kind, count in facts.missing_devices.items() if count > 0}
    return shut("DEVICES_MISSING", devices=tuple(sorted(lacking.items()))) if lacking else None


def stable_season(facts: Facts) -> Refusal | None:
    """D-14: the old heating stays until whole heating seasons of stable running are proven."""
    limit = facts.limits.get(STABLE, Limit(">=", Decimal(1)))
    if facts.installed_on is None:
        return shut("NOT_INSTALLED")
    begun = facts.installed_on
    whole = {(first, last) for first, last in facts.seasons if first >= begun and last < facts.on}
    return None if limit.holds(len(whole)) else shut("SEASON_NOT_PROVEN", proven=len(whole), limit=str(limit))
