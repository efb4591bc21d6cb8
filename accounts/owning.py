"""Accounts of organisations see their own rows and nothing else: which rows those are, told by each app of its tables.

A role may be `own_only` (accounts.rights): its people work for a firm, an agency or a company, and `visible_to` gives
them only what belongs to it inside their places. Which organisations an account works for stands in
`accounts.Membership` as keys of their registers, never as names; agencies keep their members in a table of their own.
Apps say in an `owning.py`, called when they are ready, what belongs to whom:

    belongs(Heater, firm="device_model__supplier")         # a lookup that ends at the organisation
    belongs(HeatingCompany, heating="pk")                  # the organisation itself
    belongs(Alert, through="heater")                       # whoever owns the heater
    belongs(Task, by=task_is_own)                          # (person, kind) → condition
    belongs(UnifiedPrice, everybody=True)                  # a register of the place that is nobody's business

A table nobody spoke of is closed to them, and an account without a membership sees no row of anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BUREAU = "bureau"
"""Departments: whoever stands for one is not narrowed to anything, but finds its duties and signs for it."""
KINDS: dict[str, str | Promise] = {
    "firm": _("Supplier or installer"),
    "agency": _("Inspecting agency"),
    "heating": _("Heating company"),
    "energy": _("Energy company"),
    BUREAU: _("Department"),
}
Condition = Callable[[Any, str], Q]


@dataclass
class Owners:
    """Ways in which a row of one table can be somebody's; one of them is enough."""

    paths: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    through: list[str] = field(default_factory=list)
    by: list[Condition] = field(default_factory=list)
    everybody: bool = False


_OWNERS: dict[type[Model], Owners] = {}


def belongs(
    model: type[Model], *, through: str = "", by: Condition | None = None, everybody: bool = False, **paths: str
) -> None:
    """Adds a way to own rows of `model`; `paths` are lookups to the organisation's key by its kind (`KINDS`)."""
    owners = _OWNERS.setdefault(model, Owners())
    owners.through += [through] if through else []
    owners.by += [by] if by else []
    owners.everybody = owners.everybody or everybody
    for kind, path in paths.items():
        owners.paths[kind].append(path)


def is_declared(model: type[Model]) -> bool:
    """Whether any app has said whose rows these are."""
    return model in _OWNERS


def own_rows(model: type[Model], user: Any, kind: str) -> Q:
    """Condition for the rows of the person's organisations of that kind; none where nobody declared the table."""
    owners = _OWNERS.get(model)
    if owners is None:
        return Q(pk__in=[])
    if owners.everybody:
        return Q()
    found = Q(pk__in=[])
    for condition in (*_direct(owners, user, kind), *_through(model, owners, user, kind)):
        found |= condition
    for by in owners.by:
        found |= by(user, kind)
    return Q(pk__in=model._base_manager.filter(found).values("pk"))


def narrowed(rows: Any, user: Any, right: str) -> Any:
    """`rows` as they are for who holds `right` for everything somewhere, the organisation's own for the others: for
    tables without a place and lists that reach beyond one's places."""
    if user.whole_codes_for(right):
        return rows
    found = Q(pk__in=[])
    for kind in user.own_codes_for(right):
        found |= own_rows(rows.model, user, kind)
    return rows.filter(found)


def done_by(person: str, at: str) -> Condition:
    """Rows whose `person` worked, on the day of the moment `at`, for one of the same organisations and for no other:
    what somebody left behind at the last firm is not the next one's."""

    def own(user: Any, kind: str) -> Q:
        day = OuterRef(f"{at}__date")
        bonds = user.memberships.model.objects.filter(user=OuterRef(person), kind=kind, starts_on__lte=day)
        bonds = bonds.filter(Q(expires_on=None) | Q(expires_on__gte=day))
        keys = user.works_for(kind)
        return Q(Exists(bonds.filter(organisation_id__in=keys))) & ~Q(Exists(bonds.exclude(organisation_id__in=keys)))

    return own


def _direct(owners: Owners, user: Any, kind: str) -> list[Q]:
    keys = user.works_for(kind)
    return [Q(**{f"{path}__in": keys}) for path in owners.paths[kind]] if keys else []


def _through(model: type[Model], owners: Owners, user: Any, kind: str) -> list[Q]:
    held = [(path, _model_at(model, path)) for path in owners.through]
    return [Q(**{f"{path}__in": other._base_manager.filter(own_rows(other, user, kind))}) for path, other in held]


def _model_at(model: type[Model], path: str) -> type[Model]:
    """The table at the end of a path of relations."""
    for name in path.split("__"):
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return model
