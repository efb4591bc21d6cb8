"""What is this row: a household, a subtotal, a total, a repeated header, a note, a signature line, blank,
or another member of the household above? (The last is known to the table: `families.py`.)"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import normalize

from core.workbooks.read import SheetRow
from households.roster.columns import Synonyms, word_key
from households.roster.header import Header, repeats_header
from households.roster.places import place_named_in

DATA, SUBTOTAL, TOTAL, BLANK, HEADER, NOTE, SIGNATURE, TITLE, MEMBER = (
    "data",
    "subtotal",
    "total",
    "blank",
    "header",
    "note",
    "signature",
    "title",
    "member",
)
KINDS = (DATA, SUBTOTAL, TOTAL, BLANK, HEADER, NOTE, SIGNATURE, TITLE, MEMBER)
_SUBTOTAL = re.compile(
    r"(本页|.{0,10})?(小计|本页合计)共?\d*户?|.{0,10}(村|社区|居|组|屯|庄)(合计|总计|共计|计)共?\d*户?"
)
_TOTAL = re.compile(r"(.{0,10}(镇|乡|街道|区|县|全部))?(合计|总计|共计|总合计|累计|总户数)共?\d*户?")
_NOTE = re.compile(r"(备?注|说明|填表说明|填报说明|注意)[:\d.、]")
_SIGNATURE = re.compile(
    r"(签字|签名|盖章|签章|负责人|经办人|审核人|填表人|制表人|填报人|村主任|村支书|书记|联系人|日期)[:()]|签字|盖章"
)
_UNITS = re.compile(r"\([^()]*\)|平方米|平米|㎡|m2|万?元|户|人|个|台|岁|千瓦|kw", re.IGNORECASE)
"""A row below the headings that holds nothing but units and explanations in brackets."""
_LIST = re.compile(r".{4,}(名单|花名册|明细表|统计表|登记表|汇总表|台账|一览表|公示表)(\(.*\))?")
_IDENTITY = ("head_name", "id_number")


def classify_row(row: SheetRow, header: Header, synonyms: Synonyms) -> str:
    """Return one of ``KINDS`` for a row below the header."""
    if holds_id(row, header):
        return DATA
    filled = {column: text.strip() for column, text in enumerate(row.texts, 1) if word_key(text)}
    if not filled and not row.notes:
        return BLANK
    if repeats_header(row.texts, header, synonyms):
        return HEADER
    return _total_kind(list(filled.values())) or _remark_kind(filled, row, header) or DATA


def holds_id(row: SheetRow, header: Header) -> bool:
    """A row with something like an ID number is a household, whatever its note says."""
    for column, name in header.columns.items():
        if name == "id_number" and column <= len(row.texts):
            text = row.texts[column - 1]
            begins_with_six = len(text) >= 6 and text[:6].isdigit()
            return begins_with_six or sum(char.isdigit() for char in text) >= 6 or column in row.notes
    return False


def _total_kind(texts: Sequence[str]) -> str | None:
    for text in texts[:3]:
        key = word_key(text)
        if _SUBTOTAL.fullmatch(key):
            return SUBTOTAL
        if _TOTAL.fullmatch(key):
            return TOTAL
    return None


def _remark_kind(filled: dict[int, str], row: SheetRow, header: Header) -> str | None:
    first = normalize("NFKC", next(iter(filled.values()), "")).replace(" ", "")
    if _NOTE.match(first):
        return NOTE
    spread = normalize("NFKC", "".join(filled.values())).replace(" ", "")
    if _SIGNATURE.search(spread) and len(filled) <= 5:
        return SIGNATURE
    if all(_UNITS.fullmatch(normalize("NFKC", text)) for text in filled.values()) and not row.notes:
        return HEADER
    if len(filled) == 1 and not row.notes:
        of_a_person = header.columns.get(next(iter(filled))) in _IDENTITY
        return NOTE if not of_a_person or place_named_in(first) or _LIST.fullmatch(first) else None
    return None
