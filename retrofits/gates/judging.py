"""Every gate by its code, when it is asked, who owes what it asks for; and the judgement of a programme's rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from retrofits.gates import device, firm, household, place
from retrofits.gates.facts import Check, Facts, Refusal

INSTALL, ACCEPT, RUN, REMOVE = "install", "accept", "run", "remove"
GAS = ("GAS",)


@dataclass(frozen=True)
class Gate:
    """`stage` is the deed before which it is asked; `owed_by` a role; `fix` names the page where it is put right;
    `limits` are thresholds the programme must state; `families` are the only routes it can concern."""

    code: str
    stage: str
    check: Check
    owed_by: str
    fix: str
    limits: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


GATES: dict[str, Gate] = {
    gate.code: gate
    for gate in (
        Gate("ROSTER", INSTALL, household.roster, "office", "roster"),
        Gate("NETWORK_FIRST", INSTALL, place.network_first, "office", "reason"),
        Gate("ELECTRIC_FIRST", INSTALL, place.electric_first, "office", "reason", families=GAS),
        Gate("ONE_TECHNOLOGY", INSTALL, place.one_technology, "office", "reason"),
        Gate("BUNGALOW", INSTALL, place.bungalow, "office", "reason"),
        Gate("CHOSEN_BY_HOUSEHOLD", INSTALL, household.chosen, "town_staff", "confirm"),
        Gate("GRID_CAPACITY", INSTALL, place.grid_capacity, "office", "place", families=("ELECTRIC",)),
        Gate("GAS_PLAN", INSTALL, place.gas_step("plan"), "office", "supply", families=GAS),
        Gate("GAS_DESIGN", INSTALL, place.gas_step("design"), "office", "supply", families=GAS),
        Gate("GAS_CONTRACT", INSTALL, place.gas_step("contract"), "office", "supply", families=GAS),
        Gate("GAS_INFRASTRUCTURE", INSTALL, place.gas_step("infrastructure"), "office", "supply", families=GAS),
        Gate("GAS_SAFETY", INSTALL, place.gas_step("safety"), "office", "supply", families=GAS),
        Gate("TENDER", INSTALL, firm.tender, "office", "tender"),
        Gate("ADMITTED", INSTALL, firm.admitted, "office", "firm"),
        Gate("QUALIFIED", INSTALL, firm.qualified, "office", "firm"),
        Gate("WARRANTY", INSTALL, firm.warranty, "supplier", "contract", limits=(firm.WARRANTY,)),
        Gate("SUPPLY_CONTRACT", INSTALL, household.supply_contract, "supplier", "contract"),
        Gate("CONTRACT_CONTENT", INSTALL, household.contract_content, "supplier", "contract"),
        Gate("GAS_POWER", INSTALL, device.gas_power, "office", "product", (device.GAS_POWER,), GAS),
        Gate("GAS_GRADE", INSTALL, device.gas_grade, "office", "product", (device.GAS_GRADE,), GAS),
        Gate("SIZING", INSTALL, device.sizing, "office", "reason"),
        Gate("DOCKING", INSTALL, device.docking, "office", "product"),
        Gate("INTERFACE", INSTALL, device.interface, "office", "product"),
        Gate("SAMPLE", INSTALL, device.sample, "office", "product"),
        Gate("SAMPLING", INSTALL, device.sampled, "office", "product"),
        Gate("LOCAL_REQUIREMENTS", INSTALL, device.local, "office", "product"),
        Gate("CERTIFICATE", INSTALL, device.certificate, "office", "product"),
        Gate("INSURANCE", INSTALL, device.insurance, "office", "product"),
        Gate("PAPERS", INSTALL, device.papers, "office", "product"),
        Gate("USE", INSTALL, device.use, "office", "product"),
        Gate("ELECTRICAL_RATING", INSTALL, device.supply, "office", "product", (device.VOLTAGE, device.FREQUENCY)),
        Gate("BUNDLE", ACCEPT, household.bundle, "supplier", "devices"),
        Gate("COMMISSIONED", ACCEPT, household.confirmed("commissioned", "NOT_COMMISSIONED"), "supplier", "confirm"),
        Gate("TRAINED", ACCEPT, household.confirmed("trained", "NOT_TRAINED"), "supplier", "confirm"),
        Gate("GAS_ON", RUN, household.confirmed("gas_on", "GAS_NOT_ON"), "town_staff", "confirm", families=GAS),
        Gate("STABLE_SEASON", REMOVE, household.stable_season, "town_staff", "confirm"),
    )
}


@dataclass(frozen=True)
class Rule:
    """One gate as a programme asks for it; `families` empty means every route."""

    gate: str
    hard: bool
    clause: str
    families: frozenset[str] = frozenset()

    def concerns(self, family: str) -> bool:
        only = GATES[self.gate].families
        return (not only or family in only) and (not self.families or family in self.families)


@dataclass(frozen=True)
class Verdict:
    """How one gate stands. A soft gate with a reason is passed, and says which reason."""

    rule: Rule
    refusal: Refusal | None = None
    reason: str = ""

    @property
    def gate(self) -> Gate:
        return GATES[self.rule.gate]

    @property
    def is_excused(self) -> bool:
        return self.refusal is not None and not self.rule.hard and bool(self.reason)

    @property
    def blocks(self) -> bool:
        return self.refusal is not None and not self.is_excused

    @property
    def state(self) -> str:
        """met, excused, asks (soft, waits for a reason) or blocked."""
        if self.refusal is None:
            return "met"
        return "excused" if self.is_excused else "blocked" if self.rule.hard else "asks"


def judge(facts: Facts, rules: Iterable[Rule], stages: Collection[str], reasons: Mapping[str, str]) -> list[Verdict]:
    """Every gate of these stages that concerns the task, in the order of the table."""
    asked = {rule.gate: rule for rule in rules if rule.concerns(facts.family) and GATES[rule.gate].stage in stages}
    return [
        Verdict(asked[code], gate.check(facts), reasons.get(code, "")) for code, gate in GATES.items() if code in asked
    ]
