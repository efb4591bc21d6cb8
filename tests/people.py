"""Invented people and places for tests: a county 370999 with two towns of two villages each."""

from __future__ import annotations

from itertools import count
from typing import Any

from accounts.models import Area, Grant, Membership, User
from core.blind_index import blind_index
from core.identity import synthetic_card, synthetic_id, synthetic_phone
from households.models import Dwelling, Household
from programmes.models import Programme, Technology

_NUMBERS = count(1)
_NAMES = {
    "37": "示例省",
    "3709": "示例市",
    "370999": "示例县",
    "370999001": "甲镇",
    "370999002": "乙镇",
    "370999001001": "甲一村",
    "370999001002": "甲二村",
    "370999002001": "乙一村",
    "370999002002": "乙二村",
}
_LEVELS = {2: "province", 4: "city", 6: "county", 9: "town", 12: "village", 15: "group"}
_PARENT = {4: 2, 6: 4, 9: 6, 12: 9, 15: 12}


def area(code: str) -> Area:
    """The area of that code, with all places above it."""
    found = Area.objects.filter(code=code).first()
    if found:
        return found
    parent = area(code[: _PARENT[len(code)]]) if len(code) > 2 else None
    return Area.objects.create(code=code, level=_LEVELS[len(code)], name=_NAMES.get(code, f"地{code}"), parent=parent)


def user(role: str, area_code: str, *, person_no: str = "", username: str = "") -> User:
    """A person with one role on one area."""
    n = next(_NUMBERS)
    made = User.objects.create(
        username=username or f"{role}_{n}", person_name=f"示例{n}", person_no=person_no or f"P{n:05d}", unit="测试单位"
    )
    Grant.objects.create(user=made, role=role, area=area(area_code))
    return made


def bind(user: User, organisation: Any, **more: Any) -> User:
    """The same person, who works for that organisation from now on."""
    kinds = {"Supplier": "firm", "HeatingCompany": "heating", "EnergyCompany": "energy", "Department": "bureau"}
    kind = kinds[type(organisation).__name__]
    Membership.objects.create(user=user, kind=kind, organisation_id=organisation.pk, **more)
    return User.objects.get(pk=user.pk)


def programme(area_code: str = "370999", **fields: Any) -> Programme:
    n = next(_NUMBERS)
    # as wide as it gets: of two programmes of a year the first by its code is the chosen one, and p999 is before p1000
    defaults = {"code": f"p{n:06d}", "name": f"示例 {n}", "year_from": 2021, "year_to": 2021}
    return Programme.objects.create(area=area(area_code), **(defaults | fields))


def technology(of: Programme, family: str = "ELECTRIC", **fields: Any) -> Technology:
    return Technology.objects.create(programme=of, code=family, family=family, name=family.lower(), **fields)


def household(area_code: str = "370999001001", **fields: Any) -> Household:
    """A household with valid synthetic identity, phone and card."""
    n = next(_NUMBERS)
    id_number, phone, card = synthetic_id(n), synthetic_phone(n), synthetic_card(n)
    defaults: dict[str, Any] = {
        "household_no": f"T{n:06d}",
        "head_name": f"张示例{n}",
        "id_number": id_number,
        "id_number_index": blind_index(id_number, "id_number"),
        "id_number_tail": id_number[-4:],
        "phone": phone,
        "phone_index": blind_index(phone, "phone"),
        "bank_card": card,
        "bank_card_index": blind_index(card, "bank_card"),
    }
    return Household.objects.create(area=area(area_code), **(defaults | fields))


def dwelling(area: str = "370999001001", **fields: Any) -> Dwelling:
    owner = fields.pop("household", None) or household(area)
    defaults = {"dwelling_no": f"{owner.household_no}-{owner.dwellings.count() + 1}", "heated_area_m2": 88}
    return Dwelling.objects.create(household=owner, area_id=area, **(defaults | fields))
