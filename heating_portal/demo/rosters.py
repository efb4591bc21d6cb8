"""Invented people for every target row, and the roster workbooks their township clerks would send.

The same preset and seed give the same people and the same cells. Names, ID numbers, phones and cards are
recognisably invented (``core.identity``). ``clean`` rosters are what the demonstration imports through the real
importer: untidy as real ones are, yet without a single row to correct. ``messy`` rosters hold one row of every
common mistake, each listed in ``WrittenRoster.faults``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from core import identity
from heating_portal.demo.presets import JINCHENG, TAISHAN, TargetRow, target_rows

SURNAMES = "张李王赵刘陈杨黄周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余"
GIVEN_NAMES = (
    *(
        "示例",
        "样本",
        "测试",
        "演示",
        "虚构",
        "模拟",
        "占位",
        "范例",
        "假名",
        "甲一",
        "乙二",
        "丙三",
        "丁四",
        "样例",
        "试填",
    ),
    *(
        "例甲",
        "例乙",
        "例丙",
        "样甲",
        "样乙",
        "样丙",
        "拟一",
        "拟二",
        "拟三",
        "虚一",
        "虚二",
        "虚三",
        "演一",
        "演二",
        "演三",
    ),
)
DWELLING_TYPES = ("平房", "二层楼房", "平房", "楼房单元")
CLEAN, MESSY = "clean", "messy"
HOUSES_PER_GROUP = 20
#: First number of each preset's invented people, so that no ID or card is used twice.
FIRST_NUMBER = {JINCHENG: 1_000, TAISHAN: 10_000}


@dataclass(frozen=True, slots=True)
class Person:
    """One invented household head with the dwelling, as text for a roster; ``number`` is unique over all presets."""

    number: int
    town: str
    village: str
    village_code: str
    group: str
    head_name: str
    id_number: str
    phone: str
    bank_card: str
    door_no: str
    area: str
    technology: str
    dwelling_type: str
    residents: str
    meter_no: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row made wrong on purpose and the code the importer must give it."""

    row_no: int
    code: str


@dataclass(frozen=True, slots=True)
class WrittenRoster:
    """A roster file: whose town, how many household rows, which of them are wrong."""

    path: Path
    town_code: str
    town: str
    households: int
    faults: tuple[Fault, ...] = ()


def make_people(preset: str, *, seed: int = 2020) -> list[Person]:
    """Invent the households of every target row, in the order of the targets."""
    chance = random.Random(f"{preset}/{seed}")  # noqa: S311 - invented people need no secrecy
    names = [surname + given for given in GIVEN_NAMES for surname in SURNAMES]
    chance.shuffle(names)
    people: list[Person] = []
    houses: dict[str, int] = {}
    for target in target_rows(preset):
        for _ in range(target.households):
            house = houses[target.village.code] = houses.get(target.village.code, -1) + 1
            name = names[len(people) % len(names)]
            people.append(_person(target, FIRST_NUMBER[preset] + len(people), house, name, chance))
    return people


def _person(target: TargetRow, number: int, house: int, name: str, chance: random.Random) -> Person:
    return Person(
        number=number,
        town=target.town.name,
        village=f"（{target.village.name}）" if target.village.is_scattered else target.village.name,
        village_code=target.village.code,
        group=f"{house // HOUSES_PER_GROUP + 1}组",
        head_name=name,
        id_number=identity.synthetic_id(number),
        phone=identity.synthetic_phone(number),
        bank_card=identity.synthetic_card(number),
        door_no=f"{house % HOUSES_PER_GROUP + 1}号",
        area=f"{chance.randint(60, 140)}" + chance.choice(("", "", "", ".5")),
        technology=target.technology_name,
        dwelling_type=chance.choice(DWELLING_TYPES),
        residents=str(chance.randint(1, 6)),
        meter_no=f"SN{number:08d}" if target.technology in ("ELECTRIC", "GAS") else "",
    )


def write_rosters(preset: str, folder: Path, *, variant: str = CLEAN, seed: int = 2020) -> list[WrittenRoster]:
    """Write one roster .xlsx per town into ``folder`` and return what was written, in the order of the targets."""
    folder.mkdir(parents=True, exist_ok=True)
    town_of = {target.village.code: target.town for target in target_rows(preset)}
    written = []
    by_town = groupby(make_people(preset, seed=seed), key=lambda person: town_of[person.village_code])
    for position, (town, people) in enumerate(by_town):
        path = folder / f"{town.name}清洁取暖改造名单{'_待核对' if variant == MESSY else ''}.xlsx"
        sheet = _RosterSheet(path, town.name, wide=position % 2 == 0)
        faults = sheet.write(list(people), messy=variant == MESSY)
        written.append(WrittenRoster(path, town.code, town.name, sheet.households, tuple(faults)))
    return written


_Mistake = Callable[[Person, Person], Person]


def _wrong_digit(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


#: What goes wrong in a messy roster: the code the importer gives, and how a good row (with the one before) is spoilt.
MISTAKES: tuple[tuple[str, _Mistake], ...] = (
    ("E_ID_CHECK_DIGIT", lambda person, _: replace(person, id_number=_wrong_digit(person.id_number))),
    ("E_PHONE_LENGTH", lambda person, _: replace(person, phone=person.phone[:-1])),
    ("E_VILLAGE_UNKNOWN", lambda person, _: replace(person, village=_misspelt(person.village))),
    ("E_AREA_NOT_NUMBER", lambda person, _: replace(person, area="一百二")),
    ("E_CARD_LUHN", lambda person, _: replace(person, bank_card=_wrong_digit(person.bank_card))),
    ("E_DUPLICATE_ID", lambda person, first: replace(first, head_name=person.head_name)),
    ("W_SECOND_DWELLING", lambda person, first: replace(person, head_name=first.head_name, id_number=first.id_number)),
    ("S_DUPLICATE_ROW", lambda _, first: first),
    ("E_AREA_RANGE", lambda person, _: replace(person, area="1200")),
    ("E_MISSING", lambda person, _: replace(person, area="")),
    ("E_TECHNOLOGY_UNKNOWN", lambda person, _: replace(person, technology="暖气片")),
    ("E_NUMERIC_ID", lambda person, _: replace(person, id_number="#" + person.id_number)),
    ("X_VOLUNTARY_GIVE_UP", lambda person, _: replace(person, note="自愿放弃改造，已签字")),
)


def _misspelt(village: str) -> str:
    """南村村 -> 南村, 时家岭社区 -> 时家领社区: no name or alias of any village, but near one."""
    name = village.strip("（）")
    if name.endswith("村村"):
        return name[:-1]
    return name[:1] + "〇" + name[2:]


HEADINGS = (
    ("serial", "序号"),
    ("town", "镇（街道）"),
    ("village", "村（社区）"),
    ("group", "村民小组"),
    ("head_name", "户主\n姓名"),
    ("id_number", "公民身份号码"),
    ("phone", "联系电话"),
    ("door_no", "门牌号"),
    ("area", "取暖面积（㎡）"),
    ("technology", "改造方式"),
    ("bank_card", "收款卡号"),
    ("dwelling_type", "房屋类型"),
    ("residents", "常住人口"),
    ("meter_no", "电表号"),
    ("note", "备注"),
)
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


class _RosterSheet:
    """One sheet as a clerk would fill it; ``wide`` has a two-level header and another order of columns."""

    def __init__(self, path: Path, town: str, *, wide: bool) -> None:
        self.path, self.town, self.wide = path, town, wide
        self.keys = [key for key, _ in HEADINGS]
        if not wide:
            self.keys = ["serial", "head_name", "id_number", *self.keys[1:4], *self.keys[6:]]
        self.row, self.households = 0, 0

    def write(self, people: Sequence[Person], *, messy: bool) -> list[Fault]:
        """Write the file; returns the faults put in."""
        with xlsxwriter.Workbook(str(self.path)) as book:
            book.set_properties({"created": datetime(2020, 5, 28, 9, 5), "author": "演示"})
            self.sheet: Any = book.add_worksheet("名单")
            self.text = book.add_format({"num_format": "@", "border": 1})
            self.bold = book.add_format({"bold": True, "align": "center", "border": 1, "text_wrap": True})
            self._write_head()
            faults = []
            mistakes = iter(MISTAKES if messy else ())
            for _, village_people in groupby(people, key=lambda person: person.village_code):
                faults += self._write_village(list(village_people), mistakes)
            self._write_total(people)
        return faults

    def _write_head(self) -> None:
        last = len(self.keys) - 1
        self.sheet.merge_range(0, 0, 0, last, f"{self.town}冬季清洁取暖改造户花名册", self.bold)
        self.sheet.merge_range(1, 0, 1, last, f"填报单位（盖章）：{self.town}　　填报日期：　年　月　日", self.text)
        titles = dict(HEADINGS)
        self.row = 4 if self.wide else 3
        for column, key in enumerate(self.keys):
            if not self.wide:
                self.sheet.write_string(2, column, titles[key], self.bold)
            elif key not in ("phone", "id_number", "door_no"):
                self.sheet.merge_range(2, column, 3, column, titles[key], self.bold)
            else:
                self.sheet.write_string(3, column, titles[key], self.bold)
        if self.wide:
            first = self.keys.index("id_number")
            self.sheet.merge_range(2, first, 2, first + 2, "农户基本信息", self.bold)

    def _write_village(self, people: Sequence[Person], mistakes: Iterator[tuple[str, _Mistake]]) -> list[Fault]:
        faults, first_row, spoilt = [], self.row, False
        for position, person in enumerate(people):
            mistake = next(mistakes, None) if position % 3 == 2 else None
            if mistake:
                code, spoil = mistake
                person, spoilt = spoil(person, people[position - 1]), True
                faults.append(Fault(self.row + 1, code))
            self._write_person(person)
        self._merge_village(people, first_row, plain=not spoilt)
        self._write_subtotal(people, first_row)
        return faults

    def _write_person(self, person: Person) -> None:
        self.households += 1
        for column, key in enumerate(self.keys):
            text = str(self.households) if key == "serial" else getattr(person, key)
            text = self._untidy(key, text, person.number)
            if text.startswith("#"):
                self.sheet.write_number(self.row, column, int(text[1:].replace("X", "0")))
            elif key in ("serial", "residents"):
                self.sheet.write_number(self.row, column, int(text))
            elif text:
                self.sheet.write_string(self.row, column, text, self.text)
        self.row += 1

    def _untidy(self, key: str, text: str, number: int) -> str:
        """The harmless untidiness of real rosters, which the importer tidies without asking."""
        if key == "phone" and number % 7 == 0:
            return text.translate(_FULL_WIDTH)
        if key == "phone" and number % 11 == 0:
            return f"{text[:3]}-{text[3:7]}-{text[7:]}"
        if key == "id_number" and not text.startswith("#"):
            return text.lower() if number % 2 else f" {text}"
        if key == "bank_card" and number % 5 == 0:
            return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
        if key == "area" and number % 13 == 0 and text[:1].isdigit():
            return f"{text}㎡"
        if key == "head_name" and len(text) == 2 and number % 3 == 0:
            return f"{text[0]}　{text[1]}"
        return text

    def _merge_village(self, people: Sequence[Person], first_row: int, *, plain: bool) -> None:
        """In narrow sheets the village is one merged cell down its rows, as clerks like it."""
        if plain and not self.wide and len(people) > 1:
            column = self.keys.index("village")
            self.sheet.merge_range(first_row, column, self.row - 1, column, people[0].village, self.bold)

    def _write_subtotal(self, people: Sequence[Person], first_row: int) -> None:
        self.sheet.write_string(self.row, 0, "小计", self.bold)
        self.sheet.write_string(self.row, self.keys.index("village"), f"{self.row - first_row}户", self.bold)
        self._write_area_sum(people)
        self.row += 1

    def _write_area_sum(self, people: Sequence[Person]) -> None:
        column = self.keys.index("area")
        self.sheet.write_number(self.row, column, sum(float(person.area) for person in people), self.bold)

    def _write_total(self, people: Sequence[Person]) -> None:
        self.sheet.write_string(self.row, 0, "合计", self.bold)
        self.sheet.write_string(self.row, self.keys.index("village"), f"{self.households}户", self.bold)
        self._write_area_sum(people)
        self.sheet.write_string(self.row + 2, 0, "注：本表一式三份，村、镇、区各存一份。", self.text)
        self.sheet.write_string(self.row + 3, 0, "村负责人（签字）：", self.text)
        self.sheet.write_string(self.row + 3, 5, "镇（街道）负责人（签字）：", self.text)
        self.row += 4
