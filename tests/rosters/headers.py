"""Rosters as they should be, and headers of every shape."""

from __future__ import annotations

from pathlib import Path

from tests.rosters.formats import Page
from tests.rosters.people import COLUMNS, card, cells, name, number, phone
from tests.rosters.writing import SHORT, TITLE, one_sheet, roster, short, write_xlsx


@roster("xlsx")
def plain_list(path: Path) -> None:
    one_sheet(
        path, TITLE, ["填报单位：甲镇人民政府"], COLUMNS, cells(1), cells(2), cells(3),
        ["合计", "", "3户", "", "", "", 246], [], ["注：本表一式三份。"],
        ["经办人：李样本", "", "", "负责人（签字）："],
        merged=[(1, 1, 1, 10)],
    )  # fmt: skip


@roster("xlsx")
def columns_in_any_order(path: Path) -> None:
    columns = ("技术路线", "手机号码", "公民身份号码", "采暖面积", "农户姓名", "家庭住址", "行政村")
    rows = [[], [], [None, None, "花名册"], [None, *columns], [None, *cells(1, columns)], [None, *cells(2, columns)]]
    write_xlsx(path, [Page("Sheet1", rows)])


@roster("xlsx")
def technology_words(path: Path) -> None:
    words = ("煤改电", "电代煤", "空气源热泵", "热风机", " 煤 改 气 ", "燃气壁挂炉", "集中供热", "土炕", "")
    one_sheet(path, SHORT, *(short(n, technology=word) for n, word in enumerate(words, 1)))


@roster("xlsx")
def two_level_header(path: Path) -> None:
    top = ["序号", "村", "户主信息", "", "", "面积", "改造方式", "", "门牌号"]
    low = ["", "", "姓名", "身份证号码", "联系电话", "", "煤改电", "煤改气", ""]

    def row(n: int, electric: str, gas: str) -> list[object]:
        return [n, "甲一村", name(n), number(n), phone(n), 80 + n, electric, gas, f"{n}号"]

    one_sheet(
        path, TITLE, top, low, row(1, "√", ""), row(2, "", "√"), row(3, "", ""), row(4, "√", "√"),
        row(5, "×", "√"), row(6, "否", "/"),
        merged=[(1, 1, 1, 9), (2, 1, 3, 1), (2, 2, 3, 2), (2, 3, 2, 5), (2, 6, 3, 6), (2, 7, 2, 8), (2, 9, 3, 9)],
    )  # fmt: skip


@roster("xlsx")
def side_by_side(path: Path) -> None:
    half = ("户主姓名", "身份证号", "取暖面积(㎡)", "改造方式", "门牌号")
    rows: list[list[object]] = [["村", *half, "", *half]]
    rows += [["甲一村", *cells(n, half), "", *cells(n + 10, half)] for n in (1, 2)]
    rows.append(["甲二村", *cells(3, half)])
    rows.append(["合计", "5户", "", 81 + 82 + 83 + 91 + 92])
    one_sheet(path, TITLE, *rows, ["审核人（签字）："])


@roster("xlsx")
def side_by_side_at_two_heights(path: Path) -> None:
    """The second list was pasted beside the first one, a line lower."""
    gap, columns = [""] * 6, SHORT[1:]
    one_sheet(
        path, ["甲一村", *gap, "甲二村"], SHORT, [*short(1), "", *columns],
        *([*short(n), "", *cells(n + 10, columns)] for n in (2, 3)), [*gap, "", *cells(14, columns)],
        ["合计", "3户", *gap[1:], "合计", "3户"],
    )  # fmt: skip


@roster("xlsx")
def side_by_side_under_own_headings(path: Path) -> None:
    """Two villages beside each other without a column for them; a third begins in the right half alone."""
    gap, columns = [""] * 5, SHORT[1:]
    one_sheet(
        path, TITLE, ["村名：甲一村", *gap, "村名：甲二村"], [*columns, "", *columns],
        [*cells(1, columns), "", *cells(11, columns)], [*cells(2, columns), "", "（二）石门村"],
        [*cells(3, columns), "", *cells(12, columns)],
    )  # fmt: skip


@roster("xlsx")
def remarks_without_a_heading(path: Path) -> None:
    one_sheet(path, ["", *SHORT], ["1", *short(1)], ["2", *short(2), "该户自愿放弃"], ["3", *short(3), "", "已核"])


@roster("xlsx")
def a_payee_beside_the_head(path: Path) -> None:
    top = ["村", "户主信息", "", "取暖面积", "改造方式", "门牌号", "收款人信息", "", ""]
    low = ["", "姓名", "身份证号", "", "", "", "姓名", "身份证号", "银行卡号"]
    rows = [[*short(n), name(n + 50), number(n + 50), card(n)] for n in (1, 2)]
    one_sheet(path, top, low, *rows, merged=[(1, 2, 1, 3), (1, 7, 1, 9)])


@roster("xlsx")
def tables_below_each_other(path: Path) -> None:
    other = ("姓名", "证件号码", "行政村", "技术路线", "建筑面积", "门牌")
    one_sheet(
        path, ["甲一村"], SHORT, short(1), short(2), ["小计", "2户", "", 163], [], ["甲二村"], other,
        cells(3, other, village="甲二村"), cells(4, other, village="甲二村"), ["小计", "2户", "", "", 167],
        ["合计", "4户", "", "", 330],
    )  # fmt: skip


@roster("xlsx")
def repeated_headers(path: Path) -> None:
    one_sheet(
        path, TITLE, SHORT, short(1), short(2), ["本页小计", "2", "", 163], TITLE, SHORT, short(3),
        ["本页小计", "1", "", 83], ["总  计", "3", "", 246], ["备注：1.本表加盖公章有效。"],
    )  # fmt: skip


@roster("xlsx")
def village_written_once(path: Path) -> None:
    says = {1: "甲一村", 3: "同上", 5: "甲二村", 9: "甲一村"}
    rows = [cells(n, SHORT, village=says.get(n, "")) for n in range(1, 10)]
    at_the_door = cells(10, SHORT, village="", door="甲镇甲二村10号")
    one_sheet(
        path, SHORT, *rows[:3], [], rows[3], ["甲一村小计", "4户"], *rows[4:7], ["合计"], *rows[7:], [], ["合计"],
        at_the_door,
    )  # fmt: skip


@roster("xlsx")
def village_headings(path: Path) -> None:
    columns = SHORT[1:]
    one_sheet(
        path, TITLE, columns, ["一、甲一村"], cells(1, columns), cells(2, columns), ["（二）甲二村（共1户）"],
        cells(3, columns), ["甲二村小计", "1户", 83],
    )  # fmt: skip


@roster("xlsx")
def village_named_below_its_rows(path: Path) -> None:
    columns = SHORT[1:]
    one_sheet(
        path, TITLE, columns, cells(1, columns), cells(2, columns), ["一、甲一村"], cells(3, columns), ["二、甲二村"],
        cells(4, columns),
    )  # fmt: skip


@roster("xlsx")
def one_sheet_for_each_village(path: Path) -> None:
    columns = SHORT[1:]
    pages = [
        Page("填表说明", [["一、每村一个工作表"], ["二、身份证号为文本格式"]]),
        Page("甲一村", [columns, cells(1, columns), cells(2, columns)]),
        Page("甲二村", [columns, cells(3, columns)]),
        Page("丙村", [columns, cells(4, columns)]),
        Page("去年", [SHORT, short(5)], hidden=True),
        Page("Sheet6", []),
    ]
    write_xlsx(path, pages)


@roster("xlsx")
def village_merged_down(path: Path) -> None:
    rows = [short(1, village="甲一村"), short(2, village=""), short(3, village=""), short(4, village="")]
    one_sheet(path, SHORT, *rows, merged=[(2, 1, 4, 1)])


@roster("xlsx")
def unknown_columns(path: Path) -> None:
    columns = (*SHORT, "是否入社", "镇审核意见", "是否自愿改造")
    one_sheet(
        path, columns, [*short(1), "是", "", "是"], [*short(2), "否", "同意"], [*short(3), "否", "该户自愿放弃"],
        [*short(4), "是", "", "否"],
    )  # fmt: skip


@roster("xlsx")
def classes_as_yes_or_no(path: Path) -> None:
    columns = (*SHORT, "是否低保", "五保户", "是否残疾", "困难类别")
    answers = (
        ("是", "否", "", ""), ("√", "", "是", ""), ("", "", "", "监测户"), ("否", "×", "无", "一般户"),
        ("一类", "", "", ""), ("", "五保", "", "低收入家庭"),
    )  # fmt: skip
    one_sheet(path, columns, *([*short(n), *said] for n, said in enumerate(answers, 1)))


@roster("xlsx")
def two_areas_in_one_list(path: Path) -> None:
    columns = ("村", "户主姓名", "身份证号", "建筑面积", "取暖面积", "改造方式", "门牌号")
    rows = [[*short(n)[:3], 150, 90 + n, "煤改电", f"{n}号"] for n in (1, 2)]
    one_sheet(path, columns, *rows)


@roster("csv")
def no_technology_column(path: Path) -> None:
    path.write_text("\n".join(",".join(map(str, row[:4])) for row in (SHORT, short(1), short(2))), encoding="utf-8")
