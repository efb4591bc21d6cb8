"""The duplicate desk: decide that two entries are different people, merge them, part them again."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from households.models import DuplicatePair, Dwelling, Merge
from households.services.duplicates.merging import merge_entries, undo_merge
from jobs.models import Job
from jobs.services import enqueue

RIGHT = "duplicates.decide"
FIND = "households.find_duplicates"
State = DuplicatePair.State


def may_decide(pair: DuplicatePair, user: User) -> bool:
    """Both sides must lie where the person decides: half of a pair is no ground for a decision."""
    return user.has_right(RIGHT, pair.area_id) and user.has_right(RIGHT, pair.other_area_id)


def request_search(*, by: User | None, everything: bool = False, now: dt.datetime | None = None) -> Job:
    """Ask for a search over what changed, or over `everything`; asking while one waits or runs is one search."""
    waiting = Job.objects.open().filter(kind=FIND).order_by("pk").first()
    if waiting is not None:
        return waiting
    args = {"since": (now or clock.now()).isoformat()} if everything else {}
    return enqueue(kind=FIND, args=args, by=by)


@transaction.atomic
def call_different(*, pair: DuplicatePair, words: str, by: User, now: dt.datetime | None = None) -> DuplicatePair:
    """Decide that they are different people; the pair stays decided until it shows a new reason.

    Raises Refused: REASON_NEEDED, WRONG_STATE (conflict), NO_RIGHT.
    """
    if not words.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why they are different people."))
    kept = _locked(pair, by)
    with acting(by, reason=words.strip()[:300]):
        return _decide(kept, State.DIFFERENT, words, by, now)


@transaction.atomic
def merge_pair(
    *, pair: DuplicatePair, kept_id: int, same_house: bool, words: str, by: User, now: dt.datetime | None = None
) -> Merge:
    """Merge the pair; `kept_id` is the dwelling whose household stays. See `merge_entries` for what refuses it."""
    locked = _locked(pair, by)
    if kept_id not in (locked.first_id, locked.second_id):
        raise Refused("KEPT_NEEDED", _("Choose which entry stays."))
    gone_id = locked.second_id if kept_id == locked.first_id else locked.first_id
    homes = Dwelling.objects.select_related("household").in_bulk([kept_id, gone_id])
    made = merge_entries(
        kept=homes[kept_id], gone=homes[gone_id], same_house=same_house, reason=words, by=by, pair=locked, now=now
    )
    with acting(by, reason=words.strip()[:300]):
        _decide(locked, State.MERGED, words, by, now)
    return made


@transaction.atomic
def part_pair(*, pair: DuplicatePair, words: str, by: User, now: dt.datetime | None = None) -> DuplicatePair:
    """Take the pair's merging back; it waits for a decision again. See `undo_merge` for what refuses it."""
    locked = _locked(pair, by, State.MERGED)
    merge = locked.merges.filter(undone_at__isnull=True).order_by("-pk").first()
    if merge is None:
        raise Refused("ALREADY_UNDONE", _("This merging was taken back already."), conflict=True)
    undo_merge(merge=merge, reason=words, by=by, now=now)
    with acting(by, reason=words.strip()[:300]):
        locked.state, locked.decided_by, locked.decided_at, locked.words = State.OPEN, None, None, ""
        locked.save(update_fields=["state", "decided_by", "decided_at", "words"])
    return locked


def _locked(pair: DuplicatePair, by: User, state: str = State.OPEN) -> DuplicatePair:
    locked: DuplicatePair = DuplicatePair.objects.select_for_update(of=("self",)).get(pk=pair.pk)
    if not may_decide(locked, by):
        raise Refused("NO_RIGHT", _("One of the two lies outside your area. The office above both decides."))
    if locked.state != state:
        raise Refused(
            "WRONG_STATE", _("This pair is “%(state)s” already."), conflict=True, state=locked.get_state_display()
        )
    return locked


def _decide(pair: DuplicatePair, state: str, words: str, by: User, now: dt.datetime | None) -> DuplicatePair:
    pair.state, pair.words, pair.decided_by, pair.decided_at = state, words.strip()[:300], by, now or clock.now()
    pair.save(update_fields=["state", "words", "decided_by", "decided_at"])
    return pair
