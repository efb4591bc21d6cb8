"""Invented households of an invented county (division 370999), and the cells their rows are made of."""

from __future__ import annotations

from core.identity import synthetic_card, synthetic_id, synthetic_phone

_NAMES = ("示例", "样本", "测试", "演示", "虚构", "试样", "甲乙", "丙丁", "例证", "样张")
_SURNAMES = "张李王赵陈杨黄周吴徐"
FIRST = 910_000

COLUMNS = ("序号", "村", "户主姓名", "身份证号", "联系电话", "门牌号", "取暖面积(㎡)", "改造方式", "一卡通账号", "备注")
_FIELD = {
    "户主姓名": "name", "姓名": "name", "农户姓名": "name", "住户姓名": "name", "户主": "name",
    "身份证号": "id", "身份证号码": "id", "公民身份号码": "id", "证件号码": "id",
    "联系电话": "phone", "手机号": "phone", "手机号码": "phone", "联系方式": "phone",
    "门牌号": "door", "家庭住址": "door", "门牌": "door",
    "取暖面积(㎡)": "area", "建筑面积": "area", "采暖面积": "area", "面积": "area", "取暖面积": "area",
    "改造方式": "technology", "取暖方式": "technology", "技术路线": "technology",
    "一卡通账号": "card", "银行卡号": "card", "收款卡号": "card",
    "村": "village", "村名": "village", "行政村": "village", "所在村": "village", "序号": "no", "备注": "note",
}  # fmt: skip


def name(n: int) -> str:
    return _SURNAMES[n % 10] + _NAMES[n // 10 % 10]


def number(n: int) -> str:
    return synthetic_id(FIRST + n)


def phone(n: int) -> str:
    return synthetic_phone(FIRST + n)


def card(n: int) -> str:
    return synthetic_card(FIRST + n)


def cells(n: int, columns: tuple[str, ...] = COLUMNS, **changes: object) -> list[object]:
    """Household ``n`` under ``columns``; ``changes`` by the short names (name, id, phone, door, area …)."""
    made: dict[str, object] = {
        "no": n, "village": "甲一村", "name": name(n), "id": number(n), "phone": phone(n), "door": f"{n}号",
        "area": 80 + n, "technology": "煤改电", "card": card(n), "note": "",
    }  # fmt: skip
    made |= changes
    return [made[_FIELD[column]] for column in columns]
