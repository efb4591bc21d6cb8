"""Departments of places: who stands for which (`accounts.Membership`, by key), and the words papers use for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from accounts.models import Area, User
from accounts.organisations import Register, register
from accounts.owning import BUREAU
from programmes.models import Department


def declare() -> None:
    """An administrator may bind accounts to the departments of the own places."""
    register(BUREAU, Register(Department, departments_within, lambda row: f"{row.name} · {row.area_id}"))


def departments_within(codes: list[str]) -> Any:
    return Department.objects.within(*codes).order_by("area_id", "name")


def departments_of(user: User) -> QuerySet[Department]:
    """Those the account stands for today."""
    return Department.objects.filter(pk__in=user.department_keys())


def word_for(user: User, words: list[str], area_code: str) -> str:
    """Which of a paper's words (“农业农村局”) means a department of these places the person stands for; "" for none.

    The longest word goes first: 农业农村局 is not 农村局's.
    """
    return word_among(departments_of(user), words, area_code)


def word_among(departments: Iterable[Department], words: list[str], area_code: str) -> str:
    """`word_for` of departments at hand."""
    held = [name for one in departments if is_near(one.area_id, area_code) for name in one.names]
    return next((word for word in sorted(words, key=len, reverse=True) if means(word, held)), "")


def means(word: str, names: list[str]) -> bool:
    return bool(word) and any(name.endswith(word) for name in names)


def is_near(one: str, other: str) -> bool:
    """One place lies in the other."""
    return one.startswith(other) or other.startswith(one)


def find_department(area: Area | str, word: str) -> Department | None:
    """The department of the place a paper calls so: by its full name first."""
    code = area if isinstance(area, str) else area.code
    rows = list(Department.objects.filter(area_id=code))
    exact = [row for row in rows if word == row.name]
    return next(iter(exact or [row for row in rows if word in row.called]), None)


def keep_department(*, area: Area | str, name: str, called: list[str] | tuple[str, ...] = ()) -> Department:
    """The department of that name, with what papers call it otherwise added; made where there is none."""
    code, name = area if isinstance(area, str) else area.code, name.strip()[:80]
    row = find_department(code, name) or Department(area_id=code, name=name)
    fresh = [word.strip()[:80] for word in called if word.strip() and word.strip() not in row.names]
    if row.pk is None or fresh:
        row.called = [*row.called, *dict.fromkeys(fresh)]
        row.save()
    return row


def rename_department(*, department: Department, name: str) -> Department:
    """Another name; papers that use the earlier one still mean it, and its people stay its own."""
    name = name.strip()[:80]
    if name and name != department.name:
        department.called = [word for word in dict.fromkeys([*department.called, department.name]) if word != name]
        department.name = name
        department.save(update_fields=["name", "called"])
    return department
