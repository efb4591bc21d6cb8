"""Where every fact of the rules comes from: a register of the portal, a person's statement, or nowhere, by name.

A register goes first; a statement fills what no register holds for the dwelling (`services.stated`). A rule that asks
for a fact nobody recorded answers FACT_MISSING, and the amount's page says where it is to be entered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_noop

Shape = Literal["number", "money", "flag", "code", "usage", "decision", "evidence", "year"]


@dataclass(frozen=True, slots=True)
class Source:
    """`register`: where the portal holds it, "" where no register does. `stated`: as what a person may state it, None
    where nobody may. `refused`: why the portal asks nobody for it. `seasonal`: holds for one heating season.
    """

    register: str = ""
    stated: Shape | None = None
    refused: str = ""
    seasonal: bool = False


_ACCEPTANCE = gettext_noop("the acceptance")
_RECORD = gettext_noop("the record of the installation")
_HOUSEHOLD = gettext_noop("the household's file")
_READINGS = gettext_noop("meter readings")
_COSTS = gettext_noop("cost items of the installation")
_NO_VENUES = gettext_noop(
    "Amounts are computed for dwellings; a public venue is paid through its project, by a decision of its own."
)


def _only_stated(shape: Shape, *, seasonal: bool = False) -> Source:
    return Source(stated=shape, seasonal=seasonal)


SOURCES: Mapping[str, Source] = {
    "on": Source(gettext_noop("the day of the calculation")),
    "accepted_on": Source(_ACCEPTANCE),
    "beneficiary": Source(gettext_noop("always a household: amounts are computed for dwellings")),
    "zone": Source(gettext_noop("the class of the place")),
    "technology": Source(gettext_noop("the roster's route of the task")),
    "classes": Source(_HOUSEHOLD),
    "device_class": Source(gettext_noop("the installed model's class"), "code"),
    "venue_type": Source(refused=_NO_VENUES),
    "self_paid": _only_stated("flag"),
    "device_scrapped": _only_stated("flag"),
    "second_home_approved": _only_stated("flag"),
    "own_funds_evidence": _only_stated("evidence"),
    "meter_individual": Source(_HOUSEHOLD),
    "fee_paid": _only_stated("flag", seasonal=True),
    "fault": _only_stated("code", seasonal=True),
    "cause": _only_stated("code", seasonal=True),
    "heated_area_m2": Source(_RECORD, "number"),
    "declared_area_m2": Source(_HOUSEHOLD, "number"),
    "assessed_area_m2": _only_stated("number"),
    "renovated_area_m2": _only_stated("number"),
    "power_kw": Source(gettext_noop("the registered product"), "number"),
    "heat_load_kw": _only_stated("number"),
    "device_count": Source(gettext_noop("the installed devices"), "number"),
    "room_count": _only_stated("number"),
    "person_count": Source(_HOUSEHOLD, "number"),
    "demolition_year": Source(gettext_noop("the ground of the exclusion, where it names one year"), "year"),
    "household_count": Source(gettext_noop("the register of the village")),
    "altitude_m": _only_stated("number"),
    "device_age_years": Source(gettext_noop("the heater taken down before"), "number"),
    "fuel_t": _only_stated("number", seasonal=True),
    "affected_days": _only_stated("number", seasonal=True),
    "eligible_cost": Source(_COSTS),
    "total_cost": Source(_COSTS),
    "enterprise_share": _only_stated("money"),
    "season_fee": _only_stated("money", seasonal=True),
    "season_year": Source(gettext_noop("the season that is computed")),
    "season_number": Source(gettext_noop("the seasons since the acceptance")),
    "electricity_kwh": Source(_READINGS),
    "gas_m3": Source(_READINGS),
    "heat_kwh": _only_stated("usage", seasonal=True),
    "pellets_t": _only_stated("usage", seasonal=True),
    "tariff": Source(_READINGS),
    "paid_on": Source(gettext_noop("the bank's answer about the payment")),
    "decision": _only_stated("decision"),
}
"""By name of the fact; `decision` is the amount of `by_decision`, `tariff` and `paid_on` are parts of facts."""
METERED = frozenset({"electricity_kwh", "gas_m3"})
"""Usage that comes in readings; a season of it is computed once its last reading is there."""
STATABLE = tuple(name for name, source in SOURCES.items() if source.stated)
