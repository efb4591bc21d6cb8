"""The closed vocabulary of the rules: reason codes, questions, warnings, steps, gates and names of facts.

Everything a policy document may name is listed here, so a typing error is found when the document is
loaded and every code has a sentence in ``subsidies/wording.py``.
"""

from __future__ import annotations

#: Codes of a ``Due``: why it is this amount.
DUE_CODES = (
    "OK", "OK_AT_CAP", "OK_CAPPED", "OK_COST_BELOW_CAP", "OK_STANDARD", "OK_80PCT", "OK_SHARE", "OK_STACKED",
    "OK_BY_DECISION", "OK_REFUND", "DEDUCT_FROM_RECEIVABLE", "NO_USAGE", "OK_CEILING",
    "BATCH_CEILING", "BATCH_CHECK",
)  # fmt: skip

#: Exclusions of a beneficiary: facts established by the household file, in no order of their own.
EXCLUSION_CODES = (
    "SECOND_HOME", "DEMOLITION_PLAN", "LONG_VACANT", "VOLUNTARY_GIVE_UP", "ENTERPRISE_PAID", "OTHER_PROGRAMME",
)  # fmt: skip

#: Codes of a ``NotDue``.
NOT_DUE_CODES = (
    *EXCLUSION_CODES,
    "NO_ELIGIBLE_COST", "URBAN_CENTRAL_TASK_ONLY", "NOT_ON_ROSTER", "NOT_ACCEPTED", "JOINT_ACCEPTANCE_INCOMPLETE",
    "SELF_FUNDS_MISSING", "ALREADY_PAID", "ALREADY_SUBSIDISED", "INSTALLER_NOT_ADMITTED", "TECH_NONCOMPLIANT",
    "TECH_NOT_COVERED", "METER_NOT_INDIVIDUAL", "YEARS_EXHAUSTED", "OUT_OF_SEASON", "CAUSE_NOT_COMPANY",
    "CONDITION_NOT_MET", "EXCLUSIVE_BENEFIT", "CEILING_REACHED", "TOO_SOON", "NOTHING_REMAINS",
)  # fmt: skip

#: Codes of an ``Undefined``: the question somebody has to answer before there is an amount.
UNDEFINED_CODES = (
    "NO_RULE", "NO_RATE_DECISION_NEEDED", "BY_DECISION", "PRICE_POLICY_ONLY", "SUSPENSION_BASIC_FEE", "METER_ANOMALY",
    "FACT_MISSING", "OVERFUNDED", "BOUNDARY_READING_MISSING", "POLICY_NOT_IN_FORCE", "PAYMENT_SOURCES_UNKNOWN",
    "SHARED_COST_KEY",
)  # fmt: skip

WARNING_CODES = ("THRESHOLD_NEARBY", "AREA_FAR_FROM_60", "ESTIMATED", "BELOW_PAID")

#: Refusals that can still turn into an amount; the household's own share is not stated yet.
PENDING_CODES = frozenset({"NOT_ACCEPTED", "JOINT_ACCEPTANCE_INCOMPLETE", "SELF_FUNDS_MISSING", "ALREADY_PAID"})

#: Refusals because another payment stands in the way: what the household bears follows from that one, not from here.
BESIDE_OTHERS_CODES = frozenset({"EXCLUSIVE_BENEFIT", "CEILING_REACHED", "TOO_SOON", "NOTHING_REMAINS"})

#: Gates in the order in which they are asked; the first that fails gives the reason.
GATES = ("excluded", "roster", "installer", "device", "own_funds", "acceptance", "already_paid")

STEP_CODES = (
    "GATE_PASSED", "ELIGIBLE_COST", "COST_NOT_IN_SCOPE", "FIXED", "PER_UNIT", "BASE_DEDUCTED", "SHARE_OF", "CAPPED",
    "NOT_CAPPED", "RAISED_TO_MINIMUM", "BAND", "MARGINAL_BAND", "CASE", "SUM", "DAY_SHARE", "BY_DECISION",
    "HOUSEHOLD_FEE", "IN_SEASON", "OUT_OF_SEASON", "ESTIMATED", "SEASON_NUMBER", "ROUNDED", "SPLIT_FIXED",
    "SPLIT_RATIO", "SPLIT_REST", "PAID_BEFORE", "UNITS_CAPPED", "MARGINAL_MONTHS", "LIFETIME_USED", "ITEM",
    "REMAINING", "CEILING", "NOT_EXCLUDED", "STANDS_ALREADY",
)  # fmt: skip

#: Keys by which a project's cost is laid on its dwellings.
SHARE_KEYS = ("household", "area", "persons")

#: Facts that are numbers: quantities with the unit in the name, money in yuan (compared in yuan).
NUMBER_FACTS = (
    "heated_area_m2", "assessed_area_m2", "renovated_area_m2", "declared_area_m2", "power_kw", "heat_load_kw",
    "device_count", "room_count", "person_count", "fuel_t", "affected_days", "altitude_m",
    "device_age_years", "household_count", "demolition_year",
)  # fmt: skip
MONEY_FACTS = ("eligible_cost", "total_cost", "enterprise_share", "season_fee")
#: Costs that may be paid band by band, every yuan at its band's rate.
COSTS = ("eligible_cost", "total_cost")
#: Quantities that are metered in periods; they exist only for benefits that run by season.
USAGE_FACTS = ("electricity_kwh", "gas_m3", "heat_kwh", "pellets_t")
TEXT_FACTS = (
    "beneficiary", "zone", "technology", "device_class", "fault", "cause", "venue_type", "own_funds_evidence",
)  # fmt: skip
FLAG_FACTS = ("meter_individual", "fee_paid", "self_paid", "device_scrapped", "second_home_approved")
SET_FACTS = ("classes",)
DATE_FACTS = ("on", "accepted_on")
COMPARABLE_FACTS = (*NUMBER_FACTS, *MONEY_FACTS, "season_number", "season_year")
FACTS = (*COMPARABLE_FACTS, *TEXT_FACTS, *FLAG_FACTS, *SET_FACTS, *DATE_FACTS)

#: Reasons a benefit may state itself, in a band, a case, a check or instead of an amount.
OWN_DUE_CODES = tuple(code for code in DUE_CODES if not code.startswith("BATCH_") and code != "OK_STACKED")
