"""Codes of the rules as sentences, in the reader's language: reasons, questions, warnings, steps, problems.

The rules know only codes and parameters; this is the one place that words them. Parameters whose name ends
in ``_fen`` are shown as yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.money import format_yuan
from subsidies.rules.documents import PROBLEM_TEXTS, Problem, Said
from subsidies.rules.outcomes import Step

REASONS = {
    "OK": gettext_noop("By rate and quantity"),
    "OK_AT_CAP": gettext_noop("Exactly at the cap"),
    "OK_CAPPED": gettext_noop("Limited to the cap; the excess is borne by the household"),
    "OK_COST_BELOW_CAP": gettext_noop("Full eligible cost, below the cap"),
    "OK_STANDARD": gettext_noop("Fixed standard"),
    "OK_80PCT": gettext_noop("Cost below the threshold: 80 % of it"),
    "OK_SHARE": gettext_noop("A share of the cost"),
    "OK_STACKED": gettext_noop("Sum of several benefits"),
    "OK_BY_DECISION": gettext_noop("Amount fixed by decision"),
    "OK_REFUND": gettext_noop("Refund of the heating fee by days"),
    "DEDUCT_FROM_RECEIVABLE": gettext_noop("Deducted from the unpaid heating fee"),
    "NO_USAGE": gettext_noop("No usage counted in this season yet"),
    "OK_CEILING": gettext_noop("Limited by the ceiling over several benefits"),
    "BATCH_CEILING": gettext_noop("All households at the cap: the most this can cost"),
    "BATCH_CHECK": gettext_noop("Sum of a batch"),
    "SECOND_HOME": gettext_noop("Second home: only one dwelling per household is subsidised"),
    "DEMOLITION_PLAN": gettext_noop("Listed for demolition"),
    "LONG_VACANT": gettext_noop("Long-term unoccupied"),
    "VOLUNTARY_GIVE_UP": gettext_noop("Given up voluntarily"),
    "ENTERPRISE_PAID": gettext_noop("Pilot installation paid by the enterprise"),
    "OTHER_PROGRAMME": gettext_noop("Subsidised under another programme"),
    "NO_ELIGIBLE_COST": gettext_noop("No cost inside the cost scope"),
    "URBAN_CENTRAL_TASK_ONLY": gettext_noop("Urban central heating: counts toward the task, not subsidised"),
    "NOT_ON_ROSTER": gettext_noop("Not on an approved roster"),
    "NOT_ACCEPTED": gettext_noop("Not accepted yet"),
    "JOINT_ACCEPTANCE_INCOMPLETE": gettext_noop("Signatures of the joint acceptance are missing"),
    "SELF_FUNDS_MISSING": gettext_noop("The household's own funds are not in place"),
    "ALREADY_PAID": gettext_noop("Already paid for this dwelling"),
    "ALREADY_SUBSIDISED": gettext_noop("Already subsidised for another technology"),
    "INSTALLER_NOT_ADMITTED": gettext_noop("The installer is not admitted"),
    "TECH_NONCOMPLIANT": gettext_noop("The device does not meet the technical requirement"),
    "TECH_NOT_COVERED": gettext_noop("This technology is not covered by the rule"),
    "METER_NOT_INDIVIDUAL": gettext_noop("Shared meter: one household, one meter is required"),
    "YEARS_EXHAUSTED": gettext_noop("The number of subsidised seasons is used up"),
    "OUT_OF_SEASON": gettext_noop("Outside the subsidised seasons"),
    "CAUSE_NOT_COMPANY": gettext_noop("The fault was not caused by the heating company"),
    "CONDITION_NOT_MET": gettext_noop("A condition of the rule is not met"),
    "EXCLUSIVE_BENEFIT": gettext_noop("Another benefit excludes this one"),
    "CEILING_REACHED": gettext_noop("The ceiling over several benefits is used up"),
    "TOO_SOON": gettext_noop("Paid before; due again only after the years the policy names"),
    "NOTHING_REMAINS": gettext_noop("Nothing of the cost is left to the household"),
    "NO_RULE": gettext_noop("The policy defines no amount for this"),
    "NO_RATE_DECISION_NEEDED": gettext_noop("The policy gives no rate; a decision is needed"),
    "BY_DECISION": gettext_noop("The amount is fixed by a decision"),
    "PRICE_POLICY_ONLY": gettext_noop("A price policy, no cash subsidy"),
    "SUSPENSION_BASIC_FEE": gettext_noop("Basic fee during suspension, paid by the user"),
    "METER_ANOMALY": gettext_noop("The meter readings contradict each other; held until clarified"),
    "FACT_MISSING": gettext_noop("A fact the rule needs is not recorded"),
    "OVERFUNDED": gettext_noop("Subsidy and enterprise share together exceed the cost"),
    "BOUNDARY_READING_MISSING": gettext_noop("A reading on the first or last day of the season is missing"),
    "POLICY_NOT_IN_FORCE": gettext_noop("The policy is not in force on this day"),
    "PAYMENT_SOURCES_UNKNOWN": gettext_noop("An earlier payment is recorded without its sources"),
    "SHARED_COST_KEY": gettext_noop("A cost of the project was laid on its dwellings by another key than the policy's"),
}

WARNINGS = {
    "THRESHOLD_NEARBY": gettext_noop("The cost lies close above a threshold; check the invoice"),
    "AREA_FAR_FROM_60": gettext_noop("The heated area is far from 60 m²; the amount does not change"),
    "ESTIMATED": gettext_noop("Usage at the season's edge is divided by days (estimated)"),
    "BELOW_PAID": gettext_noop("More has been paid than is due"),
}

STEPS = {
    "GATE_PASSED": gettext_noop("Gate passed: %(gate)s"),
    "ELIGIBLE_COST": gettext_noop("Eligible cost %(eligible)s of total %(total)s yuan"),
    "COST_NOT_IN_SCOPE": gettext_noop("Cost outside the scope: %(amount)s yuan"),
    "FIXED": gettext_noop("Standard: %(amount)s yuan"),
    "PER_UNIT": gettext_noop("%(quantity)s: %(units)s × %(rate_yuan)s yuan = %(yuan)s yuan"),
    "BASE_DEDUCTED": gettext_noop("Base deducted from %(quantity)s: %(gross)s, counted %(counted)s"),
    "SHARE_OF": gettext_noop("%(percent)s %% of %(of_yuan)s yuan = %(yuan)s yuan"),
    "CAPPED": gettext_noop("%(yuan)s yuan is above the cap of %(cap_yuan)s yuan"),
    "NOT_CAPPED": gettext_noop("%(yuan)s yuan is not above the cap of %(cap_yuan)s yuan"),
    "RAISED_TO_MINIMUM": gettext_noop("%(yuan)s yuan is raised to the minimum of %(minimum_yuan)s yuan"),
    "BAND": gettext_noop("%(by)s = %(number)s falls into band %(band)s"),
    "MARGINAL_BAND": gettext_noop("%(units)s units at %(rate_yuan)s yuan"),
    "CASE": gettext_noop("Case %(case)s applies"),
    "SUM": gettext_noop("Sum of %(parts)s parts: %(yuan)s yuan"),
    "DAY_SHARE": gettext_noop("%(fee)s yuan × %(days)s / %(season_days)s days × %(share)s; fee left: %(left)s yuan"),
    "BY_DECISION": gettext_noop("Decision %(document)s: %(amount)s yuan"),
    "HOUSEHOLD_FEE": gettext_noop("%(fee)s yuan × %(share)s: the user pays %(household)s yuan"),
    "IN_SEASON": gettext_noop("Season from %(first_day)s to %(last_day)s"),
    "OUT_OF_SEASON": gettext_noop("Not counted: %(energy)s %(quantity)s from %(first_day)s to %(last_day)s"),
    "ESTIMATED": gettext_noop("%(energy)s %(quantity)s: %(days)s of %(of)s days lie in the season (estimated)"),
    "SEASON_NUMBER": gettext_noop("Season %(season)s is number %(number)s of %(of)s"),
    "ROUNDED": gettext_noop("Rounded half up once: %(amount)s yuan"),
    "SPLIT_FIXED": gettext_noop("%(source)s bears %(amount)s yuan first (standard %(standard)s)"),
    "SPLIT_RATIO": gettext_noop("%(source)s bears %(amount)s yuan (part %(part)s)"),
    "SPLIT_REST": gettext_noop("%(source)s bears the rest: %(amount)s yuan"),
    "PAID_BEFORE": gettext_noop("Already paid this season: %(amount)s yuan"),
    "UNITS_CAPPED": gettext_noop("%(quantity)s: %(units)s, of which %(counted)s are paid at most"),
    "MARGINAL_MONTHS": gettext_noop("%(quantity)s: %(units)s, through the bands of each month: %(yuan)s yuan"),
    "LIFETIME_USED": gettext_noop("Paid in other seasons: %(used)s of at most %(cap_yuan)s yuan"),
    "ITEM": gettext_noop("Cost item %(item)s: %(amount)s yuan"),
    "REMAINING": gettext_noop("Cost %(cost)s less %(borne)s yuan borne by %(after)s leaves %(amount)s yuan"),
    "CEILING": gettext_noop("Ceiling over several benefits: %(ceiling_yuan)s yuan, used before: %(used)s yuan"),
    "STANDS_ALREADY": gettext_noop("%(stands)s yuan stand under earlier versions; the rest is paid: %(amount)s yuan"),
    "NOT_EXCLUDED": gettext_noop("No other benefit of this group: %(kinds)s"),
}

GATES = {
    "excluded": gettext_noop("beneficiary not excluded"),
    "roster": gettext_noop("on an approved roster"),
    "installer": gettext_noop("installer admitted"),
    "device": gettext_noop("device admissible"),
    "own_funds": gettext_noop("own funds in place"),
    "acceptance": gettext_noop("accepted"),
    "already_paid": gettext_noop("not paid before"),
}

SOURCES = {
    "CENTRAL_MUNICIPAL": gettext_noop("Central and municipal"),
    "CENTRAL": gettext_noop("Central"),
    "PROVINCIAL": gettext_noop("Provincial"),
    "CENTRAL_PROVINCIAL": gettext_noop("Central and provincial"),
    "MUNICIPAL": gettext_noop("Municipal"),
    "COUNTY": gettext_noop("County"),
    "DISTRICT": gettext_noop("District"),
    "HOUSEHOLD": gettext_noop("Household's own funds"),
    "ENTERPRISE": gettext_noop("Enterprise"),
    "HEATING_COMPANY": gettext_noop("Heating company"),
    "CENTRAL_INVESTMENT": gettext_noop("Central budget investment"),
    "SPECIAL_BOND": gettext_noop("Special bond"),
    "SELF_RAISED": gettext_noop("Self-raised"),
}

ACCOUNTS = {
    "source": gettext_noop("account: whoever gives"),
    "granted": gettext_noop("account: promised, not here yet"),
    "free": gettext_noop("account: free"),
    "held": gettext_noop("account: held for sealed homes"),
    "batches": gettext_noop("account: promised to batches"),
    "paid": gettext_noop("account: paid to households"),
    "returned": gettext_noop("account: given back"),
    "recovered": gettext_noop("account: recovered"),
}

NAMES = {
    "heated_area_m2": gettext_noop("heated area (m²)"),
    "assessed_area_m2": gettext_noop("assessed heated area (m²)"),
    "renovated_area_m2": gettext_noop("renovated floor area (m²)"),
    "power_kw": gettext_noop("thermal power (kW)"),
    "electricity_kwh": gettext_noop("electricity (kWh)"),
    "gas_m3": gettext_noop("gas (m³)"),
    "eligible_cost": gettext_noop("eligible cost"),
    "total_cost": gettext_noop("total cost"),
    "affected_days": gettext_noop("affected days"),
    "accepted_on": gettext_noop("date of acceptance"),
    "season_fee": gettext_noop("season fee"),
    "fuel_t": gettext_noop("fuel (t)"),
    "pellets_t": gettext_noop("pellets (t)"),
    "device_count": gettext_noop("number of devices"),
    "device_age_years": gettext_noop("age of the device (years)"),
    "household_count": gettext_noop("number of households"),
    "paid_on": gettext_noop("date of payment"),
    "tariff": gettext_noop("usage by tariff"),
    "device_scrapped": gettext_noop("device found fit for scrap"),
    "device_class": gettext_noop("class of the device"),
    "own_funds_evidence": gettext_noop("what proves the own funds"),
    "second_home_approved": gettext_noop("exception for a second home approved"),
    "demolition_year": gettext_noop("year of the demolition plan"),
    "self_paid": gettext_noop("converted at one's own cost"),
    "fee_paid": gettext_noop("season fee is paid"),
    "fault": gettext_noop("kind of fault"),
    "cause": gettext_noop("cause of the fault"),
    "declared_area_m2": gettext_noop("declared heated area (m²)"),
    "heat_load_kw": gettext_noop("heat load (kW)"),
    "room_count": gettext_noop("number of rooms"),
    "person_count": gettext_noop("number of persons"),
    "altitude_m": gettext_noop("altitude (m)"),
    "enterprise_share": gettext_noop("borne by an enterprise"),
    "heat_kwh": gettext_noop("heat (kWh)"),
    "decision": gettext_noop("amount decided"),
    "zone": gettext_noop("zone"),
    "technology": gettext_noop("technology"),
    "beneficiary": gettext_noop("beneficiary"),
    "classes": gettext_noop("beneficiary classes"),
    "venue_type": gettext_noop("kind of venue"),
    "meter_individual": gettext_noop("one household, one meter"),
    "season_number": gettext_noop("number of the season"),
    "season_year": gettext_noop("year of the season"),
    "on": gettext_noop("day of the calculation"),
}


def reason_sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """A reason or open question in words, with the fact or the signatures it is about."""
    about = (params or {}).get("fact") or (params or {}).get("missing")
    sentence = _(REASONS[code])
    return _("%(reason)s: %(about)s") % {"reason": sentence, "about": name_of(str(about))} if about else sentence


def warning_sentence(code: str) -> str:
    """A warning in words."""
    return _(WARNINGS[code])


def source_name(code: str) -> str:
    """A funding source in words; a source only this policy knows stays its code."""
    return _(SOURCES[code]) if code in SOURCES else code


def rule_choices(titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """(code, words) of rules to choose from: the document's title, its code small behind; a code alone without one."""
    return [(code, f"{title} · {code}" if title else code) for code, title in sorted(titles.items())]


def account_name(code: str) -> str:
    """An account of a fund in words."""
    return _(ACCOUNTS[code])


def name_of(code: str) -> str:
    """A fact or quantity in words."""
    return _(NAMES[code]) if code in NAMES else code


def step_sentence(step: Step) -> str:
    """A step in words, with the clause behind it."""
    words = {name.removesuffix("_fen"): _shown(name, value) for name, value in step.params.items()}
    sentence = _(STEPS[step.code]) % words
    return (
        _("%(sentence)s [clause %(clause)s]") % {"sentence": sentence, "clause": step.clause}
        if step.clause
        else sentence
    )


def problem_reason(problem: Problem) -> str:
    """What is wrong, without the place."""
    values = {name: _(value) if isinstance(value, Said) else value for name, value in problem.values.items()}
    return _(problem.sentence or PROBLEM_TEXTS[problem.code]) % values


def problem_sentence(problem: Problem) -> str:
    """A problem of a document in words, with its line and place."""
    sentence = problem_reason(problem)
    place = _("Line %(line)s") % {"line": problem.line}
    return f"{place} ({problem.where}): {sentence}" if problem.where else f"{place}: {sentence}"


def _shown(name: str, value: Any) -> str:
    if name.endswith("_fen"):
        return format_yuan(value)
    if name == "gate":
        return _(GATES[value])
    if name == "source":
        return source_name(value)
    return name_of(str(value)) if name in ("quantity", "by", "energy") else "–" if value is None else str(value)
