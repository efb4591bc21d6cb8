"""Ugly sheets: headers anywhere, totals that disagree, rows that are no households, and none of them lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from core import identity
from core.workbooks.read import DATE_CELL, FORMULA_NO_VALUE, MergedRange, Sheet, SheetRow, Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused
from households import problem_wording
from households.roster.checks import review
from households.roster.columns import shipped_synonyms
from households.roster.mapping import map_sheet
from households.roster.parse import ParsedRoster, parse_roster
from households.roster.rows import RawRow, RosterContext, Village
from households.roster.villages import VillageBook

TECHNOLOGIES = {"CENTRAL": "集中供热", "ELECTRIC": "煤改电"}
CONTEXT = RosterContext(
    (
        Village("140502101206", "夥窑河村", ("伙窑河",), "南村镇", ("CENTRAL",)),
        Village("140502101207", "南村村", (), "南村镇", ("CENTRAL",)),
        Village("140502006001", "时家岭社区", (), "钟家庄街道", ("ELECTRIC",), inside=False),
    ),
    TECHNOLOGIES,
    date(2020, 6, 1),
)
HEAD = ("户主姓名", "身份证号码", "村名", "取暖面积(㎡)", "改造方式", "门牌号")


def house(n: int, *, village: str = "南村村", area: str = "80", technology: str = "集中供热") -> tuple[str, ...]:
    return (f"张例{n}", identity.synthetic_id(n), village, area, technology, f"{n}号")


def sheet(*rows: Sequence[str], merged: tuple[MergedRange, ...] = (), hidden: bool = False) -> Sheet:
    numbered = tuple(SheetRow(row_no, tuple(texts)) for row_no, texts in enumerate(rows, 1))
    return Sheet("名单", hidden, merged, numbered)


def parsed(*rows: Sequence[str], merged: tuple[MergedRange, ...] = ()) -> ParsedRoster:
    return parse_roster(Workbook("xlsx", (sheet(*rows, merged=merged),)), CONTEXT)


def problems(roster: ParsedRoster) -> list[tuple[int, str, str]]:
    return [(i.row, i.column, i.code) for row in roster.rows for i in row.issues if i.family != "I"]


def found(roster: ParsedRoster) -> list[tuple[str, str]]:
    return [(finding.code, finding.cell) for finding in roster.findings]


def test_columns_may_come_in_any_order_under_any_title() -> None:
    chance = random.Random(1)
    for titles in range(4):
        order = chance.sample(range(6), 6)
        mixed = [[row[place] for place in order] for row in (HEAD, house(1), house(2))]
        roster = parsed(*[["南村镇改造户花名册"]] * titles, *mixed)
        assert roster.counts["ready"] == 2 and not roster.findings
        assert roster.rows[1].values["heated_area_m2"] == Decimal(80)


def test_a_two_level_header_with_tick_columns() -> None:
    top = ("姓名", "身份证号", "村", "面积", "改造方式", "", "", "门牌")
    below = ("", "", "", "", "集中供热", "电代煤", "工业余热", "")
    row = house(1)
    ticked = (*row[:4], "√", "", "", "1号")
    roster = parsed(top, below, ticked, merged=((1, 5, 1, 7), (1, 1, 2, 1)))
    assert roster.rows[0].values["technology"] == "CENTRAL" and roster.counts["ready"] == 1
    assert roster.sheets[0].header_row == 2 and roster.rows[0].raw["technology"] == "集中供热"


def test_a_village_merged_down_its_rows_counts_for_each() -> None:
    rows = [house(1), (*house(2)[:2], "", *house(2)[3:]), (*house(3)[:2], "", *house(3)[3:])]
    assert [i[2] for i in problems(parsed(HEAD, *rows))] == ["E_MISSING", "E_MISSING"]
    assert parsed(HEAD, *rows, merged=((2, 3, 4, 3),)).counts["ready"] == 3


def test_a_village_left_blank_is_proposed_from_the_row_above_or_else_from_the_sheet_s_name() -> None:
    blank = (*house(1)[:2], "", *house(1)[3:])
    named = replace(sheet(HEAD, blank, house(2), (*house(3)[:2], "", *house(3)[3:])), name="司匠村")
    proposed = [(row.notes.get("village"), row.raw["village"]) for row in map_sheet(named).rows]
    assert proposed == [("FROM_ABOVE:司匠村", ""), (None, house(2)[2]), (f"FROM_ABOVE:{house(2)[2]}", "")]


def test_lists_below_each_other_are_of_the_villages_their_titles_name() -> None:
    head, rows = [*HEAD[:2], *HEAD[3:]], [[*house(n)[:2], *house(n)[3:]] for n in (1, 2)]
    first, second = ("夥窑河村清洁取暖改造户名单",), ("附件2：南村村2021年改造户花名册（共1户）",)
    roster = parsed(first, head, rows[0], ["村支书签字："], [""], second, head, rows[1])
    assert [row.values["village"] for row in roster.rows] == ["140502101206", "140502101207"]
    assert roster.counts["ready"] == 2 and not roster.findings
    assert not parsed(("南村镇各村清洁取暖改造户名单",), head, rows[0]).rows[0].raw.get("village")


@pytest.mark.parametrize("title", ["填报单位（盖章）：南村村委会  日期：6月20日", "2021年南村村村民委员会改造户公示表"])
def test_who_hands_a_list_in_is_its_village(title: str) -> None:
    roster = parsed([title], [*HEAD[:2], *HEAD[3:]], [*house(1)[:2], *house(1)[3:]])
    assert roster.rows[0].values["village"] == "140502101207" and roster.counts["ready"] == 1


@pytest.mark.parametrize("written", ["南村村委会", "南村镇南村村", "南村镇 南村村村民委员会", "南村村村委会", "伙窑河"])
def test_a_village_may_be_written_as_its_committee_with_or_without_its_town(written: str) -> None:
    assert parsed(HEAD, house(1, village=written)).counts["ready"] == 1
    assert problems(parsed(HEAD, house(1, village=f"{written}二组")))[0][2] == "E_VILLAGE_UNKNOWN"


def test_a_row_of_units_belongs_to_the_headings() -> None:
    units = ("", "（18位）", "", "平方米", "", "")
    roster = parsed(HEAD, units, house(1))
    assert [one.kind for one in roster.sheets[0].skipped] == ["header", "header"] and roster.counts["ready"] == 1


@pytest.mark.parametrize(
    ("written", "kept", "codes"),
    [
        ("古丽.测试", "古丽·测试", ["I_TIDIED"]),
        ("古丽・测试", "古丽·测试", ["I_TIDIED"]),
        ("张示\n例", "张示例", ["I_TIDIED"]),
        ("张示例\n王测试", "张示例王测试", ["W_NAME_UNUSUAL"]),
    ],
)
def test_names_with_dots_and_in_two_lines(written: str, kept: str, codes: list[str]) -> None:
    (row,) = parsed(HEAD, (written, *house(1)[1:])).rows
    assert (row.values["head_name"], [issue.code for issue in row.issues]) == (kept, codes)


def test_unknown_and_doubled_and_missing_columns_are_reported() -> None:
    roster = parsed((*HEAD[:5], "公民身份号码", "是否党员"), (*house(1)[:5], identity.synthetic_id(1), "是"))
    assert found(roster) == [("F_UNKNOWN_COLUMN", "G1"), ("F_COLUMN_TWICE", "F1")]
    assert roster.sheets[0].rows[0].extra == {"是否党员": "是"}
    assert [f.params for f in parsed(HEAD[:4], house(1)[:4]).findings] == [{"field": "technology"}]


def test_a_sheet_without_header_says_so() -> None:
    roster = parsed(["会议通知"], ["请各村填报"])
    assert [code for code, _ in found(roster)] == ["F_NO_HEADER", "F_NO_ROWS"]
    assert len(roster.sheets[0].skipped) == 2


def test_headings_confirmed_by_staff_are_learned() -> None:
    rows = (("当家人", *HEAD[1:]), house(1))
    learned = shipped_synonyms().learned({"当家人": "head_name"})
    assert "head_name" not in map_sheet(sheet(*rows)).rows[0].raw
    assert map_sheet(sheet(*rows), synonyms=learned).rows[0].raw["head_name"] == "张例1"


def total(word: str, count: str, area: str) -> tuple[str, ...]:
    return (word, "", count, area, "", "")


def test_totals_are_checked_against_the_rows_and_left_out() -> None:
    rows = (HEAD, house(1), house(2), total("小计", "2户", "160"), house(3), total("小 计", "2户", "80"))
    roster = parsed(*rows, total("合计", "3", "250"))
    assert roster.counts["ready"] == 3
    assert [(f.code, f.cell, f.params) for f in roster.findings] == [
        ("F_SUBTOTAL_COUNT", "C6", {"stated": "2", "counted": "1"}),
        ("F_SUBTOTAL_AREA", "D7", {"stated": "250", "counted": "240"}),
    ]


def test_rows_that_are_no_households_are_named() -> None:
    others = {
        "subtotal": total("南村村小计", "1户", "80"),
        "total": total("总  计", "", "80"),
        "blank": ("", " ", "", "", "", "　"),
        "header": HEAD,
        "note": ("备注：本表一式三份", "", "", "", "", ""),
        "signature": ("村负责人（签字）：", "", "", "镇负责人（签字）：", "", ""),
    }
    roster = parsed(("某某镇花名册",), HEAD, house(1), *others.values())
    kinds = [skipped.kind for skipped in roster.sheets[0].skipped]
    assert kinds == ["title", "header", *others] and len(roster.rows) == 1


def test_a_household_that_mentions_a_total_stays_a_household() -> None:
    rows = (*HEAD, "备注"), (*house(1), "合计"), ("", "", "南村村", "80", "集中供热", "3号", "")
    roster = parsed(*rows)
    assert len(roster.rows) == 2 and problems(roster) == [(3, "head_name", "E_MISSING"), (3, "id_number", "E_MISSING")]


def test_a_row_with_an_id_number_is_a_household_whatever_else_it_says() -> None:
    rows = ("备注", "户主姓名", "身份证号", "联系电话"), ("合计", "张例1", identity.synthetic_id(1), "")
    roster = parsed(*rows, ("经办人：李样本", "张例2", identity.synthetic_id(2), ""))
    assert [row.values["head_name"] for row in roster.rows] == ["张例1", "张例2"]


def test_the_same_name_with_a_suffix_is_the_only_suggestion() -> None:
    villages = [Village(code, name) for code, name in (("1", "南村村"), ("2", "南庄村"), ("3", "南村岭"))]
    book = VillageBook(villages)
    assert book.near("南村") == ["南村村"] and "南村村" in book.near("南材村")


KINDS_OF_ROWS: dict[str, Callable[[int], tuple[str, ...]]] = {
    "data": house,
    "bad": lambda n: ("李例", "", "无此村", "一百二", "", ""),
    "subtotal": lambda n: total("小计", "1户", ""),
    "total": lambda n: total("合计", "", ""),
    "blank": lambda n: ("",) * 6,
    "header": lambda n: HEAD,
    "note": lambda n: ("注：略", "", "", "", "", ""),
    "signature": lambda n: ("审核人（签字）：", "", "", "", "", ""),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(KINDS_OF_ROWS)), max_size=30), st.integers(0, 3))
def test_no_row_is_ever_lost(kinds: list[str], titles: int) -> None:
    rows = [KINDS_OF_ROWS[kind](n) for n, kind in enumerate(kinds)]
    mapped = map_sheet(sheet(*[["花名册"]] * titles, HEAD, *rows))
    numbers = sorted([row.row_no for row in mapped.rows] + [skipped.row_no for skipped in mapped.skipped])
    assert numbers == list(range(1, titles + len(rows) + 2))
    expected = Counter("data" if kind == "bad" else kind for kind in kinds)
    expected += Counter({"title": titles, "header": 1})
    assert Counter(s.kind for s in mapped.skipped) + Counter({"data": len(mapped.rows)}) == expected


TEXT_ROWS = st.lists(st.lists(st.text(max_size=8), max_size=8), max_size=12)


@settings(max_examples=60, deadline=None)
@given(TEXT_ROWS)
def test_no_sheet_of_any_text_crashes_the_reader_or_loses_a_row(rows: list[list[str]]) -> None:
    roster = parsed(HEAD, *rows)
    mapped = roster.sheets[0]
    assert len(mapped.rows) + len(mapped.skipped) == len(rows) + 1


def one(**changes: str) -> list[str]:
    """Codes a single row gets after changing some of its cells."""
    names = ("head_name", "id_number", "village", "heated_area_m2", "technology", "door_no")
    raw = RawRow("名单", 5, dict(zip(names, house(1), strict=True)) | changes)
    return [issue.code for issue in review([raw], CONTEXT)[0].issues]


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("village", "伙窑河", None),
        ("village", "（南村村）", None),
        ("village", "南村", "E_VILLAGE_UNKNOWN"),
        ("village", "时家岭社区", "E_VILLAGE_OUTSIDE"),
        ("technology", "集中供暖", None),
        ("technology", "空气源热泵", "E_TECHNOLOGY_NOT_IN_TARGET"),
        ("technology", "燃气壁挂炉", "E_TECHNOLOGY_NOT_ALLOWED"),
        ("technology", "火墙", "E_TECHNOLOGY_UNKNOWN"),
        ("heated_area_m2", "10", None),
        ("heated_area_m2", "9.99", "E_AREA_RANGE"),
        ("heated_area_m2", "500", None),
        ("heated_area_m2", "500.01", "E_AREA_RANGE"),
        ("heated_area_m2", "一百二", "E_AREA_NOT_NUMBER"),
        ("head_name", "  ", "E_MISSING"),
        ("head_name", "长" * 61, "E_TOO_LONG"),
        ("town", "钟家庄街道", "W_TOWN_DIFFERS"),
        ("phone", "1990000061", "E_PHONE_LENGTH"),
        ("phone", "0356-2026112", "W_PHONE_LANDLINE"),
        ("bank_card", "6230990000000000001", "E_CARD_LUHN"),
        ("residents", "三", "E_RESIDENTS_NOT_NUMBER"),
        ("note", "该户列入拆迁范围", "X_DEMOLITION_PLAN"),
        ("note", "常年无人居住", "X_LONG_VACANT"),
    ],
)
def test_each_fault_of_a_row_has_its_code(field: str, text: str, code: str | None) -> None:
    found_codes = [c for c in one(**{field: text}) if not c.startswith("I_")]
    assert found_codes == ([code] if code else [])


def test_a_technology_with_a_remark_in_brackets_is_proposed_without_it() -> None:
    issues = parsed(HEAD, (*house(1)[:4], "煤改电（空气源）", "1号")).rows[0].issues
    assert [(i.code, i.proposal) for i in issues if i.family == "E"] == [("E_TECHNOLOGY_UNKNOWN", "煤改电")]


def test_all_faults_of_a_row_are_reported_together() -> None:
    codes = one(id_number="1", village="某村", heated_area_m2="多", technology="", head_name="", phone="2")
    assert codes == [
        "E_ID_LENGTH", "E_PHONE_LENGTH", "E_AREA_NOT_NUMBER", "E_VILLAGE_UNKNOWN", "E_MISSING", "E_MISSING"
    ]  # fmt: skip


def test_a_programme_that_includes_demolition_homes_does_not_exclude_them() -> None:
    context = RosterContext(CONTEXT.villages, TECHNOLOGIES, CONTEXT.today, exclusions=frozenset({"LONG_VACANT"}))
    raw = RawRow("名单", 5, dict(zip(("note", "village"), ("列入拆迁", "南村村"), strict=True)))
    assert not any(issue.family == "X" for issue in review([raw], context)[0].issues)


def test_duplicates_inside_the_file() -> None:
    first = house(1)
    rows = [
        first,
        first,  # 3: exactly the same
        (first[0], first[1], first[2], first[3], first[4], "9号"),  # 4: same person, another door
        (first[0], first[1], first[2], "99", first[4], first[5]),  # 5: same person and door, other area
        (*house(2)[:5], first[5]),  # 6: another person at the same door
        (*house(3)[:5], "3—4号"),
        (*house(4)[:5], "3-4 号"),  # 8: the same door, written otherwise
        ("李样本", *first[1:5], "19号"),  # 9: another name under the first one's number
    ]
    roster = parsed(HEAD, *rows)
    assert problems(roster) == [
        (3, "id_number", "S_DUPLICATE_ROW"),
        (4, "id_number", "W_SECOND_DWELLING"),
        (5, "id_number", "E_DUPLICATE_ID"),
        (6, "door_no", "W_SAME_DOOR"),
        (8, "door_no", "W_SAME_DOOR"),
        (9, "id_number", "E_DUPLICATE_ID"),
    ]
    assert list(roster.counts.values()) == [2, 3, 0, 2, 1]
    assert roster.per_village() == {"140502101207": 5}


def test_a_row_of_another_sheet_is_named_with_it() -> None:
    sheets = (replace(sheet(HEAD, house(1)), name="一组"), replace(sheet(HEAD, house(2), house(1)), name="二组"))
    (_first, _own, again) = parse_roster(Workbook("xlsx", sheets), CONTEXT).rows
    (issue,) = [one for one in again.issues if one.code == "S_DUPLICATE_ROW"]
    assert issue.params == {"other_row": 2, "other_sheet": "一组"}
    with translation.override("zh-hans"):
        assert problem_wording.sentence(issue.code, dict(issue.params)) == "与第 2 行完全相同（该行在“一组”表）"
    with_own_sheet = parsed(HEAD, house(1), house(1)).rows[1].issues
    assert [dict(one.params) for one in with_own_sheet] == [{"other_row": 2}]


def test_the_register_is_asked_with_opaque_keys_only() -> None:
    known = frozenset({f"key:id_number:{identity.synthetic_id(1)}", "key:door_no:140502101207/2号"})
    context = RosterContext(
        CONTEXT.villages,
        TECHNOLOGIES,
        CONTEXT.today,
        registered_keys=known,
        key_of=lambda kind, value: f"key:{kind}:{value}",
    )
    roster = parse_roster(Workbook("xlsx", (sheet(HEAD, house(1), house(2), house(3)),)), context)
    told = [(i.row, i.column) for row in roster.rows for i in row.issues if i.code == "I_REGISTERED"]
    assert told == [(2, "id_number"), (3, "door_no")] and roster.counts["ready"] == 3


def test_a_correction_clears_what_the_reader_noticed() -> None:
    names = ("head_name", "id_number", "village", "heated_area_m2", "technology", "door_no")
    values = dict(zip(names, house(1), strict=True))
    notes = {"heated_area_m2": FORMULA_NO_VALUE, "door_no": DATE_CELL}
    raw = RawRow("名单", 5, values | {"heated_area_m2": "", "door_no": "2020-02-07"}, notes=notes)
    assert [i.code for i in review([raw], CONTEXT)[0].issues] == ["E_DOOR_NO_IS_DATE", "E_FORMULA_NO_VALUE"]
    assert review([raw.corrected({"heated_area_m2": "80", "door_no": "2-7"})], CONTEXT)[0].state == "ready"


def test_a_hidden_sheet_is_read_and_reported() -> None:
    assert [f.code for f in map_sheet(sheet(HEAD, house(1), hidden=True)).findings] == ["F_HIDDEN_SHEET"]


def test_a_whole_ugly_file_from_disk(tmp_path: Path) -> None:
    """Merged titles, a number for an ID, an uncached formula for an area, and GBK text of the same rows."""
    path = tmp_path / "名单.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("南村")
        page.merge_range("B2:G2", "花名册")
        page.write_row("B4", HEAD)
        page.write_row("B5", house(1))
        page.write_row("B6", house(2))
        page.write_number("C6", int(identity.synthetic_id(3).replace("X", "0")))
        page.write_formula("E5", "=40+40", None, "")
    roster = parse_roster(read_workbook(path), CONTEXT)
    told = [(i.cell, i.code) for row in roster.rows for i in row.issues]
    assert ("C6", "E_NUMERIC_ID") in told and roster.rows[1].raw["id_number"].endswith("E+17")
    csv_path = tmp_path / "名单.csv"
    csv_path.write_bytes("\n".join(",".join(row) for row in (HEAD, house(1))).encode("gbk"))
    assert parse_roster(read_workbook(csv_path), CONTEXT).counts["ready"] == 1
    csv_path.write_bytes(b"<html><div>")
    with pytest.raises(WorkbookRefused, match="FILE_HTML"):
        read_workbook(csv_path)
