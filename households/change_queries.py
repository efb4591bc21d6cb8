"""Reads of change requests: what departs from a stamped list, and what stands before and after."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core import masks
from households import change_rules as rules
from households import sheets
from households.models import ChangeRequest, Dwelling, Household, Roster

RELATED = ("dwelling__household", "area", "asked_by", "decided_by", "roster_row__roster", "other__household", "result")
_MASKS = {"id_number": masks.mask_id, "phone": masks.mask_phone, "bank_card": masks.mask_card}


def changes_since(roster: Roster) -> QuerySet[ChangeRequest]:
    """Approved changes of a list's dwellings since its first seal, the newest first.

    Each knows the stamped row it departs from (`roster_row`, with its `page_no`). A list nobody has sealed yet has
    none: it is drawn up anew instead.
    """
    first = roster.seals.aggregate(at=Min("at"))["at"] or roster.approved_at
    changes = ChangeRequest.objects.filter(state=ChangeRequest.State.APPROVED)
    if first is None:
        return changes.none()
    of_list = Q(roster_row__roster=roster) | Q(dwelling__in=roster.rows.values("dwelling"))
    found = changes.filter(of_list, decided_at__gt=first)
    return found.select_related("dwelling__household", "roster_row").order_by("-decided_at", "-pk")


def waiting_for(user: Any) -> QuerySet[ChangeRequest]:
    """Requests this person may decide: those of the level below, never his own."""
    condition = Q(pk__in=[])
    for level in rules.DECIDES:
        condition |= Q(pk__in=waiting_at(level, user).values("pk"))
    return ChangeRequest.objects.filter(condition)


def waiting_at(level: str, user: Any) -> Any:
    """Requests that one level asked for and this person, sitting above it, may decide."""
    rows = ChangeRequest.objects.visible_to(user, rules.DECIDES[level])
    return rows.filter(state=rules.ASKED, level=level).exclude(asked_person_no=user.person_no)


@dataclass(frozen=True)
class ChangeLine:
    """One field before and after, masked where it is a person's number."""

    name: str
    label: str | Promise
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


def lines_of(change: ChangeRequest) -> list[ChangeLine]:
    """What stood there when it was asked for beside what is asked for; fields nobody asked to change stay away."""
    names = [name for name in rules.KINDS[change.kind].values if name in change.wanted]
    return [
        ChangeLine(name, label_of(name), shown(name, change.before.get(name)), shown(name, change.wanted[name]))
        for name in names
    ]


def form_code(change: ChangeRequest) -> str:
    """Code printed on the form: drawn from everything the form says, so a signed form fits one request only."""
    said = [change.number, change.kind, change.level, change.reason, change.other_id, change.before, change.wanted]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, default=str)
    return sheets.grouped(sheets.code_of(hashlib.sha256(text.encode()).hexdigest()))


def label_of(name: str) -> str | Promise:
    """A field as people call it."""
    if name == "same_house":
        return _("The two dwellings are one house")
    model = Household if name in {field.name for field in Household._meta.get_fields()} else Dwelling
    field = model._meta.get_field(name)
    return capfirst(_("ground of the exclusion") if name == "exclusion_note" else field.verbose_name)  # type: ignore[union-attr]


def shown(name: str, value: Any) -> str:
    """A value as it may be read: numbers masked, codes in words."""
    if value is None or value == "":
        return ""
    if name == "exclusion":
        return str(Dwelling.Exclusion(value).label)
    if name == "holder_relation":
        return str(Household.HolderRelation(value).label)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    mask = _MASKS.get(name)
    return mask(str(value)) if mask else str(value)
