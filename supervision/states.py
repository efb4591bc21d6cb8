"""The lives of the documents, one plain table each: deed, from, to, right, guard, what it asks for.

    complaint   open → handled → answered → closed, and back to handled with a reason
    ticket      open → handled → fixed → closed, and back
    hazard      open → fixed → closed; a failed re-check opens it again; being late escalates without moving it
    coal        open → confirmed → closed | open → cleared; visited again as often as needed
    measure     open → answered → closed, or open → closed where no answer is asked for; an order may begin as a draft

Buttons, services and tests read these tables and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from supervision.kinds import GROUP_OF, OWN, Kind
from supervision.models import Case

State = Case.State
Guard = Callable[[Case, User], Refused | None]


@dataclass(frozen=True)
class Move:
    """One allowed step. `own`: the organisation the case belongs to may do it as well (`cases.own`)."""

    deed: str
    source: str
    target: str
    right: str
    label: str | Promise
    guard: Guard | None = None
    needs_words: bool = False
    needs_photo: bool = False
    own: bool = False


def somebody_else(case: Case, by: User) -> Refused | None:
    """Who reported a hazard as put right does not close it; nor does the firm that was responsible for it."""
    last = case.steps.filter(deed="fix").select_related("by").order_by("-id").first()
    if last and last.by and last.by.person_no == by.person_no:
        return Refused("OWN_WORK", _("You reported this as put right yourself; somebody else has to check it."))
    if case.supplier and by.is_party("firm", case.supplier):
        return Refused(
            "OWN_FIRM", _("%(unit)s is responsible for it; somebody else has to check it."), unit=case.supplier.name
        )
    return None


COMPLAIN, TICKET, HAZARD = "complaints.handle", "tickets.handle", "hazards.record"
ACT, ANSWER = "supervision.act", "supervision.answer"

COMPLAINT_MOVES: tuple[Move, ...] = (
    Move("take", State.OPEN, State.HANDLED, COMPLAIN, _("Take it up")),
    Move("pass_on", State.HANDLED, State.OPEN, COMPLAIN, _("Pass on"), needs_words=True),
    Move("reply", State.HANDLED, State.ANSWERED, COMPLAIN, _("Reply"), needs_words=True),
    Move("reopen", State.ANSWERED, State.HANDLED, COMPLAIN, _("Take up again"), needs_words=True),
    Move("close", State.ANSWERED, State.CLOSED, COMPLAIN, _("Close")),
    Move("reopen", State.CLOSED, State.HANDLED, COMPLAIN, _("Take up again"), needs_words=True),
)
TICKET_MOVES: tuple[Move, ...] = (
    Move("take", State.OPEN, State.HANDLED, TICKET, _("On the way"), own=True),
    Move("fix", State.HANDLED, State.FIXED, TICKET, _("Report as repaired"), needs_words=True, own=True),
    Move("close", State.FIXED, State.CLOSED, TICKET, _("Confirm with the household"), somebody_else),
    Move("reopen", State.FIXED, State.HANDLED, TICKET, _("Not repaired"), needs_words=True),
)
HAZARD_MOVES: tuple[Move, ...] = (
    Move("fix", State.OPEN, State.FIXED, HAZARD, _("Report as put right"), None, True, True, own=True),
    Move("close", State.FIXED, State.CLOSED, HAZARD, _("Re-checked: safe"), somebody_else),
    Move("reopen", State.FIXED, State.OPEN, HAZARD, _("Re-checked: not safe"), somebody_else, needs_words=True),
)
COAL_MOVES: tuple[Move, ...] = (
    Move("confirm", State.OPEN, State.CONFIRMED, HAZARD, _("Visited: it is so"), needs_words=True),
    Move("clear", State.OPEN, State.CLEARED, HAZARD, _("Visited: it is not so"), needs_words=True),
    Move("visit", State.CONFIRMED, State.CONFIRMED, HAZARD, _("Visited again"), needs_words=True),
    Move("close", State.CONFIRMED, State.CLOSED, HAZARD, _("Settled"), needs_words=True),
)
ANSWERED_MOVES: tuple[Move, ...] = (
    Move("answer", State.OPEN, State.ANSWERED, ANSWER, _("Answer"), needs_words=True),
    Move("close", State.ANSWERED, State.CLOSED, ACT, _("Accept the answer")),
    Move("reopen", State.ANSWERED, State.OPEN, ACT, _("Not enough"), needs_words=True),
)
DRAFT_MOVES: tuple[Move, ...] = (
    Move("send", State.DRAFT, State.OPEN, ACT, _("Send the order")),
    Move("discard", State.DRAFT, State.CLEARED, ACT, _("Throw away")),
)
HELD_MOVES: tuple[Move, ...] = (
    Move("close", State.OPEN, State.CLOSED, ACT, _("Settled"), needs_words=True),
)  # fmt: skip
MOVES: dict[str, tuple[Move, ...]] = {
    Kind.COMPLAINT: COMPLAINT_MOVES,
    Kind.QUESTION: COMPLAINT_MOVES,
    Kind.REPAIR: TICKET_MOVES,
    Kind.HAZARD: HAZARD_MOVES,
    Kind.RELAPSE: COAL_MOVES,
    Kind.NON_USE: COAL_MOVES,
    Kind.ENFORCEMENT: COAL_MOVES,
    Kind.ORDER: DRAFT_MOVES + ANSWERED_MOVES,
    Kind.EXPLANATION: ANSWERED_MOVES,
    Kind.CIRCULAR: ANSWERED_MOVES,
    Kind.INTERVIEW: HELD_MOVES,
    Kind.FALSIFICATION: HELD_MOVES,
    Kind.OPINION: HELD_MOVES,
    Kind.ILLEGAL_USE: HAZARD_MOVES,
    Kind.EVALUATION: ANSWERED_MOVES,
    Kind.WORK_PLAN: ANSWERED_MOVES,
}


def find(case: Case, deed: str) -> Move | None:
    return next((move for move in MOVES[case.kind] if (move.deed, move.source) == (deed, case.state)), None)


def may(case: Case, move: Move, user: User) -> bool:
    """The right over the place, or the case belongs to the person's organisation and the move is open to it."""
    if user.has_right(move.right, case.area_id):
        return True
    return move.own and GROUP_OF[case.kind].own and user.has_right(OWN, case.area_id) and is_own(case, user)


def is_own(case: Case, user: User) -> bool:
    """Handled by this person, or the firm's, or that of the unit that answers for it."""
    if case.handler_id == user.pk or case.supplier_id in user.works_for("firm"):
        return True
    company = getattr(case, "company", None)
    return company is not None and company.is_of(user)


def open_moves(case: Case, user: User) -> list[Move]:
    """What this person may do with it now: the buttons of its page."""
    moves = [move for move in MOVES[case.kind] if move.source == case.state and may(case, move, user)]
    return [move for move in moves if move.guard is None or move.guard(case, user) is None]


def permit(case: Case, deed: str, by: User, words: str, *, has_photo: bool) -> Move:
    """The move, or why not: wrong state (409), missing right (403), guard, words or photo missing (422)."""
    move = find(case, deed)
    if move is None:
        said = _("It is “%(state)s” by now; this step is no longer open. Load the page again.")
        raise Refused("CASE_STATE", said, conflict=True, state=case.get_state_display())
    if not may(case, move, by):
        raise PermissionDenied(move.right)
    if move.needs_words and not words.strip():
        raise Refused("WORDS_MISSING", _("Say in words what was done or why."))
    if move.needs_photo and not has_photo:
        raise Refused("PHOTO_MISSING", _("Add a photo that shows it put right."))
    refusal = move.guard(case, by) if move.guard else None
    if refusal:
        raise refusal
    return move
