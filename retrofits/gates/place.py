"""Gates about the place: network first, electric first, grid capacity, one technology, gas step by step."""

from __future__ import annotations

from retrofits.gates.facts import Check, Facts, Refusal, shut

PERI_URBAN, RESETTLEMENT = "peri_urban", "安置"


def network_first(facts: Facts) -> Refusal | None:
    """J-08: where the heat network reaches, central heating comes first."""
    return shut("NETWORK_COVERS") if facts.place.in_heat_network and facts.family != "CENTRAL" else None


def electric_first(facts: Facts) -> Refusal | None:
    """L-55: electricity first, gas as a supplement; gas is plain only where the grid has no capacity."""
    if facts.family != "GAS" or not facts.offers_electric or facts.place.grid_capacity_ok is False:
        return None
    return shut("ELECTRIC_POSSIBLE")


def grid_capacity(facts: Facts) -> Refusal | None:
    """D-11: without grid capacity only devices that are efficient at low power."""
    if facts.place.grid_capacity_ok:
        return None
    if facts.place.grid_capacity_ok is None:
        return shut("GRID_UNKNOWN")
    if facts.device is None:
        return shut("DEVICE_UNKNOWN")
    return None if facts.device.is_low_power else shut("NOT_LOW_POWER", device=facts.device.label)


def bungalow(facts: Facts) -> Refusal | None:
    """L-83: in the towns around the city, bungalows convert to electricity or gas; resettlement buildings do not."""
    if facts.place.area_class != PERI_URBAN or facts.family not in ("ELECTRIC", "GAS"):
        return None
    if not facts.dwelling_type:
        return shut("DWELLING_TYPE_UNKNOWN")
    return shut("RESETTLEMENT", type=facts.dwelling_type) if RESETTLEMENT in facts.dwelling_type else None


def one_technology(facts: Facts) -> Refusal | None:
    """L-28, L-29: one village group, one technology."""
    others = {route: count for route, count in facts.neighbours.items() if route != facts.technology and count}
    if not others:
        return None
    route = max(sorted(others), key=lambda code: others[code])
    return shut("OTHER_TECHNOLOGY", technology=route, count=others[route])


def gas_step(step: str) -> Check:
    """J-11, J-12, D-12: the place's step is done by the day, and still holds."""

    def check(facts: Facts) -> Refusal | None:
        known = facts.place.steps.get(step)
        if known is None:
            return shut("STEP_MISSING", step=step)
        if known.done_on > facts.on:
            return shut("STEP_LATER", step=step, day=known.done_on)
        if known.valid_until and known.valid_until < facts.on:
            return shut("STEP_EXPIRED", step=step, day=known.valid_until)
        return None

    return check
