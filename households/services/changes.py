"""Changes of dwellings on an approved list: asked for with papers, decided one level up, applied at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.files import delete_file, store_bytes
from core.papers import CleanPaper, NotAPaper, clean_paper
from core.refusals import Refused
from households import change_rules as rules
from households import register_queries
from households.holds import refuse_held
from households.models import ChangeDocument, ChangeRequest, Document, Dwelling
from households.services import change_effects
from households.services.applying import lock_register
from households.services.households import version_of
from households.services.scans import PAPER_FAULTS

PAPER_KIND = "change_paper"
MAX_PAPERS = 10
Papers = Sequence[tuple[str, bytes]]


def ask_change(
    *,
    dwelling: Dwelling,
    kind: str,
    wanted: Mapping[str, Any],
    reason: str,
    by: User,
    papers: Papers = (),
    other: Dwelling | None = None,
    now: dt.datetime | None = None,
) -> ChangeRequest:
    """Write a wish down with its papers (name, content). Nothing in the register changes yet.

    `wanted` are cleaned values of the kind's fields; `other` is the entry that stays (merge only).
    Raises Refused: REASON_NEEDED, NO_RIGHT, NOT_LISTED, VALUES_NEEDED, NOTHING_CHANGED, OTHER_NEEDED, PAPER_NEEDED,
    PAPER_UNUSABLE, TOO_MANY_PAPERS, CHANGE_OPEN (conflict).
    """
    rule = rules.KINDS[kind]
    _check_asking(dwelling, rule, reason, by)
    given = {name: _plain(wanted[name]) for name in rule.values if wanted.get(name) not in (None, "")}
    before = {name: _plain(change_effects.value_of(dwelling, name)) for name in rule.values}
    _check_values(dwelling, rule, given, before, other)
    cleaned = _clean(papers, rule)
    stored = [(name, paper, store_bytes(paper.content)) for name, paper in cleaned]
    try:
        return _write(dwelling, rule, given, before, reason, by, stored, other, now or clock.now())
    except (Refused, IntegrityError) as error:
        for _name, _paper, kept in stored:
            delete_file(kept.key)
        if isinstance(error, Refused):
            raise
        raise _open_already(dwelling) from error


def _check_asking(dwelling: Dwelling, rule: rules.Kind, reason: str, by: User) -> None:
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    if not by.has_right(rules.ASK, dwelling.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=dwelling.area.name)
    if rule.code == rules.COME_BACK:
        if not dwelling.exclusion:
            raise Refused("NOTHING_CHANGED", _("%(home)s is not excluded."), home=dwelling.dwelling_no)
    elif not register_queries.listed_dwellings([dwelling.pk]):
        raise Refused("NOT_LISTED", _("%(home)s stands on no approved list: correct it directly."),
                      home=dwelling.dwelling_no)  # fmt: skip
    if dwelling.change_requests.filter(state=rules.ASKED).exists():
        raise _open_already(dwelling)


def _open_already(dwelling: Dwelling) -> Refused:
    return Refused(
        "CHANGE_OPEN",
        _("A change of %(home)s waits for its decision already."),
        conflict=True,
        home=dwelling.dwelling_no,
    )


def _check_values(
    dwelling: Dwelling, rule: rules.Kind, given: dict[str, Any], before: dict[str, Any], other: Dwelling | None
) -> None:
    missing = [name for name in rule.needed if name not in given]
    if missing:
        raise Refused("VALUES_NEEDED", _("Say what it shall be: %(fields)s."), fields=", ".join(missing))
    if rule.code in (rules.CORRECT, rules.HEAD) and all(before[name] == value for name, value in given.items()):
        raise Refused("NOTHING_CHANGED", _("What is asked for stands there already."))
    if rule.code == rules.MERGE and (other is None or other.household_id == dwelling.household_id):
        raise Refused("OTHER_NEEDED", _("Name the dwelling of another household that stays."))


def _clean(papers: Papers, rule: rules.Kind) -> list[tuple[str, CleanPaper]]:
    if rule.paper and not papers:
        raise Refused("PAPER_NEEDED", _("Hand in the signed statement or certificate for this change."))
    if len(papers) > MAX_PAPERS:
        raise Refused("TOO_MANY_PAPERS", _("At most %(n)s papers for one change."), n=MAX_PAPERS)
    return [(name, _cleaned(name, content)) for name, content in papers]


def _cleaned(name: str, content: bytes) -> CleanPaper:
    try:
        return clean_paper(content)
    except NotAPaper as fault:
        raise Refused("PAPER_UNUSABLE", _("%(name)s: %(why)s"), name=name, why=PAPER_FAULTS[fault.code]) from fault


@transaction.atomic
def _write(
    dwelling: Dwelling, rule: rules.Kind, given: dict[str, Any], before: dict[str, Any], reason: str, by: User,
    stored: Sequence[Any], other: Dwelling | None, at: dt.datetime,
) -> ChangeRequest:  # fmt: skip
    home = Dwelling.objects.select_for_update(of=("self",)).select_related("household").get(pk=dwelling.pk)
    row = register_queries.binding_rows().filter(dwelling=home).order_by("-roster__approved_at").first()
    level = rules.OFFICE if by.has_right(rules.DECIDES[rules.TOWN], home.area_id) else rules.TOWN
    number = ChangeRequest.objects.filter(dwelling=home).count() + 1
    made = ChangeRequest.objects.create(
        number=f"{home.dwelling_no}-C{number}", kind=rule.code, level=level, area_id=home.area_id, dwelling=home,
        other=other, roster_row=row, before=before, wanted=given, seen_version=version_of(home),
        reason=reason.strip()[:300], asked_by=by, asked_person_no=by.person_no, asked_at=at,
    )  # fmt: skip
    for name, paper, kept in stored:
        document = Document.objects.create(
            area_id=home.area_id, dwelling=home, kind=PAPER_KIND, file_name=name[-200:],
            content_type=paper.content_type, stored_name=kept.key, sha256=kept.sha256, size_bytes=kept.size,
            uploaded_by=by,
        )  # fmt: skip
        ChangeDocument.objects.create(change=made, document=document)
    return made


def may_decide(change: ChangeRequest, user: User) -> bool:
    """Whether this person sits at the level above and did not ask for it."""
    right = rules.DECIDES[change.level]
    return user.has_right(right, change.area_id) and user.person_no != change.asked_person_no


@transaction.atomic
def approve_change(
    *, change: ChangeRequest, by: User, words: str = "", now: dt.datetime | None = None
) -> ChangeRequest:
    """Decide for it and apply it, in one transaction.

    Raises Refused: WRONG_STATE (conflict), NO_RIGHT, OWN_REQUEST, CHANGED_SINCE (conflict), HELD and whatever the
    register says against the new values (NUMBER_TAKEN, AREA_TOO_LARGE, ALREADY_MERGED …).
    """
    lock_register()
    locked = _locked(change, "approve", by)
    home = (
        Dwelling.objects.select_for_update(of=("self",)).select_related("household", "area").get(pk=locked.dwelling_id)
    )
    if version_of(home) != locked.seen_version:
        raise Refused("CHANGED_SINCE", _("%(home)s was changed since this was asked for. Return it."), conflict=True,
                      home=home.dwelling_no)  # fmt: skip
    if rules.KINDS[locked.kind].holds:
        refuse_held([home.pk])
    with acting(by, reason=f"{locked.number}: {locked.reason}"[:300]):
        locked.result = change_effects.apply(locked, home, by)
        _decide(locked, rules.APPROVED, by, words, now)
    return locked


@transaction.atomic
def return_change(*, change: ChangeRequest, by: User, words: str, now: dt.datetime | None = None) -> ChangeRequest:
    """Send it back with words. Raises Refused: WRONG_STATE (conflict), NO_RIGHT, OWN_REQUEST, REASON_NEEDED."""
    locked = _locked(change, "return", by)
    if not words.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words what has to be changed."))
    _decide(locked, rules.RETURNED, by, words, now)
    return locked


@transaction.atomic
def withdraw_change(*, change: ChangeRequest, by: User) -> ChangeRequest:
    """Take one's own wish back before it is decided. Raises Refused: WRONG_STATE (conflict), NOT_YOURS."""
    locked = ChangeRequest.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if rules.step_of("withdraw", locked.state) is None:
        raise _wrong_state(locked)
    if locked.asked_person_no != by.person_no:
        raise Refused("NOT_YOURS", _("Only who asked for it takes it back."))
    locked.state = rules.WITHDRAWN
    locked.save(update_fields=["state"])
    return locked


def _locked(change: ChangeRequest, step: str, by: User) -> ChangeRequest:
    locked = ChangeRequest.objects.select_for_update(of=("self",)).select_related("area", "other").get(pk=change.pk)
    if rules.step_of(step, locked.state) is None:
        raise _wrong_state(locked)
    if not by.has_right(rules.DECIDES[locked.level], locked.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=locked.area.name)
    if by.person_no == locked.asked_person_no:
        raise Refused("OWN_REQUEST", _("Nobody decides what he asked for. Another person has to do it."))
    return locked


def _wrong_state(change: ChangeRequest) -> Refused:
    return Refused("WRONG_STATE", _("%(number)s is “%(state)s” already."), conflict=True, number=change.number,
                   state=change.get_state_display())  # fmt: skip


def _decide(change: ChangeRequest, state: str, by: User, words: str, now: dt.datetime | None) -> None:
    change.state, change.decision_words = state, words.strip()[:300]
    change.decided_by, change.decided_person_no, change.decided_at = by, by.person_no, now or clock.now()
    names = ["state", "decision_words", "decided_by", "decided_person_no", "decided_at", "result"]
    change.save(update_fields=names)


def _plain(value: Any) -> Any:
    """As it is kept in JSON: exact decimals as text."""
    return str(value) if isinstance(value, Decimal) else value
