"""Lines of use judged without a database: what is held and why, the season's edges, shares, sheets, the cross-check."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.seasons import Season, Span
from core.workbooks.read import NUMERIC_ID, Sheet, SheetRow, Workbook
from subsidies.metering.crosscheck import Bounds, judge
from subsidies.metering.crosscheck import Season as Checked
from subsidies.metering.lines import Limits, Line, LineError, examine
from subsidies.metering.season import Stretch, divide, edges, gaps, inside, lines_between
from subsidies.metering.sheets import column_of, read_stated
from subsidies.rules.engine import assess, instalments
from subsidies.rules.facts import Facts, Usage
from subsidies.rules.loading import load_policy
from subsidies.rules.outcomes import Due

LIMITS = Limits(Decimal(150))
SEASON = Season(dt.date(2021, 11, 1), dt.date(2022, 3, 31))
DAY = dt.timedelta(days=1)


def span(first: str, last: str) -> Span:
    return Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def line(first: str, last: str, **more: Any) -> Line:
    values: dict[str, Any] = {"source": "power_company", "key": more.pop("key", 1)}
    figures = {name: Decimal(str(value)) for name, value in more.items() if type(value) in (int, float)}
    return Line(span(first, last), **(values | more | figures))


def codes(new: Line, *others: Line, **more: Any) -> list[str]:
    return [finding.code for finding in examine(new, others, LIMITS, **more).findings]


NOVEMBER = {"first": "2021-11-01", "last": "2021-11-30"}
BEFORE = line("2021-11-01", "2021-11-30", start=1000, end=1300, quantity=300, meter="M1")


@pytest.mark.parametrize(
    ("new", "others", "wanted"),
    [
        (line("2021-12-01", "2021-12-31", start=1300, end=1700, meter="M1"), [BEFORE], []),
        (line("2021-12-01", "2021-12-31", start=1300, end=1299, meter="M1"), [BEFORE], ["BACKWARDS"]),
        (line("2021-12-01", "2021-12-31", start=1300, end=1300, meter="M1"), [BEFORE], []),
        (line("2021-12-01", "2021-12-31", start=1299, end=1400, meter="M1"), [BEFORE], ["BACKWARDS"]),
        (line("2021-12-01", "2021-12-31", start=1301, end=1400, meter="M1"), [BEFORE], ["BREAK"]),
        (line("2021-12-02", "2021-12-31", start=1301, end=1400, meter="M1"), [BEFORE], []),
        (line("2021-12-01", "2021-12-31", start=0, end=90, meter="M2"), [BEFORE], ["REPLACED"]),
        (line("2021-10-01", "2021-10-31", start=900, end=1001, meter="M1"), [BEFORE], ["BACKWARDS"]),
        (line(**NOVEMBER, start=9990, end=120), [], ["ROLLOVER"]),
        (line(**NOVEMBER, start=9000, end=120), [], ["ROLLOVER"]),
        (line(**NOVEMBER, start=8999, end=120), [], ["BACKWARDS"]),
        (line(**NOVEMBER, start=9000, end=8999), [], ["BACKWARDS"]),
        (line(**NOVEMBER, quantity=4500), [], []),
        (line(**NOVEMBER, quantity=4500.001), [], ["JUMP"]),
        (line(**NOVEMBER, quantity=-1), [], ["NEGATIVE"]),
        (line(**NOVEMBER, start=10, end=30, quantity=21), [], []),
        (line(**NOVEMBER, start=10, end=30, quantity=22), [], ["DIFFERENCE"]),
        (line(**NOVEMBER, start=10, end=30, factor=10, quantity=200), [], []),
        (line(**NOVEMBER, quantity=300, source="clerk"), [BEFORE], []),
        (line(**NOVEMBER, quantity=307, source="clerk"), [BEFORE], ["SOURCES"]),
        (line(**NOVEMBER, start=1000, end=1301, meter="M1"), [BEFORE], ["DUPLICATE"]),
        (line("2021-11-30", "2021-12-31", quantity=10), [BEFORE], ["DUPLICATE"]),
        (line(**NOVEMBER, quantity=300, source="telemetry", meter="H1"), [BEFORE], []),
        (line(**NOVEMBER, quantity=307, source="telemetry", meter="H1"), [BEFORE], ["SOURCES"]),
        (line(**NOVEMBER, quantity=5, tariff="OFF_PEAK"), [BEFORE], []),
    ],
)
def test_a_line_counts_or_is_held_with_its_reason(new: Line, others: list[Line], wanted: list[str]) -> None:
    assert codes(new, *others) == wanted


def test_what_goes_back_has_no_quantity_and_a_rollover_only_a_proposal() -> None:
    back = examine(line(**NOVEMBER, start=100, end=99), [], LIMITS)
    assert (back.state, back.quantity) == ("held", None)
    over = examine(line(**NOVEMBER, start=9990, end=120), [], LIMITS)
    assert (over.state, over.quantity, over.findings[0].params["proposed"]) == ("held", None, "130")


def test_equal_readings_are_a_use_of_nothing_and_counted() -> None:
    verdict = examine(line(**NOVEMBER, start=100, end=100), [], LIMITS)
    assert (verdict.state, verdict.quantity) == ("counted", 0)


def test_the_same_line_sent_again_is_no_news() -> None:
    held = line(**NOVEMBER, start=100, end=99, held=True)
    assert examine(line(**NOVEMBER, start=100, end=99), [held], LIMITS).state == "same"
    assert examine(line(**NOVEMBER, start=1000, end=1300, meter="M1"), [BEFORE], LIMITS).state == "same"
    only = line(**NOVEMBER, quantity=300)
    assert examine(line(**NOVEMBER, quantity=300), [only], LIMITS).state == "same"
    assert examine(line(**NOVEMBER, quantity=301), [only], LIMITS).state == "held"


def test_a_second_source_that_agrees_confirms_and_a_meter_displaces_the_heaters_counter() -> None:
    assert examine(line(**NOVEMBER, quantity=306, source="clerk"), [BEFORE], LIMITS).state == "confirms"
    heaters = [
        line(**NOVEMBER, quantity=200, source="telemetry", key=7),
    ]
    season = line("2021-11-01", "2022-03-31", quantity=2000)
    verdict = examine(season, heaters, LIMITS)
    assert (verdict.state, verdict.displaced) == ("counted", (7,))
    assert codes(line(**NOVEMBER, quantity=150), *heaters) == ["SOURCES"], "a heater can't use more than its home"


def test_shared_meters_and_numbers_the_register_does_not_know() -> None:
    shared = examine(line(**NOVEMBER, quantity=300, meter="M9"), [], LIMITS, shared=True)
    assert (shared.state, shared.quantity, shared.findings[0].params) == (
        "held",
        None,
        {"meter": "M9", "quantity": "300"},
    )
    assert codes(line(**NOVEMBER, quantity=300, meter="M9"), registered="M1") == ["OTHER_METER"]
    assert codes(line(**NOVEMBER, quantity=300, meter="M1"), registered="M1") == []


def test_a_line_that_states_nothing_is_refused() -> None:
    with pytest.raises(LineError):
        line(**NOVEMBER, start=5)


@pytest.mark.parametrize(
    ("first", "last", "share"),
    [
        ("2021-11-01", "2022-03-31", Fraction(1)),
        ("2021-10-31", "2022-03-31", Fraction(151, 152)),
        ("2021-11-01", "2022-04-01", Fraction(151, 152)),
        ("2021-10-02", "2021-10-31", None),
        ("2021-10-03", "2021-11-01", Fraction(1, 30)),
        ("2022-03-31", "2022-04-29", Fraction(1, 30)),
        ("2022-04-01", "2022-04-30", None),
    ],
)
def test_the_seasons_edge_day_by_day(first: str, last: str, share: Fraction | None) -> None:
    found = inside([(span(first, last), Decimal(300))], SEASON)
    assert found.total == (0 if share is None else 300 * share)
    assert found.estimated is (share is not None and share < 1)


def test_missing_days_are_those_between_lines_unless_the_counter_stood_still() -> None:
    early, late = span("2021-11-01", "2021-11-30"), span("2022-01-01", "2022-01-31")
    assert gaps([Stretch(late), Stretch(early)], SEASON) == (span("2021-12-01", "2021-12-31"),)
    stood = [Stretch(early, Decimal(0), Decimal(9), "M"), Stretch(late, Decimal(9), Decimal(12), "M")]
    assert gaps(stood, SEASON) == ()
    assert gaps([Stretch(early), Stretch(span("2021-12-01", "2021-12-31"))], SEASON) == ()
    assert gaps([Stretch(span("2021-09-01", "2021-10-30")), Stretch(late)], SEASON) == (
        span("2021-11-01", "2021-12-31"),
    )
    assert gaps([Stretch(early)], SEASON) == ()


def test_counters_are_read_before_the_season_and_at_the_ends_of_months() -> None:
    assert edges(SEASON, dt.date(2021, 12, 30)) == (dt.date(2021, 10, 31), dt.date(2021, 11, 30))
    assert edges(SEASON, dt.date(2022, 5, 1))[-1] == dt.date(2022, 3, 31)
    points = [(dt.date(2021, 11, 30), Decimal(30)), (dt.date(2021, 10, 31), Decimal(10))]
    assert lines_between(points) == ((span("2021-11-01", "2021-11-30"), Decimal(10), Decimal(30)),)


@given(
    st.decimals(0, 10**6, places=3),
    st.lists(st.integers(0, 50), min_size=1, max_size=9).filter(lambda parts: sum(parts)),
)
def test_shares_of_a_shared_meter_add_up_and_are_never_negative(quantity: Decimal, parts: list[int]) -> None:
    shares = divide(quantity, parts)
    assert sum(shares) == quantity
    assert min(shares) >= 0


POLICY = load_policy("""
policy: sample
title: 示例
place: "370999"
document_number: 示例〔2021〕1号
valid_from: 2021-01-01
season: {from: "11-01", to: "03-31"}
sources: [DISTRICT]
benefits:
  - id: S-2
    kind: RUNNING
    title: 运行补贴
    clause: 三
    runs: {seasons: 3, counted_from: acceptance}
    amount: {cap: {of: {per_unit: {quantity: electricity_kwh, rate: 0.20}}, at: {fixed: 600}, per: season}}
    split: {whole: DISTRICT}
""")


def facts(usage: list[Usage], **more: Any) -> Facts:
    return Facts(on=dt.date(2022, 4, 10), accepted_on=dt.date(2021, 10, 1), usage=tuple(usage), **more)


@st.composite
def cut_seasons(draw: st.DrawFn) -> list[tuple[Span, Decimal]]:
    """A season cut anywhere into lines whose counter goes on, some using nothing."""
    cuts = sorted(draw(st.sets(st.integers(1, SEASON.days - 1), max_size=12)))
    bounds = [0, *cuts, SEASON.days]
    found = []
    for first, after in pairwise(bounds):
        used = draw(st.decimals(0, 900, places=3))
        found.append((Span(SEASON.first_day + first * DAY, SEASON.first_day + (after - 1) * DAY), used))
    return found


@given(cut_seasons(), st.randoms())
def test_a_season_cut_into_any_readings_in_any_order_gives_the_same_total(
    parts: list[tuple[Span, Decimal]], random: Any
) -> None:
    whole = sum((used for _span, used in parts), Decimal(0))
    one = assess(POLICY, facts([Usage("electricity_kwh", Span(*_edges()), whole)]), rule="S-2")
    random.shuffle(parts)
    usage = [Usage("electricity_kwh", days, used) for days, used in parts]
    many = assess(POLICY, facts(usage), rule="S-2")
    assert isinstance(one, Due)
    assert isinstance(many, Due)
    assert one.amount_fen == many.amount_fen
    assert 0 <= many.amount_fen <= 60_000
    steps = [found for found in instalments(POLICY, facts(usage), rule="S-2") if isinstance(found, Due)]
    assert [found.payable_fen for found in steps if found.payable_fen < 0] == []
    assert sum(found.payable_fen for found in steps) == one.amount_fen
    assert inside(parts, SEASON).total == whole


def _edges() -> tuple[dt.date, dt.date]:
    return SEASON.first_day, SEASON.last_day


@pytest.mark.parametrize(
    ("claimed", "on", "known", "kwh", "wanted"),
    [
        (100, 23.9, 3624, 60, "never_ran"),
        (100, 24, 3624, 60, "agree"),
        (0, 24, 3624, 60, "not_claimed"),
        (None, 24, 10, 60, "not_claimed"),
        (None, 0, 3624, 0, "idle"),
        (100, None, 0, None, "no_data"),
        (100, 0, 1811, 0, "no_data"),
        (100, 0, 1812, 0, "never_ran"),
        (1000, 900, 3624, 1070, "agree"),
        (1000, 900, 3624, 1070.1, "disagree"),
        (1000, 900, 3624, 200, "agree"),
        (1000, 900, 3624, 199.9, "disagree"),
        (0, 0, 3624, 0, "idle"),
    ],
)
def test_what_heater_and_meter_say_together(claimed: Any, on: Any, known: int, kwh: Any, wanted: str) -> None:
    def number(value: Any) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    assert judge(Checked(number(claimed), number(on), known, 3624, number(kwh)), Bounds()) == wanted


def book(*rows: tuple[str, ...], notes: dict[int, dict[int, str]] | None = None, name: str = "电量") -> Workbook:
    made = tuple(SheetRow(n, row, (notes or {}).get(n, {})) for n, row in enumerate(rows, 1))
    return Workbook("xlsx", (Sheet(name, False, (), made),))


HEAD = (
    "序号",
    "用户编号",
    "电能表编号",
    "用户名称",
    "上次抄表日期",
    "本次抄表日期",
    "上次示数",
    "本次示数",
    "倍率",
    "用电量(千瓦时)",
)


def test_a_companys_sheet_is_read_below_its_titles() -> None:
    stated = read_stated(book(
        ("示例供电公司抄表明细",), HEAD,
        ("1", "H001", "M001", "张示例", "2021-10-31", "2021/11/30", "1,000", "1300.5", "1", "300.5"),
        ("2", "H002", "M002", "李样本", "20211031", "2021年11月30日", "50", "50", "", "0"),
        ("合计", "", "", "", "", "", "", "", "", "300.5"),
    ))  # fmt: skip
    assert stated.problems == ()
    first, second = stated.rows
    assert (first.span, first.start, first.end) == (span("2021-11-01", "2021-11-30"), Decimal(1000), Decimal("1300.5"))
    assert (first.account, first.meter, first.name, first.at("end")) == ("H001", "M001", "张示例", "电量!H3")
    assert (second.quantity, second.factor) == (0, 1)


def test_everything_wrong_is_said_at_once_with_its_cell() -> None:
    stated = read_stated(book(
        HEAD,
        ("1", "", "", "张示例", "2021-10-31", "2021-11-30", "1", "2", "", ""),
        ("2", "H2", "3.70999E+17", "", "2021-13-31", "2021-11-30", "一百", "2", "0", ""),
        ("3", "H3", "M3", "", "2021-11-30", "2021-11-30", "1", "2", "", ""),
        ("4", "H4", "M4", "", "", "2021-11-30", "1", "2", "", ""),
        ("5", "H5", "M5", "", "2021-10-31", "2021-11-30", "1", "", "", ""),
        notes={3: {3: NUMERIC_ID}},
    ))  # fmt: skip
    assert stated.rows == ()
    assert [(one.where, one.code) for one in stated.problems] == [
        ("电量!A2", "WHO_MISSING"),
        ("电量!C3", "NUMBER_LOST_DIGITS"),
        ("电量!G3", "FIGURE_UNREADABLE"),
        ("电量!I3", "FACTOR_UNREADABLE"),
        ("电量!E3", "DATE_UNREADABLE"),
        ("电量!F4", "DAYS_TURNED_ROUND"),
        ("电量!F5", "DAYS_MISSING"),
        ("电量!H6", "NOTHING_STATED"),
    ]
    assert stated.seen == 5


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("202111", 30),
        ("2021-11", 30),
        ("2021年02月", 28),
        ("2021-11-01", 30),
        ("2020/2", 29),
        ("2021-13", 0),
        ("十一月", 0),
    ],
)
def test_months_in_their_usual_forms(text: str, wanted: int) -> None:
    stated = read_stated(book(("户号", "账期", "用气量（立方米）"), ("H1", text, "5")))
    assert [row.span.days for row in stated.rows] == ([wanted] if wanted else [])
    assert [one.code for one in stated.problems] == ([] if wanted else ["DATE_UNREADABLE"])


def test_headings_and_books_without_one() -> None:
    assert column_of("用电量（kWh）") == "quantity"
    assert column_of("本 次 示 数") == "end"
    assert column_of("备注") == ""
    assert [one.code for one in read_stated(book(("名单",), ("张示例",))).problems] == ["NO_HEADER"]
