"""Rosters whose totals, values, places or people are the trouble."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.rosters.formats import Fault, Formula
from tests.rosters.people import COLUMNS, card, cells, name, number, phone
from tests.rosters.writing import SHORT, one_sheet, roster, short

WIDE = str.maketrans("0123456789Xx-.", "０１２３４５６７８９Ｘｘ－．")


@roster("xlsx")
def wrong_subtotals(path: Path) -> None:
    two = {"village": "甲二村"}
    one_sheet(
        path, SHORT, short(1), short(2), ["甲一村小计", "3户", "", 163], short(3, **two), short(4, **two),
        ["甲二村小计", "2户", "", "167.5㎡"], ["合计", "4户", "", "0.033万㎡"],
    )  # fmt: skip


@roster("xlsx")
def a_household_named_like_a_total(path: Path) -> None:
    one_sheet(path, SHORT, short(1, name="合计"), short(2, name="小计生"), ["合计", "", "", 163])


@roster("xlsx")
def untidy_values(path: Path) -> None:
    ends_in_x = next(n for n in range(100, 200) if number(n).endswith("X"))
    spaced = cells(
        2,
        id=f" {number(2)[:6]} {number(2)[6:14]} {number(2)[14:]}",
        phone="-".join((phone(2)[:3], phone(2)[3:7], phone(2)[7:])),
    )
    one_sheet(
        path,
        COLUMNS,
        cells(1, id=number(1).translate(WIDE), phone=phone(1).translate(WIDE)),
        spaced,
        cells(3, id=number(ends_in_x).lower(), area="98.5㎡"),
        cells(4, card=" ".join(card(4)[i : i + 4] for i in range(0, 19, 4)), area="0.0102万㎡"),
        cells(5, name="王　测　试", village="甲 一村", area="１２０"),
        cells(6, phone=f"+86 {phone(6)}", area="1,00"),
        cells(7, id=f"'{number(7)}", area="86.305"),
        cells(8, phone=19900910008, area=86.30000000000001),
        cells(9, phone=f"{phone(9)}/{phone(90)}"),
        cells(10, phone=f"{phone(10)}(子)"),
        cells(11, phone="无", door="—", card="/"),
        cells(12, name="暂无"),
    )  # fmt: skip


@roster("xlsx")
def areas_in_words(path: Path) -> None:
    words = (
        "一百二", "一百零二", "八十六点五", "98 平", "约90", "90多", "60+30", "未测", "", 0, 9.99, 500, 500.01, -5,
        "88,5", "96，25㎡", "1,234", "1,2,5",
    )  # fmt: skip
    one_sheet(path, SHORT, *(short(n, area=word) for n, word in enumerate(words, 1)))


@roster("xlsx")
def days_of_application(path: Path) -> None:
    columns = (*SHORT, "申请日期")
    days = (
        date(2021, 3, 5), "2021-3-5", "2021年3月5日", "20210305", 44260, "2021/03/05", "2021.3.5", "21.3.5", "3-5",
        "二〇二一年三月五日", "2021-02-30", "2099-01-01", "去年",
    )  # fmt: skip
    one_sheet(path, columns, *([*short(n), day] for n, day in enumerate(days, 1)))


@roster("xlsx")
def numbers_with_a_slip(path: Path) -> None:
    wrong = str((int(number(1)[16]) + 1) % 10)
    one_sheet(
        path,
        COLUMNS,
        cells(1, id=number(1)[:16] + wrong + number(1)[17]),
        cells(2, id=number(2)[:10] + "1332" + number(2)[14:]),
        cells(3, id=number(3)[:17]),
        cells(4, id=number(4)[:15]),
        cells(5, id="370999500101001"),
        cells(6, id=number(6).replace("0", "O")),
        cells(7, id="", phone=phone(7)[:10]),
        cells(8, phone="12900910008"),
        cells(9, phone="0999-2026112"),
        cells(10, phone="1990091*010"),
        cells(11, card=card(11)[:-1] + str((int(card(11)[-1]) + 1) % 10)),
        cells(12, card=card(12)[:12]),
        cells(13, card="现金"),
    )


@roster("xlsx")
def numbers_typed_as_figures(path: Path) -> None:
    one_sheet(
        path, COLUMNS, cells(1, id=float(number(1)[:17] + "0")), cells(2, card=int(card(2))),
        cells(3, id=int(number(3)[:17] + "1"), phone=int(phone(3))), cells(4),
    )  # fmt: skip


@roster("csv")
def scientific_numbers(path: Path) -> None:
    rows = [COLUMNS, cells(1, id="3.70999E+17"), cells(2, card="6.23099E+18"), cells(3, phone="1.99009E+10")]
    rows += [cells(4, id=f"{number(4)[:15]}000.0"), cells(5, id=f'"=""{number(5)}"""')]
    path.write_text("\r\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8-sig")


@roster("csv")
def numbers_rounded_before(path: Path) -> None:
    """Ends in 000 and passes its check all the same: one rounded number in eleven does."""
    rows = [SHORT, short(1, id=_ending_in_zeros()), short(2)]
    path.write_text("\r\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")


def _ending_in_zeros() -> str:
    from core.identity import id_check_digit

    first = (
        "3709991970" + f"{month:02d}{day:02d}" + f"{tens:01d}00"
        for month in range(1, 13)
        for day in range(1, 29)
        for tens in range(1, 9)
    )
    return next(first17 + "0" for first17 in first if id_check_digit(first17) == "0")


@roster("xlsx")
def formulas(path: Path) -> None:
    one_sheet(
        path, SHORT, short(1, area=Formula("=60+21", 81)), short(2, area=Formula("=60+22")),
        short(3, id=Fault("#N/A")), short(4, village=Fault("#REF!")), short(5, name="=A1&B1"),
    )  # fmt: skip


@roster("xlsx")
def door_numbers_turned_into_days(path: Path) -> None:
    one_sheet(path, SHORT, short(1, door=date(2021, 2, 7)), short(2, door="2-7"), short(3, door=207))


@roster("xlsx")
def names_of_more_than_one(path: Path) -> None:
    names = ("张三（已故）", "张示例/李样本", "王", "欧阳示例", "买买提·样本", "示例100018", "Zhang San", "12")
    one_sheet(path, SHORT, *(short(n, name=word) for n, word in enumerate(names, 1)))


@roster("xlsx")
def villages_spelt_otherwise(path: Path) -> None:
    words = ("甲一", "甲壹村", "石门勾村", "石门", "乙一村", "无此地方", "(甲一村)", "")
    one_sheet(path, SHORT, *(short(n, village=word) for n, word in enumerate(words, 1)))


@roster("xlsx")
def the_same_twice(path: Path) -> None:
    one_sheet(
        path, COLUMNS, cells(1), cells(1), cells(2), cells(2, no=9, door="20号", area=60),
        cells(3), cells(3, area=99), cells(4), cells(5, door="4号"), cells(6, card=card(4)), cells(1, no=77),
    )  # fmt: skip


@roster("xlsx")
def notes_that_exclude(path: Path) -> None:
    notes = (
        "自愿放弃", "2020年列入拆迁计划", "2015年列入拆迁计划", "长期无人居住", "未列入拆迁", "不在拆迁计划内",
        "已取消拆迁计划", "低保户", "户主常年无人居住，自愿放弃改造",
        "2020年列入拆迁计划，现已取消", "长期无人居住，今年已搬回", "自愿放弃，家属也不同意",
        "全家搬走", "今年不改", "户主已去世", "地址不改变",
    )  # fmt: skip
    rows = [cells(n, note=note) for n, note in enumerate(notes, 1)]
    one_sheet(path, COLUMNS, *rows, cells(20, note="自愿放弃", id="1"))


@roster("xlsx")
def accounts_of_others(path: Path) -> None:
    columns = (*COLUMNS, "户名")
    holders = (name(1), name(52), "", "王 测 试", "张示例、李样本")
    one_sheet(path, columns, *([*cells(n), holder] for n, holder in enumerate(holders, 1)))


@roster("xlsx")
def heated_how_before(path: Path) -> None:
    columns = (*SHORT, "改造前取暖方式")
    words = ("散煤", "小锅炉", "煤炉取暖", "土 炕", "", "无", "电", "烧蜂窝煤炉", "太阳灶")
    one_sheet(path, columns, *([*short(n), word] for n, word in enumerate(words, 1)))


@roster("xlsx")
def classes_in_words(path: Path) -> None:
    columns = (*SHORT, "困难类别")
    words = ("低保", "五保户、残疾", "低保；重度残疾人", "普通农户", "", "低收入家庭", "军属", "农村低保户及军属")
    one_sheet(path, columns, *([*short(n), word] for n, word in enumerate(words, 1)))


@roster("xlsx")
def a_row_for_every_person(path: Path) -> None:
    columns = (*SHORT, "与户主关系")

    def person(n: int, relation: str, **changes: object) -> list[object]:
        return [*short(n, **changes), relation]

    nothing = {"village": "", "area": "", "technology": "", "door": ""}
    one_sheet(
        path, columns, person(20, "子", **nothing), person(1, "户主"), person(2, "妻", **nothing),
        person(3, "长子", **nothing), person(4, "本人"), person(5, "户主之妻", **nothing | {"village": "甲一村"}),
        person(6, "弟"), person(7, "", **nothing), ["合计", "3户"], ["负责人签字：", "", "", "", "", "", "日期："],
    )  # fmt: skip


@roster("xlsx")
def a_payee_and_how_related(path: Path) -> None:
    columns = (*SHORT, "开户人", "与户主关系")
    one_sheet(
        path, columns, [*short(1), name(1), "本人"], [*short(2), name(20), "配偶"],
        [*short(3, area="", technology=""), name(30), "子"],
    )  # fmt: skip
