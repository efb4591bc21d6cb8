"""The 26 open questions: for each, what reads its answer. A question whose answer nothing reads fails here."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from importlib import import_module

import pytest

from heatsupply.terms.fees import fee_season, terms_of
from programmes.counting import counting_of
from subsidies.counting import counted, programmes_counting_second_homes
from subsidies.questions import BAIYIN, LITONG, QUESTIONS, TAISHAN, question_of
from subsidies.rules.documents import read_document
from subsidies.rules.engine import assess
from subsidies.rules.outcomes import Undefined
from subsidies.rules.switches import option_uses
from tests.rules.builders import dwelling, preset, preset_text
from tests.subsidies.conftest import Money, release

#: Question → the parts of the documents that read its answer. That each other answer also changes the rules is asked in
#: `tests/rules/test_switches.py`.
CHANGES = {
    "Q1": {"amount"}, "Q2": {"split"}, "Q3": {"amount"}, "Q4": {"runs"}, "Q5": {"season"}, "Q6": {"amount"},
    "Q7": {"shared_costs"}, "Q8": {"shared_costs"}, "Q9": {"exclusive"}, "Q10": {"gates"}, "Q11": {"gates"},
    "Q12": {"tasks"}, "Q13": {"tasks"}, "Q14": {"cost_scope"}, "Q15": {"amount", "warnings"}, "Q16": {"split"},
    "Q17": {"amount"}, "Q18": {"warnings"}, "Q19": {"warnings"}, "Q20": {"gates"}, "Q21": {"gates"},
    "Q22": {"gates"}, "Q23": {"amount"}, "Q24": {"season"},
}  # fmt: skip
#: Part of a document → what of the portal reads it (`module:name`; each must be there).
ENGINE = "subsidies.rules.engine:assess"
READ_BY = {
    "amount": (ENGINE, "heatsupply.terms.fees:terms_of"), "split": (ENGINE,), "cost_scope": (ENGINE,),
    "shared_costs": (ENGINE,), "warnings": (ENGINE,), "exclusive": (ENGINE,), "gates": (ENGINE,),
    "runs": (ENGINE, "subsidies.services.turns:turns_of"),
    "season": ("subsidies.services.turns:turns_of", "subsidies.services.seasons:season_of_year",
               "heatsupply.terms.fees:fee_season"),
    "tasks": ("subsidies.counting:counted", "households.register_queries:counting_of",
              "reports.services.summaries:programmes_counting_second_homes"),
}  # fmt: skip
#: Questions no switch can answer otherwise → the code that settles them.
SETTLED = {"Q25": "subsidies.models:EntitlementLine", "Q26": "subsidies.rules.outcomes:Undefined"}


def there(name: str) -> bool:
    module, _, attribute = name.partition(":")
    return hasattr(import_module(module), attribute)


def part_of(where: str) -> str:
    """`benefits[2].amount.cap.at` is the amount; elsewhere the part is the first word."""
    words = [word.partition("[")[0] for word in where.split(".")]
    return words[1] if words[0] == "benefits" else words[0]


def test_every_question_is_read_by_something() -> None:
    reading: dict[str, set[str]] = {}
    for name in (TAISHAN, LITONG, BAIYIN):
        for use in option_uses(read_document(preset_text(name))):
            if (question := question_of(use.option)) is not None:
                assert question.preset == name
                reading.setdefault(question.code, set()).add(part_of(use.where))
    assert reading == CHANGES
    assert {one.code for one in QUESTIONS} == CHANGES.keys() | SETTLED.keys()
    assert {one.code for one in QUESTIONS if one.settled} == SETTLED.keys()
    read = {name for part in set().union(*CHANGES.values()) for name in READ_BY[part]} | set(SETTLED.values())
    assert not [name for name in read if not there(name)]


def test_price_support_is_answered_for_every_home_and_never_an_amount() -> None:
    """Q26 changes no computation: nobody is paid for the price, so that there is no sum a line could carry."""
    found = assess(preset("taishan_2021"), dwelling(technology="ELECTRIC"), kind="PRICE")
    assert isinstance(found, Undefined) and found.code == "PRICE_POLICY_ONLY"


COUNTS = """
policy: sample_2021
title: 示例县2021年清洁取暖
place: "370999"
document_number: 示例〔2021〕2号
valid_from: 2021-01-01
season: {from: "10-15", to: "04-15"}
sources: [DISTRICT, HEATING_COMPANY]
tasks:
  - {when: [{fact: beneficiary, in: [VENUE]}], quantity: heated_area_m2, each: 100, decimals: 2}
  - {when: [{fact: beneficiary, in: [HOUSEHOLD]}, {fact: self_paid, is: true}], count: HOME}
  - {when: [{fact: beneficiary, in: [HOUSEHOLD]}], count: 1}
benefits:
  - id: S-1
    kind: FEE_REFUND
    title: 热费退还
    clause: "18"
    amount:
      day_share: {of: season_fee, days: affected_days, whole_days: false, shares: {LATE: 1, INSUFFICIENT: 0.4}}
    split: {whole: HEATING_COMPANY}
"""


@pytest.mark.django_db
def test_the_released_answers_reach_registers_boards_and_the_service_of_heating_companies(money: Money) -> None:
    programme, day = money.programme, dt.date(2022, 1, 10)
    programme.settings = {"heat_fees": {"shares": {"late": "0.5", "stopped": "0.5"}, "suspended_share": "0.3"}}
    assert (counting_of(programme, day).venue_m2, counting_of(programme, day).decimals) == (120, 4)
    assert programmes_counting_second_homes(day) == [programme.pk]  # its rule counts every household
    before = terms_of(programme, day)
    assert (before.shares["late"], before.counting, fee_season(programme, "2021-2022", day).days) == (
        Fraction(1, 2), "full_days", 151)  # fmt: skip

    policy = release(programme, COUNTS.replace("HOME", "0"))
    found = counting_of(programme, day)
    assert (found.venue_m2, found.decimals, found.second_home) == (100, 2, 0)
    assert found.said_by == f"示例〔2021〕2号 v{policy.version_no}"
    assert programmes_counting_second_homes(day) == []
    terms = terms_of(programme, day)
    assert terms.shares == {"late": 1, "insufficient": Fraction(2, 5), "stopped": Fraction(1, 2)}
    assert (terms.counting, terms.suspended_share) == ("hours", Fraction(3, 10))
    assert fee_season(programme, "2021-2022", day).days == 183


@pytest.mark.parametrize(("answer", "approved", "counts"), [(False, None, 0), (True, None, 1), (False, True, 1)])
def test_a_second_home_is_one_its_owner_pays_for_until_an_exception_is_approved(
    answer: bool, approved: bool | None, counts: int
) -> None:
    facts = dwelling(exclusions=frozenset({"SECOND_HOME"}), second_home_approved=approved)
    assert counted(preset("taishan_2021", (("Q12", answer),)), facts) == counts
