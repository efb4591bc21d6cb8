"""Not to be heated for a season (停暖): applied for, decided, with its effect on the fee (B-31).

The public's application looks nothing up that could be seen: the answer is the same whether the account exists or not.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.blind_index import blind_index
from core.refusals import Refused
from heatsupply.models import FeeAccount, FeeLine, HeatingCompany, Suspension
from heatsupply.models.owned import MANAGE
from heatsupply.rules.refunds import suspended_fee
from heatsupply.services.ledger import Movement, locked, post
from heatsupply.services.permits import may_keep
from heatsupply.terms.fees import season_of, terms_of
from programmes.models import Programme

ACCOUNT_PURPOSE, RECEIPT_PURPOSE = "heat.account", "heat.suspension"
CLAUSE = "B-31"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
State = Suspension.State


@dataclass(frozen=True)
class Application:
    """What the user writes down."""

    account_no: str
    applicant_name: str
    phone: str = ""
    address: str = ""
    words: str = ""
    company: HeatingCompany | None = None


@transaction.atomic
def apply_suspension(
    *, programme: Programme, area: Area, season: str, application: Application, source: str, now: datetime,
    on: date | None = None,
) -> tuple[Suspension, str]:  # fmt: skip
    """An application and the code that opens its answer (shown once); open to the public, households and the counter.

    `on` is the day it counts for, the moment's own by default.

    Raises `Refused` APPLICATION_FAULTY, SEASON_UNKNOWN, SEASON_OVER; whether the account exists is never said.
    """
    wanted = season_of(programme, season)
    today = on or timezone.localtime(now).date()
    if not application.account_no.strip() or not application.applicant_name.strip():
        raise Refused("APPLICATION_FAULTY", _("Write the account number of the heat bill and the name it is under."))
    if source not in Suspension.Source.values:
        raise Refused("APPLICATION_FAULTY", _("Choose how it was applied for."))
    if wanted.phase(today) == "AFTER":
        raise Refused("SEASON_OVER", _("The season %(season)s is over."), season=season)
    account = find_account(programme, area, wanted.label, application.account_no, application.company)
    number, code = f"TN{today:%y%m%d}-{_word(6)}", _word(8)
    made = Suspension.objects.create(
        programme=programme, area=area, season=wanted.label, number=number, source=source, account=account,
        company=account.company if account else application.company, applied_at=now,
        account_no=application.account_no.strip()[:80], applicant_name=application.applicant_name.strip()[:40],
        phone=application.phone.strip()[:30], address=application.address.strip()[:200],
        words=application.words.strip()[:500], after_start=wanted.phase(today) == "RUNNING",
        receipt_index=receipt_index(number, code),
    )  # fmt: skip
    return made, code


def find_account(
    programme: Programme, area: Area, season: str, account_no: str, company: HeatingCompany | None
) -> FeeAccount | None:
    """The one account of that number at a company of the county; None where there is none or more than one."""
    rows = FeeAccount.objects.within(area.code[:6]).filter(
        programme=programme, season=season, account_index=account_index(account_no)
    )
    found = list((rows.filter(company=company) if company else rows).select_related("company")[:2])
    return found[0] if len(found) == 1 else None


def account_index(account_no: str) -> str:
    return blind_index(account_no, ACCOUNT_PURPOSE)


def receipt_index(number: str, code: str) -> str:
    return blind_index(f"{number}/{code}", RECEIPT_PURPOSE)


def find_applied(number: str, code: str) -> Suspension | None:
    """The application of number and code together; wrong either way is the same nothing."""
    index = receipt_index(number.strip()[:20].upper(), code.strip()[:20].upper())
    return Suspension.objects.filter(receipt_index=index).first()


def _word(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _n in range(length))


@transaction.atomic
def decide_suspension(
    *, suspension: Suspension, approve: bool, words: str, account: FeeAccount | None = None, by: User, now: datetime
) -> Suspension:
    """Approved, the season's fee falls to the basic fee of rule B-R2; refused, with words, nothing changes.

    Raises `Refused` SUSPENSION_STATE (409), WORDS_MISSING, ACCOUNT_UNKNOWN, ALREADY_SUSPENDED (409), SHARE_UNDECIDED.
    """
    kept = _locked(suspension)
    chosen = account or kept.account
    if not _may_decide(by, kept, chosen):
        raise PermissionDenied(MANAGE)
    if kept.state != State.APPLIED:
        raise Refused("SUSPENSION_STATE", _("This application is decided already."), conflict=True)
    if not approve and not words.strip():
        raise Refused("WORDS_MISSING", _("Say why it is refused."))
    if approve:
        _approve(kept, chosen, by, now)
    kept.state = State.APPROVED if approve else State.REFUSED
    kept.decided_by, kept.decided_at, kept.decision_words = by, now, words.strip()[:500]
    kept.save()
    return kept


def _may_decide(by: User, suspension: Suspension, account: FeeAccount | None) -> bool:
    """The company whose account it is, or the county of the place."""
    if account is not None and may_keep(by, account.company):
        return True
    return by.has_right(MANAGE, suspension.area_id) or suspension.is_owned_by(by)


def _approve(kept: Suspension, chosen: FeeAccount | None, by: User, now: datetime) -> None:
    if chosen is None or (chosen.season, chosen.programme_id) != (kept.season, kept.programme_id):
        raise Refused("ACCOUNT_UNKNOWN", _("No account of this season has that number; ask the user, or refuse it."))
    if Suspension.objects.filter(account=chosen, state=State.APPROVED).exists():
        raise Refused("ALREADY_SUSPENDED", _("This account is suspended for the season already."), conflict=True)
    account = locked(chosen)
    kept.account, kept.company = account, account.company
    movement = effect_of(account, kept, now)
    post([movement] if movement.fen else [], by=by, now=now)


def effect_of(account: FeeAccount, suspension: Suspension, now: datetime) -> Movement:
    """What approval takes off the fee. Raises `Refused` SHARE_UNDECIDED where the programme names no basic fee."""
    found = suspended_fee(fee_fen=account.charged_fen, terms=terms_of(account.programme))
    if found.amount_fen is None:
        words = _("The programme names no basic fee for suspended users; state its share in the settings first.")
        raise Refused("SHARE_UNDECIDED", words)
    fen = min(account.charged_fen - found.amount_fen, account.receivable_fen)
    steps = [["fee", account.charged_fen], ["share", _share(account)], ["basic_fee", found.amount_fen], ["amount", fen]]
    more = {"suspension": suspension, "reason": found.reason, "clause": CLAUSE, "steps": steps}
    return Movement(account, FeeLine.Kind.SUSPENSION, fen, timezone.localtime(now).date(), more)


def _share(account: FeeAccount) -> str:
    return f"{float(terms_of(account.programme).suspended_share or 0):g}"


@transaction.atomic
def revoke_suspension(*, suspension: Suspension, words: str, by: User, now: datetime) -> Suspension:
    """An approval taken back (the user heats after all, or it was wrong): a counter line restores the fee.

    Raises `Refused` SUSPENSION_STATE (409), WORDS_MISSING.
    """
    kept = _locked(suspension)
    if not _may_decide(by, kept, kept.account):
        raise PermissionDenied(MANAGE)
    if kept.state != State.APPROVED or kept.account is None:
        raise Refused("SUSPENSION_STATE", _("Only an approved suspension can be revoked."), conflict=True)
    if not words.strip():
        raise Refused("WORDS_MISSING", _("Say in words why the line is taken back."))
    account = locked(kept.account)
    lines = kept.lines.filter(counters__isnull=True, countered_by__isnull=True)
    more = {"suspension": kept, "reason": "COUNTER", "clause": CLAUSE, "words": words.strip()[:200]}
    back = [Movement(account, one.kind, -one.fen, timezone.localtime(now).date(), {**more, "counters": one})
            for one in lines]  # fmt: skip
    post(back, by=by, now=now)
    kept.state, kept.decision_words = State.REVOKED, words.strip()[:500]
    kept.save(update_fields=["state", "decision_words"])
    return kept


def _locked(suspension: Suspension) -> Suspension:
    rows = Suspension.objects.select_for_update(of=("self",)).select_related("programme", "company", "account__company")
    return rows.get(pk=suspension.pk)  # type: ignore[no-any-return]
