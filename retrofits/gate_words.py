"""Gates and their refusals in words."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from retrofits.faults import Fault
from retrofits.gates.facts import Refusal
from retrofits.gates.judging import Verdict
from retrofits.models import Contract, Product, SupplyStep

TITLES: dict[str, str | Promise] = {
    "ROSTER": gettext_lazy("on an approved roster"),
    "NETWORK_FIRST": gettext_lazy("central heating first where the network reaches"),
    "ELECTRIC_FIRST": gettext_lazy("electricity first, gas as a supplement"),
    "ONE_TECHNOLOGY": gettext_lazy("one technology per village group"),
    "BUNGALOW": gettext_lazy("a bungalow, no resettlement building"),
    "CHOSEN_BY_HOUSEHOLD": gettext_lazy("technology chosen by the household"),
    "GRID_CAPACITY": gettext_lazy("grid capacity"),
    "GAS_PLAN": gettext_lazy("gas: plan"),
    "GAS_DESIGN": gettext_lazy("gas: design"),
    "GAS_CONTRACT": gettext_lazy("gas: source contract"),
    "GAS_INFRASTRUCTURE": gettext_lazy("gas: infrastructure"),
    "GAS_SAFETY": gettext_lazy("gas: safety measures"),
    "TENDER": gettext_lazy("chosen by tender"),
    "ADMITTED": gettext_lazy("admitted enterprise"),
    "QUALIFIED": gettext_lazy("enterprise's qualification"),
    "WARRANTY": gettext_lazy("warranty"),
    "SUPPLY_CONTRACT": gettext_lazy("supply contract signed by the household"),
    "CONTRACT_CONTENT": gettext_lazy("what the contract names"),
    "GAS_POWER": gettext_lazy("thermal power of the gas boiler"),
    "GAS_GRADE": gettext_lazy("efficiency grade of the gas boiler"),
    "SIZING": gettext_lazy("power fits the area of the house"),
    "DOCKING": gettext_lazy("data-docking confirmation"),
    "INTERFACE": gettext_lazy("interface, protocol, wireless unit"),
    "SAMPLE": gettext_lazy("sample of the board and its protocol"),
    "SAMPLING": gettext_lazy("product sampling"),
    "LOCAL_REQUIREMENTS": gettext_lazy("what the place asks for beyond annex 2"),
    "CERTIFICATE": gettext_lazy("compulsory certificate"),
    "INSURANCE": gettext_lazy("product insurance"),
    "PAPERS": gettext_lazy("papers of the product"),
    "USE": gettext_lazy("fit for rural dwellings"),
    "ELECTRICAL_RATING": gettext_lazy("electrical rating"),
    "BUNDLE": gettext_lazy("all devices of the solution"),
    "COMMISSIONED": gettext_lazy("commissioning signed by the household"),
    "TRAINED": gettext_lazy("household trained"),
    "GAS_ON": gettext_lazy("gas is on"),
    "STABLE_SEASON": gettext_lazy("old heating stays until a whole season is proven"),
}

SENTENCES: dict[str, str | Promise] = {
    "NOT_ON_ROSTER": gettext_lazy("the dwelling is on no approved roster"),
    "NETWORK_COVERS": gettext_lazy("the heat network reaches this place; another route needs a reason"),
    "ELECTRIC_POSSIBLE": gettext_lazy("electricity comes first here; gas needs a reason and a word on its network"),
    "OTHER_TECHNOLOGY": gettext_lazy("%(count)s dwellings of this group take %(technology)s; another needs a reason"),
    "DWELLING_TYPE_UNKNOWN": gettext_lazy("it is not written down what kind of dwelling it is"),
    "RESETTLEMENT": gettext_lazy("“%(type)s”: around the city only bungalows go over to electricity or gas"),
    "GRID_UNKNOWN": gettext_lazy("it is not written down whether the grid has capacity here"),
    "NOT_LOW_POWER": gettext_lazy("the grid has no capacity here and %(device)s is not marked efficient at low power"),
    "DEVICE_UNKNOWN": gettext_lazy("no registered product is chosen yet"),
    "STEP_MISSING": gettext_lazy("%(step)s: nothing is recorded for this place"),
    "STEP_LATER": gettext_lazy("%(step)s: done only on %(day)s"),
    "STEP_EXPIRED": gettext_lazy("%(step)s: valid only until %(day)s"),
    "FIRM_UNKNOWN": gettext_lazy("no enterprise is chosen yet"),
    "NOT_ADMITTED": gettext_lazy("%(firm)s is not admitted to the programme on that day"),
    "ADMISSION_ENDED": gettext_lazy("the admission of %(firm)s ended on %(day)s"),
    "NO_QUALIFICATION": gettext_lazy("%(firm)s has no qualification for construction"),
    "QUALIFICATION_EXPIRED": gettext_lazy("the qualification of %(firm)s was valid until %(day)s"),
    "QUALIFICATION_LATER": gettext_lazy("the qualification of %(firm)s is valid only from %(day)s"),
    "WARRANTY_UNKNOWN": gettext_lazy("no warranty is stated; asked for: %(limit)s"),
    "WARRANTY_SHORT": gettext_lazy("a warranty of %(months)s months is too short; asked for: %(limit)s"),
    "NO_AWARD": gettext_lazy("%(firm)s has won no lot of this programme"),
    "NO_CONTRACT": gettext_lazy("no supply contract is recorded"),
    "NOT_CONFIRMED": gettext_lazy("the household has not signed that it accepts the product's data"),
    "SIGNED_LATER": gettext_lazy("the supply contract is signed only on %(day)s, after that day"),
    "CONTRACT_LACKS": gettext_lazy("the contract does not name: %(items)s"),
    "OTHER_FIRM": gettext_lazy("%(firm)s is not the contracted enterprise %(contracted)s"),
    "OTHER_DEVICE": gettext_lazy("%(device)s is not the contracted product %(contracted)s"),
    "POWER_UNKNOWN": gettext_lazy("the thermal power of %(device)s is not stated"),
    "POWER": gettext_lazy("%(device)s has %(value)s kW; asked for: %(limit)s"),
    "UNDERSIZED": gettext_lazy(
        "%(device)s gives %(value)s W for each of %(area)s m²; expected: at least %(least)s, or a reason"
    ),
    "GRADE_UNKNOWN": gettext_lazy("the efficiency grade of %(device)s is not stated"),
    "GRADE": gettext_lazy("%(device)s has efficiency grade %(value)s; asked for: %(limit)s"),
    "NOT_DOCKED": gettext_lazy("%(device)s has no data-docking confirmation with issuer and day"),
    "DOCKED_LATER": gettext_lazy("the docking of %(device)s was confirmed only on %(day)s"),
    "NOT_CONNECTABLE": gettext_lazy("%(device)s does not show: %(features)s"),
    "NO_SAMPLE": gettext_lazy("no sample of the board of %(device)s with the document of its protocol is recorded"),
    "SAMPLE_LATER": gettext_lazy("the sample of %(device)s was received only on %(day)s"),
    "SAMPLE_FAILED": gettext_lazy("%(device)s did not pass the sampling of %(day)s (report %(report)s)"),
    "LOCAL_UNMET": gettext_lazy("%(device)s is not marked to meet: %(requirements)s"),
    "DOCKING_EXPIRED": gettext_lazy("the docking confirmation of %(device)s was valid until %(day)s"),
    "NO_CERTIFICATE": gettext_lazy("%(device)s shows no compulsory certificate with its last day"),
    "CERTIFICATE_EXPIRED": gettext_lazy("the certificate of %(device)s was valid until %(day)s"),
    "NOT_INSURED": gettext_lazy("%(device)s shows no product insurance with its days"),
    "INSURANCE_GAP": gettext_lazy("%(device)s is insured from %(start)s to %(end)s only"),
    "PAPERS_MISSING": gettext_lazy("papers of %(device)s are missing: %(papers)s"),
    "NOT_FOR_DWELLINGS": gettext_lazy("%(device)s is not marked fit for rural dwellings"),
    "RATING_UNKNOWN": gettext_lazy("voltage and frequency of %(device)s are not stated"),
    "RATING": gettext_lazy("%(device)s works at %(voltage)s V, %(frequency)s Hz"),
    "NO_BUNDLE": gettext_lazy("it is not recorded which set of devices was installed"),
    "DEVICES_MISSING": gettext_lazy("devices of the set are missing: %(devices)s"),
    "NOT_CHOSEN": gettext_lazy("no choice of the technology signed by the household is recorded"),
    "NOT_COMMISSIONED": gettext_lazy("no commissioning signed by the household is recorded"),
    "NOT_TRAINED": gettext_lazy("no training of the household is recorded"),
    "GAS_NOT_ON": gettext_lazy("converted, but the gas is not on yet"),
    "NOT_INSTALLED": gettext_lazy("nothing is installed yet"),
    "SEASON_NOT_PROVEN": gettext_lazy("whole seasons of stable running proven: %(proven)s; asked for: %(limit)s"),
}

FIXES: dict[str, str | Promise] = {
    "roster": gettext_lazy("Rosters"),
    "reason": gettext_lazy("Give a reason"),
    "place": gettext_lazy("What is known of the place"),
    "supply": gettext_lazy("Gas supply of places"),
    "tender": gettext_lazy("Tender lots"),
    "firm": gettext_lazy("Enterprises"),
    "contract": gettext_lazy("Record the contract"),
    "product": gettext_lazy("Products"),
    "devices": gettext_lazy("Record the devices"),
    "confirm": gettext_lazy("Record the confirmation"),
}


def sentence(refusal: Refusal) -> str:
    """The refusal for a person; values that are codes are worded too."""
    values = {name: _worded(name, value) for name, value in refusal.values.items()}
    return str(SENTENCES[refusal.code]) % values


def fault_of(verdict: Verdict) -> Fault:
    """A shut gate as a fault: gate, reason and clause."""
    assert verdict.refusal is not None
    words = _("%(gate)s: %(why)s (%(clause)s)") % {
        "gate": TITLES[verdict.rule.gate],
        "why": sentence(verdict.refusal),
        "clause": verdict.rule.clause,
    }
    return Fault(verdict.rule.gate, verdict.refusal.code, words)


def _worded(name: str, value: Any) -> Any:
    if name == "step":
        return SupplyStep.Step(value).label
    if name == "papers":
        return "、".join(str(Product.Paper(one).label) for one in value)
    if name == "items":
        return "、".join(str(Contract.Item(one).label) for one in value)
    if name == "features":
        return "、".join(str(Product._meta.get_field(one).verbose_name) for one in value)
    if name == "requirements":
        return "、".join(value)
    if name == "devices":
        return "、".join(f"{kind} × {count}" for kind, count in value)
    return value
