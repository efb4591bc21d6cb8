"""Which company a case or a point belongs to: what may be chosen at a place, and the bond that is kept."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.areas import CODE_LENGTHS, COUNTY, ancestors
from core.refusals import Refused
from heatsupply.models import HeatingCompany
from supervision.models import Case, CaseCompany, EnergyCompany, NetworkPoint, PointCompany
from supervision.models.companies import OfCompany

Company = HeatingCompany | EnergyCompany
FIELDS: dict[str, type[Any]] = {"heating": HeatingCompany, "energy": EnergyCompany}


def at(model: type[Any], code: str, user: User) -> QuerySet[Any]:
    """Companies of the place and below it, and of the counties around it, which serve its towns. Those of the town
    around a village are for people of the town: the village next door may not read them either."""
    if not code:
        return model.objects.none()  # type: ignore[no-any-return]
    held = tuple(user.area_codes_for())
    around = [one for one in ancestors(code) if len(one) <= CODE_LENGTHS[COUNTY] or one.startswith(held)]
    return model.objects.filter(area_id__in=[*around, code]) | model.objects.within(code)  # type: ignore[no-any-return]


def offered(code: str, user: User, right: str) -> list[tuple[str, str]]:
    """Choices ("heating:3", words). Who holds `right` nowhere chooses among the own companies only."""
    found = []
    for kind, model in FIELDS.items():
        rows = at(model, code, user).order_by("name", "area_id")
        rows = rows if user.has_right(right) else rows.filter(pk__in=user.works_for(kind))
        found += [(f"{kind}:{row.pk}", words_of(row)) for row in rows[:200]]
    return found


def words_of(row: Company) -> str:
    """The name with what tells a twin apart."""
    carrier = f" · {row.get_carrier_display()}" if isinstance(row, EnergyCompany) else ""
    return f"{row.name}{carrier} · {row.area_id}"


def company_of(value: str, code: str, user: User) -> Company | None:
    """The company of a choice; None for "". Raises `Refused` COMPANY_UNKNOWN for one that does not serve the place."""
    if not value:
        return None
    kind, _colon, key = value.partition(":")
    if kind in FIELDS and key.isascii() and key.isdigit() and len(key) < 19:
        found: Company | None = at(FIELDS[kind], code, user).filter(pk=int(key)).first()
        if found is not None:
            return found
    raise Refused("COMPANY_UNKNOWN", _("There is no such company here: %(company)s"), company=value[:40])


def kind_of(company: Company) -> str:
    return next(kind for kind, model in FIELDS.items() if isinstance(company, model))


def own_company(user: User, code: str) -> Company | None:
    """The company the person works for, where it is exactly one."""
    found = [
        row for kind, model in FIELDS.items() for row in at(model, code, user).filter(pk__in=user.works_for(kind))[:2]
    ]
    return found[0] if len(found) == 1 else None


def bind(row: Case | NetworkPoint, company: Company | None) -> None:
    """The row is that company's from now on; None: nobody's."""
    bond: type[OfCompany] = CaseCompany if isinstance(row, Case) else PointCompany
    name = "case" if isinstance(row, Case) else "point"
    heating = company if isinstance(company, HeatingCompany) else None
    energy = company if isinstance(company, EnergyCompany) else None
    if company is None:
        bond.objects.filter(**{name: row}).delete()  # type: ignore[attr-defined]
        return
    values = {"heating_company": heating, "energy_company": energy}
    bond.objects.update_or_create(**{name: row}, defaults=values)  # type: ignore[attr-defined]
