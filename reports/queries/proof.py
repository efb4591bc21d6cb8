"""The nine links of proof behind one payment, and the payments whose chain is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from core.templatetags.portal_figures import yuan_words
from core.together import Reading, sums_in, sums_of
from households.models import RosterSeal
from reports.links import address
from reports.models import ChainFault, TraceTotal
from reports.queries.faults import BY_CODE
from reports.queries.scope import Scope
from reports.queries.trace import paid_lines, path_to, totals
from retrofits.models import Acceptance, Photo
from subsidies import net
from subsidies.models import PayoutLine
from subsidies.wording import source_name

BROKEN_SHOWN = 20


@dataclass(frozen=True)
class Link:
    """One link: what it is, what it says, its day, the page that shows it; `fault` says why it does not hold."""

    icon: str
    title: str
    words: str
    note: str = ""
    at: Any = None
    url: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Check:
    """One comparison across rooms; `holds` is None where there is nothing to compare."""

    words: str
    holds: bool | None


@dataclass(frozen=True)
class Proof:
    line: PayoutLine
    links: list[Link]
    checks: list[Check]
    sources: list[tuple[str, int]]

    @property
    def broken(self) -> int:
        return sum(bool(link.fault) for link in self.links)

    @property
    def whole(self) -> int:
        return len(self.links) - self.broken


@dataclass(frozen=True)
class Broken:
    """A payment whose chain does not hold, why, and the address that opens it."""

    line: PayoutLine
    why: str
    url: str


def proof_of(line: PayoutLine) -> Proof:
    """Everything behind one payment, in the order in which it happened."""
    links = [
        build(line) for build in (_policy, _roster, _cost, _photos, _acceptance, _notice, _approval, _payment, _receipt)
    ]
    paid = net.shares(line, {})  # what came back later is no part of what this payment was made of
    sources = [(source_name(code), fen) for code, fen in sorted(paid.items())]
    return Proof(line, links, _checks(line, sources), sources)


def line_of(scope: Scope, dwelling_no: str, line_id: str = "") -> PayoutLine | None:
    """The chosen payment of a dwelling, or its first."""
    rows = paid_lines(scope).filter(entitlement__dwelling__dwelling_no=dwelling_no)
    if line_id.isascii() and line_id.isdigit():
        rows = rows.filter(pk=int(line_id))
    related = rows.select_related(
        "batch", "entitlement__household", "entitlement__dwelling", "entitlement__policy", "entitlement__notice",
        "entitlement__task__technology", "entitlement__acceptance__inspector", "entitlement__programme",
    )  # fmt: skip
    return related.order_by("id").first()  # type: ignore[no-any-return]


def _policy(line: PayoutLine) -> Link:
    due = line.entitlement
    name = due.policy.document_number or due.policy.title or due.policy.code
    words = _("%(policy)s, version %(version)s") % {"policy": name, "version": due.policy.version_no}
    fault = "" if due.policy.state != "draft" else _("the policy was never released")
    url = address("subsidies:policy-detail", due.policy_id)
    return Link("file-text", _("Policy"), words, f"{due.benefit} {due.clause}", due.policy.released_at, url, fault)


def _roster(line: PayoutLine) -> Link:
    row = line.entitlement.task.roster_row
    seals = list(RosterSeal.objects.filter(roster_id=row.roster_id).select_related("signer").order_by("at"))
    levels = "、".join(str(seal.get_level_display()) for seal in seals)
    fault = "" if len({seal.person_no for seal in seals}) >= 3 else _("fewer than three people have sealed the roster")
    return Link(
        "rubber-stamp", _("Sealed roster"), _("sealed by %(levels)s") % {"levels": levels} if levels else _("no seal"),
        _("%(n)d seals over the same content") % {"n": len(seals)}, seals[-1].at if seals else None,
        address("households:roster-detail", row.roster_id), fault,
    )  # fmt: skip


def _cost(line: PayoutLine) -> Link:
    record = getattr(line.entitlement.task, "installation", None)
    items = list(record.costs.all()) if record else []
    total = sum(item.amount_fen for item in items)
    numbers = "、".join(item.invoice_no for item in items if item.invoice_no)
    fault = _("no invoice or settlement is recorded") if not items else ""
    if items and total < line.amount_fen + line.offset_fen:
        fault = _("the cost is less than the subsidy")
    words = _("%(n)d items, %(total)s") % {"n": len(items), "total": yuan_words(total)}
    return Link(
        "receipt", _("Contract and invoice"), words, numbers, record.installed_on if record else None,
        address("retrofits:task-detail", line.entitlement.task_id), fault,
    )  # fmt: skip


def _photos(line: PayoutLine) -> Link:
    photos = list(Photo.objects.filter(task=line.entitlement.task).select_related("document").order_by("taken_at"))
    stages = {photo.stage for photo in photos}
    missing = [
        str(stage.label) for stage in (Photo.Stage.BEFORE, Photo.Stage.DURING, Photo.Stage.AFTER) if stage not in stages
    ]
    fault = _("missing: %(stages)s") % {"stages": "、".join(missing)} if missing else ""
    if not fault and _same_picture_elsewhere(line):
        fault = _("the same picture belongs to another household")
    last = max((photo.taken_at or photo.document.uploaded_at for photo in photos), default=None)
    url = address("retrofits:task-detail", line.entitlement.task_id)
    return Link("camera", _("Photos of the works"), _("%(n)d photos") % {"n": len(photos)}, "", last, url, fault)


def _same_picture_elsewhere(line: PayoutLine) -> bool:
    own = Photo.objects.filter(task=line.entitlement.task).values("document__sha256")
    return Photo.objects.filter(document__sha256__in=own).exclude(task=line.entitlement.task).exists()


def _acceptance(line: PayoutLine) -> Link:
    passed = Acceptance.objects.filter(task=line.entitlement.task, result="passed").select_related("inspector").first()
    if passed is None:
        return Link("clipboard-check", _("Acceptance sheet"), _("none"), fault=_("nobody has accepted the works"))
    words = _("%(unit)s, %(name)s") % {"unit": passed.inspector.unit, "name": passed.inspector.person_name}
    signed = passed.signature_id or passed.signer_name
    note = _("room %(c)s ℃") % {"c": passed.room_temp_c} if passed.room_temp_c is not None else ""
    return Link(
        "clipboard-check", _("Acceptance sheet"), words, note, passed.accepted_on,
        address("retrofits:acceptance-detail", passed.pk), "" if signed else _("the household has not signed"),
    )  # fmt: skip


def _notice(line: PayoutLine) -> Link:
    due = line.entitlement
    notice = due.notice
    if notice is None:
        needed = due.programme.notice_required
        return Link(
            "speakerphone", _("Public notice"), _("none") if needed else _("not asked for by the programme"),
            fault=_("paid without a public notice") if needed else "",
        )  # fmt: skip
    fault = ""
    if line.settled_at and line.settled_at < notice.ends_at:
        fault = _("paid before the notice ended")
    elif due.objections.filter(decision="").exists():
        fault = _("an objection is still open")
    words = f"{notice.number} {notice.published_at:%m-%d} – {notice.ends_at:%m-%d}"
    url = address("subsidies:notice-detail", notice.pk)
    return Link("speakerphone", _("Public notice"), words, "", notice.ends_at, url, fault)


def _approval(line: PayoutLine) -> Link:
    batch = line.batch
    signed = list(
        batch.signatures.filter(round_no=batch.round_no, decision="agree").select_related("signer").order_by("at")
    )
    people = {one.person_no for one in signed}
    fault = ""
    if len(signed) < 2:
        fault = _("fewer than two people have signed the batch")
    elif len(people) < len(signed) or batch.created_person_no in people:
        fault = _("one person stands in two steps")
    elif any(one.content_hash != batch.content_hash for one in signed):
        fault = _("a signature is over another content")
    names = "、".join(one.signer.person_name for one in signed)
    note = _("%(n)d people, %(n)d steps") % {"n": len(people)}
    url = address("subsidies:batch-detail", batch.number)
    return Link("users", _("Approval"), names or _("none"), note, signed[-1].at if signed else None, url, fault)


def _payment(line: PayoutLine) -> Link:
    batch = line.batch
    total = batch.lines.exclude(state="dropped").aggregate(fen=Sum("amount_fen"))["fen"] or 0
    fault = "" if total == batch.total_fen else _("the lines of the batch do not add up to its total")
    words = _("%(batch)s, line %(line)d") % {"batch": batch.number, "line": line.line_no}
    url = address("subsidies:batch-detail", batch.number)
    whole = _("the batch in all: %(sum)s") % {"sum": yuan_words(batch.total_fen)}
    note = f"{yuan_words(line.amount_fen)} · {whole}"
    return Link("building-bank", _("Payment"), words, note, batch.locked_at, url, fault)


def _receipt(line: PayoutLine) -> Link:
    fault = "" if line.bank_reference else _("the bank return has no reference")
    words = line.bank_reference or _("none")
    url = address("subsidies:batch-detail", line.batch.number)
    return Link("cash", _("Bank return"), words, yuan_words(line.amount_fen), line.settled_at, url, fault)


def _checks(line: PayoutLine, sources: list[tuple[str, int]]) -> list[Check]:
    due = line.entitlement
    due_fen = line.amount_fen + line.offset_fen
    record = getattr(due.task, "installation", None)
    cost = sum(item.amount_fen for item in record.costs.all()) if record else None
    twice = PayoutLine.objects.filter(
        entitlement__dwelling=due.dwelling, entitlement__benefit_kind=due.benefit_kind, entitlement__period=due.period,
        state=PayoutLine.State.PAID,
    ).exclude(pk=line.pk)  # fmt: skip
    passed = due.acceptance
    in_order = bool(passed and due.notice and passed.accepted_on <= timezone.localdate(due.notice.published_at))
    return [
        Check(_("the sources add up to the amount"), sum(fen for _name, fen in sources) == line.amount_fen),
        Check(_("paid as much as is due"), due_fen == due.amount_fen),
        Check(_("the amount is not above the cost"), None if cost is None else due_fen <= cost),
        Check(_("nothing of this kind was paid twice for the dwelling"), not twice.exists()),
        Check(_("accepted before the notice"), in_order if due.notice else None),
        Check(_("the payee holds the household's account"), line.payee_name == due.household.payee_name),
    ]


def broken_chains(scope: Scope) -> Reading[list[Broken]]:
    """The payments whose chain does not hold, worst first: of each fault the first ones. One turn, and their parts."""
    rows = scope.of_programme(ChainFault, "audit.trace").select_related(
        "payment__line__entitlement__dwelling", "payment__line__entitlement__household", "payment__line__area"
    )
    kinds = [rows.filter(fault=code).order_by("area_id", "payment_id")[:BROKEN_SHOWN] for code in BY_CODE]
    yield kinds
    found = [(fault.payment.line, BY_CODE[fault.fault][0]) for kind in kinds for fault in kind]
    prefetch_related_objects([line for line, _words in found], "entitlement__lines")
    return [Broken(line, str(_(words)), path_to(line).query()) for line, words in found]


def broken_count(scope: Scope) -> Reading[int]:
    """How many faults there are in all."""
    sums = sums_of(totals(scope).filter(kind=TraceTotal.Kind.FAULT), n=Sum("number"))
    yield [sums]
    return sums_in(sums)["n"] or 0
