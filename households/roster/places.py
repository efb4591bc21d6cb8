"""Villages named by a heading instead of a column: the sheet's name, a line above the rows.

Only a text that is plainly the name of a village counts; what it names is checked against the villages of the place
like any cell, so a wrong guess is refused and never stored.
"""

from __future__ import annotations

import re

from households.roster.normalise import tidy_compact

_NAME = r"[\u3400-\u9fff]{1,10}?(?:村委会|居委会|社区|村|居|庄)"
_END = r"(?![村居庄镇乡])"  # 南村村 is no 南村, and neither is 南村镇
_TOWN = r"[\u3400-\u9fff]{1,8}?(?:镇|乡|街道|办事处)"
_LIST = r"(?:名单|花名册|明细表|统计表|登记表|汇总表|台账|一览表|公示表)"
_OFFICE = r"(?:[村居]?(?:委会|民委员会|委员会))?"
_NO_NAME = r"(?:全|各|本|我|该|整|确|农|乡|行政|自然|中心|示范|试点|贫困|脱贫|城中|城边|平原|山区)?(?:村|社区)"
_COUNT = r"(?:\(共?[0-9]{1,4}户\))?"
_BARE = re.compile(rf"(?:\(?(?:[一二三四五六七八九十百]+|[0-9]{{1,3}})[、.)]+)?({_NAME}){_COUNT}")
_LABELLED = re.compile(
    rf"(?:村名|村居|村(?:\(社区\))?|行政村|所属村|填报单位|单位|村委会)(?:\([^()]{{1,8}}\))?[:：](?:{_TOWN})?({_NAME}){_END}"
)
_SURROUNDED = re.compile(rf"{_TOWN}((?!{_NO_NAME}){_NAME}){_OFFICE}{_END}.{{0,20}}{_LIST}")
_BEFORE_NAME = r"(?:附件?[0-9一二三四五六七八九十]*[:、]?)?(?:[0-9]{4}年度?)?"
_PLAIN_NAME = rf"(?!{_NO_NAME})(?:(?![镇乡])[\u3400-\u9fff]){{1,6}}?(?:社区|村)"
_ABOVE_LIST = re.compile(rf"{_BEFORE_NAME}({_PLAIN_NAME}){_OFFICE}{_END}.{{0,24}}{_LIST}(?:\(.{{0,12}}\))?")


def place_of_sheet(name: str) -> tuple[str, str]:
    """(village, "") when a sheet is named after one, else two empty texts."""
    found = _BARE.fullmatch(tidy_compact(name))
    return (found[1], "") if found else ("", "")


def place_named_in(text: str) -> str:
    """The village a heading names: "二、南村村（共12户）", "村名：南村村", "甲镇南村村改造户花名册", "南村村2021年
    改造户名单"; or ''."""
    compact = tidy_compact(text)
    if len(compact) > 60:
        return ""
    bare = _BARE.fullmatch(compact)
    if bare:
        return bare[1]
    found = _LABELLED.search(compact) or _SURROUNDED.match(compact) or _ABOVE_LIST.fullmatch(compact)
    return found[1] if found else ""
