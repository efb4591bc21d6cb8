"""Policies: drafted from a document, taken over by a person, released by another one, replaced by a later version."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from programmes.models import Programme
from subsidies.models import Policy
from subsidies.rules import policy as rules
from subsidies.rules.documents import DocumentError, Problem
from subsidies.rules.loading import load_policy
from subsidies.rules.scanning import Scan, scan
from subsidies.services.locking import demand_right, hold
from subsidies.services.tried import demand_tried
from subsidies.wording import problem_sentence

State = Policy.State


class PolicyFaults(Refused):
    """The document can't be read as a policy; `problems` are all its sentences, each with its line (`listed`)."""

    def __init__(self, listed: Sequence[Problem]) -> None:
        self.listed = listed
        self.problems = [problem_sentence(problem) for problem in listed]
        super().__init__("POLICY_FAULTS", _("The policy has %(count)d problems."), count=len(listed))


def read_policy(document: str, options: Mapping[str, Any] | None = None) -> rules.Policy:
    """The document as the engine sees it; raises `PolicyFaults`."""
    try:
        return _parsed(document, json.dumps(dict(options or {}), sort_keys=True))
    except DocumentError as error:
        raise PolicyFaults(error.problems) from None


@transaction.atomic
def draft_policy(
    *, programme: Programme, document: str, options: Mapping[str, Any] | None = None, by: User | str
) -> Policy:
    """Store a document as the next version. The same content again gives the version that is there.

    `by` is a person with policies.draft, or the name of a command; a command's draft is taken over by a person
    before it can be released. Raises `PolicyFaults`, Refused PLACE_OUTSIDE.
    """
    if isinstance(by, User):
        demand_right(by, "policies.draft", programme.area_id)
    read = read_policy(document, options)
    if not is_inside(programme.area_id, read.place):
        raise Refused(
            "PLACE_OUTSIDE", _("The policy is for place %(place)s, not for this programme."), place=read.place
        )
    hold(f"policy:{programme.pk}")
    sha256 = content_sha256(document, options or {})
    versions = Policy.objects.filter(programme=programme, code=read.name).order_by("-version_no")
    last = versions.first()
    if last is not None and last.sha256 == sha256 and (last.state != State.DISCARDED or isinstance(by, str)):
        return last  # what a person discarded comes back only by a person
    return Policy.objects.create(
        programme=programme, area_id=programme.area_id, code=read.name, title=read.title[:200],
        document_number=read.document_number[:80], version_no=last.version_no + 1 if last else 1, document=document,
        options=dict(options or {}), sha256=sha256, valid_from=read.valid_from, valid_to=read.valid_to, **_drafter(by),
    )  # fmt: skip


@transaction.atomic
def take_over_draft(*, policy: Policy, by: User) -> Policy:
    """A person answers for a draft that a command loaded."""
    policy = _locked_draft(policy)
    demand_right(by, "policies.draft", policy.area_id)
    if policy.drafted_person_no:
        raise Refused("HAS_DRAFTER", _("Somebody already answers for this draft."), conflict=True)
    policy.drafted_by, policy.drafted_person_no = by, by.person_no
    policy.save(update_fields=["drafted_by", "drafted_person_no"])
    return policy


@transaction.atomic
def release_policy(*, policy: Policy, sha256: str, by: User, now: dt.datetime | None = None) -> Policy:
    """Freeze a draft for use: by another person than the drafter, over exactly the content that was shown.

    An earlier version ends the day before; one that would begin on the same day or later is replaced.
    Raises Refused NOT_DRAFT, CONTENT_CHANGED (conflicts), NO_DRAFTER, SAME_PERSON, NOT_TRIED, CLIFFS_UNSIGNED.
    """
    hold(f"policy:{policy.programme_id}")
    policy = _locked_draft(policy)
    demand_right(by, "policies.release", policy.area_id)
    if sha256 != policy.sha256:
        raise Refused("CONTENT_CHANGED", _("The draft is not what you were shown. Open it again."), conflict=True)
    _check_persons(policy, by)
    demand_tried(policy)
    _end_earlier(policy)
    policy.state, policy.released_by, policy.released_person_no = State.RELEASED, by, by.person_no
    policy.released_at = now or clock.now()
    policy.save(update_fields=["state", "released_by", "released_person_no", "released_at"])
    return policy


@transaction.atomic
def discard_draft(*, policy: Policy, reason: str, by: User) -> Policy:
    """Put a draft away for good: it stays to be read, with the reason in its history, and is never released.

    Raises Refused NOT_DRAFT (conflict), REASON_NEEDED.
    """
    policy = _locked_draft(policy)
    demand_right(by, "policies.draft", policy.area_id)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    with acting(by, reason=reason.strip()[:300]):
        policy.state = State.DISCARDED
        policy.save(update_fields=["state"])
    return policy


def policy_in_force(programme: Programme, on: dt.date) -> Policy | None:
    """The released version whose days hold `on`, the newest where several documents do."""
    return versions_holding(programme, on).first()


def versions_holding(programme: Programme, on: dt.date) -> QuerySet[Policy]:
    """The released versions whose days hold `on`, newest first."""
    open_end = Q(valid_to__isnull=True) | Q(valid_to__gte=on)
    found = programme.policies.filter(open_end, state=State.RELEASED, valid_from__lte=on)
    return found.order_by("-released_at", "-id")


def versions_of(programme: Programme) -> QuerySet[Policy]:
    """All versions that were ever released, oldest first: by one of them every amount was computed."""
    return programme.policies.filter(state__in=[State.RELEASED, State.RETIRED]).order_by("released_at", "id")


def titles_in(policies: Iterable[Policy]) -> dict[str, str]:
    """Code of each benefit → what the documents call it; of two the later one. What is not read any more has none."""
    found: dict[str, str] = {}
    for policy in policies:
        with suppress(Refused, DocumentError):
            found |= {one.id: one.title for one in rules_of(policy).benefits}
    return found


def rules_of(policy: Policy) -> rules.Policy:
    """The policy as the engine sees it, held to the benefits the programme uses (`policies` in its settings)."""
    return _held_to(*_words_of(policy))


def scan_of(policy: Policy) -> Scan:
    """Curves and cliffs of `rules_of`: tens of thousands of made-up cases, which the same words always answer alike."""
    return _scanned(*_words_of(policy))


def content_sha256(document: str, options: Mapping[str, Any]) -> str:
    """Hash of what is released: the document with its options."""
    text = json.dumps([document, dict(options)], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=32)
def _parsed(document: str, options: str) -> rules.Policy:
    """Checking every choice of the options takes a third of a second; the same words always mean the same."""
    return load_policy(document, _exact(options))


def _words_of(policy: Policy) -> tuple[str, str, tuple[str, ...] | None]:
    """All that decides what a version pays: document, options, and the benefits the programme uses (None: all)."""
    used = policy.programme.settings.get("policies")
    return policy.document, json.dumps(policy.options, sort_keys=True), None if used is None else tuple(used)


def _held_to(document: str, options: str, used: tuple[str, ...] | None) -> rules.Policy:
    read = _parsed(document, options)
    return read if used is None else replace(read, benefits=tuple(one for one in read.benefits if one.id in used))


@lru_cache(maxsize=32)
def _scanned(document: str, options: str, used: tuple[str, ...] | None) -> Scan:
    return scan(_held_to(document, options, used))


def _exact(options: str) -> dict[str, Any]:
    """Switches as the rules take them: numbers are exact, never floats."""
    found: dict[str, Any] = json.loads(options, parse_float=Decimal)
    return found


def _drafter(by: User | str) -> dict[str, Any]:
    return {"drafted_by": by, "drafted_person_no": by.person_no} if isinstance(by, User) else {}


def _locked_draft(policy: Policy) -> Policy:
    locked = Policy.objects.select_for_update().get(pk=policy.pk)
    if locked.state != State.DRAFT:
        raise Refused(
            "NOT_DRAFT", _("This version is “%(state)s” already."), conflict=True, state=locked.get_state_display()
        )
    return locked


def _check_persons(policy: Policy, by: User) -> None:
    if not policy.drafted_person_no:
        raise Refused("NO_DRAFTER", _("Nobody answers for this draft yet. A drafter has to take it over first."))
    if policy.drafted_person_no == by.person_no:
        raise Refused("SAME_PERSON", _("Who drafted a policy does not release it. Another person has to."))


def _end_earlier(policy: Policy) -> None:
    """Released versions of the same document leave the days of the new one to it."""
    earlier = Policy.objects.select_for_update().filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=policy.valid_from),
        programme=policy.programme_id, code=policy.code, state=State.RELEASED,
    )  # fmt: skip
    for one in earlier:
        if one.valid_from < policy.valid_from:
            one.valid_to = policy.valid_from - dt.timedelta(days=1)
            one.save(update_fields=["valid_to"])
        elif policy.valid_to is None or one.valid_from <= policy.valid_to:
            one.state = State.RETIRED
            one.save(update_fields=["state"])
