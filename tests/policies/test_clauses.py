"""What each clause on money says, in its own number: the facts are the worked examples', the figures stand here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pytest import mark, param

from subsidies.rules.cases import run_case
from tests.policies.test_worked_examples import cases
from tests.rules.builders import preset

RULES = "subsidies.rules.engine:assess"


def answer(example: str) -> dict[str, Any]:
    """What the rules answer to a worked example, found by its number (E-T01)."""
    name = {"T": "taishan_2021", "L": "litong_2021", "D": "datong_2021", "J": "jincheng_2020"}[example[2]]
    case = next(one for one in cases(name) if one.id == example)
    return run_case(preset(name, tuple(case.options.items())), case)


def shares(found: dict[str, Any]) -> dict[str, Decimal]:
    return {source: Decimal(str(yuan)) for source, yuan in found["split"].items()}


@pytest.mark.parametrize(
    ("example", "yuan", "upper_yuan"),
    [
        param("E-T11", 6000, 3000, marks=mark.clause("T-28", "最高6000元/户…中央及市级3000元/户", serves=RULES)),
        param("E-T15", 83 * 120, 25 * 120, marks=mark.clause("T-29", "最高83元/平方米…25元/平方米", serves=RULES)),
        param("E-T19", 67 * 24500, 20 * 24500, marks=mark.clause("T-30", "最高67元/平方米…20元/平方米", serves=RULES)),
        param("E-T09", 6000, 3000, marks=mark.clause("T-31", "村（居）内供气管网等…最高6000元/户…3000", serves=RULES)),
        param("E-T01", 6000, 3000, marks=mark.clause("T-32", "用户表后线路…最高6000元/户…3000", serves=RULES)),
        param("E-T13", 6000, 3000, marks=mark.clause("T-38", "采购、安装、维护费用…最高6000元/户…3000", serves=RULES)),
        param(
            "E-T21",
            83 * 70000,
            25 * 70000,
            marks=mark.clause("T-39", "最高83元/平方米（改造建筑面积）…25", serves=RULES),
        ),
        param("E-T24", 6600, 2000, marks=mark.clause("T-40", "6600元/户…2000元/户", serves=RULES)),
    ],
)
def test_what_is_paid_at_most_and_what_of_it_from_above(example: str, yuan: int, upper_yuan: int) -> None:
    found = answer(example)
    assert Decimal(found["amount"]) == yuan
    assert shares(found) == {"CENTRAL_MUNICIPAL": upper_yuan, "DISTRICT": yuan - upper_yuan}


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        param("E-T53", "DEMOLITION_PLAN", marks=mark.clause("T-15", "列入拆迁计划…暂不实施", serves=RULES)),
        param("E-T54", "LONG_VACANT", marks=mark.clause("T-16", "长期无人居住…暂不实施", serves=RULES)),
        param("E-T55", "VOLUNTARY_GIVE_UP", marks=mark.clause("T-17", "自愿放弃的住户暂不实施", serves=RULES)),
        param("E-T52", "SECOND_HOME", marks=mark.clause("T-19", "其余住宅…费用自行承担", serves=RULES)),
        param("E-T14", "URBAN_CENTRAL_TASK_ONLY", marks=mark.clause("T-20", "计入任务但不享受", serves=RULES)),
        param("E-T43", "METER_NOT_INDIVIDUAL", marks=mark.clause("T-21", "一户一表居民电代煤用户", serves=RULES)),
        param("E-T56", "NOT_ON_ROSTER", marks=mark.clause("T-45", "核准后实施", serves=RULES)),
        param("E-L18", "SELF_FUNDS_MISSING", marks=mark.clause("L-23", "群众自筹资金到位", serves=RULES)),
        param(
            "E-L24",
            "INSTALLER_NOT_ADMITTED",
            marks=mark.clause("L-24", "核实企业后可在试点内进行设备安装", serves=RULES),
        ),
        param("E-L23", "ENTERPRISE_PAID", marks=mark.clause("L-25", "费用由企业承担", serves=RULES)),
        param("E-L19", "NOT_ACCEPTED", marks=mark.clause("L-40", "达到供暖效果后…验收", serves=RULES)),
        param(
            "E-L20", "JOINT_ACCEPTANCE_INCOMPLETE", marks=mark.clause("L-41", "审计局等部门验收合格后", serves=RULES)
        ),
        param("E-L21", "ALREADY_PAID", marks=mark.clause("L-41", "一次性向农户支付补贴", serves=RULES)),
        param("E-L17", "TECH_NONCOMPLIANT", marks=mark.clause("L-49", "应大于15千瓦", serves=RULES)),
    ],
)
def test_who_gets_nothing_and_why(example: str, reason: str) -> None:
    found = answer(example)
    assert (Decimal(found["amount"]), found["reason"]) == (0, reason)


@pytest.mark.clause("T-33", "1元/立方米…每户每年最高600元，暂定3年", serves=RULES)
def test_gas_is_paid_by_the_cubic_metre_in_the_season() -> None:
    assert [Decimal(answer(one)["amount"]) for one in ("E-T29", "E-T31", "E-T32")] == [450, 600, 600]
    assert Decimal(answer("E-T36")["amount"]) == 220  # October and April are no heating season


@pytest.mark.clause("T-36", "0.2元/千瓦时…每户每年最高600元，暂定3年", serves=RULES)
def test_electricity_is_paid_by_the_kilowatt_hour_for_three_years() -> None:
    assert [Decimal(answer(one)["amount"]) for one in ("E-T44", "E-T38", "E-T39")] == [400, 600, 600]
    assert answer("E-T45")["reason"] == "YEARS_EXHAUSTED"


@pytest.mark.clause("T-37", "运行补贴费用由区级财政承担", serves=RULES)
def test_running_costs_are_the_districts_alone() -> None:
    assert [set(shares(answer(one))) for one in ("E-T29", "E-T37")] == [{"DISTRICT"}, {"DISTRICT"}]


@pytest.mark.clause("T-41", "资金由区级统筹解决", serves=RULES)
def test_a_venue_has_no_rate_until_somebody_decides_one() -> None:
    assert (answer("E-T58")["amount"], answer("E-T58")["reason"]) == (None, "NO_RATE_DECISION_NEEDED")
    assert shares(answer("E-T59")) == {"DISTRICT": 21600}


@pytest.mark.clause("T-26", "剩余资金由区级筹措安排", serves=RULES)
def test_the_district_bears_what_is_left() -> None:
    assert shares(answer("E-T22")) == {"CENTRAL_MUNICIPAL": Decimal("80387"), "DISTRICT": Decimal("186497.84")}


@pytest.mark.clause("T-10", "群众在合理范围内负担", serves=RULES)
def test_the_households_own_share_is_cost_less_subsidy() -> None:
    assert [Decimal(answer(one)["household"]) for one in ("E-T01", "E-T02", "E-T11")] == [3800, 0, Decimal("1420.5")]


@pytest.mark.clause("L-16", "中央资金补贴标准为3500元/户，地方1800元/户，其余由农户承担", serves=RULES)
def test_litong_pays_3500_and_1800() -> None:
    found = answer("E-L01")
    assert (shares(found), Decimal(found["household"])) == ({"CENTRAL": 3500, "DISTRICT": 1800}, 1700)


@pytest.mark.clause("L-17", "少于6000元，补助金额按照80%计算", serves=RULES)
def test_below_six_thousand_litong_pays_four_fifths() -> None:
    found = [(answer(one)["amount"], answer(one)["reason"]) for one in ("E-L03", "E-L04")]
    assert found == [("5300.00", "OK_STANDARD"), ("4799.99", "OK_80PCT")]


@pytest.mark.clause("L-18", "设备购置费及项目建设费用", serves=RULES)
def test_furniture_is_outside_the_scope_of_costs() -> None:
    assert Decimal(answer("E-L12")["amount"]) == 4640


@pytest.mark.clause("L-19", "清洁取暖面积在60㎡左右", serves=RULES)
@pytest.mark.parametrize("example", ["E-L13", "E-L14"])
def test_an_area_far_from_sixty_is_said_and_costs_nothing(example: str) -> None:
    found = answer(example)
    assert Decimal(found["amount"]) == 5300 and "AREA_FAR_FROM_60" in found["warnings"]


@pytest.mark.clause("L-46", "1台热风机+1台直热式电暖器+1套电热炕", serves=RULES)
def test_a_bundle_is_paid_as_one() -> None:
    assert Decimal(answer("E-L10")["amount"]) == 4264


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        param("E-D01", "NO_RULE", marks=mark.clause("D-17", "补贴办法及标准…另行制定", serves=RULES)),
        param("E-J01", "PRICE_POLICY_ONLY", marks=mark.clause("J-68", "享受居民“煤改电”用电", serves=RULES)),
    ],
)
def test_what_is_not_defined_is_no_nought(example: str, reason: str) -> None:
    found = answer(example)
    assert (found["amount"], found["reason"]) == (None, reason)


@pytest.mark.clause("D-19", "低收入和弱势群体更多政策倾斜", serves=RULES)
def test_a_class_is_taken_and_still_not_defined() -> None:
    assert (answer("E-D02")["amount"], answer("E-D02")["reason"]) == (None, "NO_RULE")
