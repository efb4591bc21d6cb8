"""From names to keys: what was bound to an organisation by its name is bound by its key, once, where the name is clear.

Accounts were of the organisation their unit was spelt like, points of the company typed into them, cases of the unit
that answers. Two of one name, or none, leave nothing behind: the administrator binds the account, the office the row.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.acting import acting

REGISTERS = {
    "supplier": ("firm", "devices.Supplier"),
    "heating_company": ("heating", "heatsupply.HeatingCompany"),
}
"""Role → kind of organisation and its register. Agencies have members; energy companies had no register."""
ORGANISATIONS = (*REGISTERS, "inspector", "energy_company")
"""Roles whose people are an organisation's and stand for no department."""


def carry(apps: Any) -> dict[str, int]:
    """How many accounts, points and cases were bound; `apps` are those of a migration or of the portal."""
    with acting("migration", "bonds by name become bonds by key"):
        accounts = sum(_accounts(apps, role, *register) for role, register in REGISTERS.items())
        heating = single(apps.get_model("heatsupply.HeatingCompany"))
        points = _rows(apps, "NetworkPoint", "operator", "PointCompany", "point", heating)
        cases = _rows(apps, "Case", "responsible", "CaseCompany", "case", heating)
    return {"accounts": accounts, "points": points, "cases": cases}


def single(register: Any) -> dict[str, int]:
    """Name → key of the names that exactly one row bears."""
    found: dict[str, list[int]] = defaultdict(list)
    for key, name in register.objects.values_list("pk", "name"):
        found[name.strip()].append(key)
    return {name: keys[0] for name, keys in found.items() if name and len(keys) == 1}


def _accounts(apps: Any, role: str, kind: str, register: str) -> int:
    keys, member = single(apps.get_model(register)), apps.get_model("accounts.Membership")
    made = 0
    for user in apps.get_model("accounts.User").objects.filter(grants__role=role).distinct():
        key = keys.get(user.unit.strip())
        if key is not None:
            values = {"starts_on": timezone.localdate(user.created_at)}
            made += member.objects.get_or_create(user=user, kind=kind, organisation_id=key, defaults=values)[1]
    return made


def _rows(apps: Any, model: str, words: str, bond: str, name: str, keys: dict[str, int]) -> int:
    rows, bonds = apps.get_model("supervision", model).objects, apps.get_model("supervision", bond).objects
    named = rows.filter(~Q(**{words: ""}), company=None).values_list("pk", words)
    found = [(pk, keys[said.strip()]) for pk, said in named if said.strip() in keys]
    for pk, key in found:
        bonds.create(**{f"{name}_id": pk, "heating_company_id": key})
    return len(found)


def carry_departments(apps: Any) -> dict[str, int]:
    """Duties and accounts that found each other by the name of a unit are bound to one department by its key: rows of
    the register are made from the duties and from the units of those who sign in panels."""
    with acting("migration", "departments by name become departments by key"):
        duties = _duties(apps)
        for grant in apps.get_model("accounts.Grant").objects.filter(role="panel_member").exclude(user__unit=""):
            _department(apps, grant.area_id, grant.user.unit.strip())
        return {"duties": duties, "accounts": _people(apps)}


def _department(apps: Any, code: str, name: str) -> int:
    register = apps.get_model("programmes.Department").objects
    return int(register.get_or_create(area_id=code, name=name[:80])[0].pk)


def _duties(apps: Any) -> int:
    bodies, made = apps.get_model("supervision.DutyBody").objects, 0
    for duty in apps.get_model("supervision.DutyTerm").objects.filter(body=None):
        bodies.create(duty=duty, department_id=_department(apps, duty.area_id, duty.unit.strip()))
        made += 1
    return made


def _people(apps: Any) -> int:
    """An account is of the department its unit was spelt like, in the places of its roles."""
    member, made = apps.get_model("accounts.Membership"), 0
    for department in apps.get_model("programmes.Department").objects.all():
        users = apps.get_model("accounts.User").objects.filter(unit=department.name).distinct()
        for user in users.prefetch_related("grants"):
            codes = [grant.area_id for grant in user.grants.all() if grant.role not in ORGANISATIONS]
            if any(code.startswith(department.area_id) or department.area_id.startswith(code) for code in codes):
                values = {"starts_on": timezone.localdate(user.created_at)}
                made += member.objects.get_or_create(
                    user=user, kind="bureau", organisation_id=department.pk, defaults=values
                )[1]
    return made
