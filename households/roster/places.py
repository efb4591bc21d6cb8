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
_COUNT = r"(?:\(共?[0-9]{1,4}户\))?"
_BARE = re.compile(rf"(?:\(?(?:[一二三四五六七八九十百]+|[0-9]{{1,3}})[、.)]+)?({_NAME}){_COUNT}")
_LABELLED = re.compile(
    rf"(?:村名|村居|村(?:\(社区\))?|行政村|所属村|填报单位|单位|村委会)[:：](?:{_TOWN})?({_NAME}){_END}"
)
_SURROUNDED = re.compile(rf"(?:{_TOWN})({_NAME}){_END}(?:委会|民委员会)?"
                         r"(?:.{0,20}(?:名单|花名册|明细表|统计表|登记表|汇总表|台账|一览表))")  # fmt: skip


def place_of_sheet(name: str) -> tuple[str, str]:
    """(village, "") when a sheet is named after one, else two empty texts."""
    found = _BARE.fullmatch(tidy_compact(name))
    return (found[1], "") if found else ("", "")


def place_named_in(text: str) -> str:
    """The village a heading names: "二、南村村（共12户）", "村名：南村村", "甲镇南村村改造户花名册"; or ''."""
    compact = tidy_compact(text)
    if len(compact) > 60:
        return ""
    bare = _BARE.fullmatch(compact)
    if bare:
        return bare[1]
    found = _LABELLED.search(compact) or _SURROUNDED.match(compact)
    return found[1] if found else ""
