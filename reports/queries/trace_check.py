"""What the trace keeps beside what the money tables add up to, by `subsidies.net`, place by place. Empty: all is true.

Worked out by the mapper from payments, shares and what came back, not by the SQL that keeps it (`tracing_sql`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, F, Sum
from django.db.models.functions import Cast, Left, TruncDate

from core.areas import CODE_LENGTHS, TOWN, VILLAGE
from reports.models import ChainFault, TracedPayment, TracedShare, TraceTotal
from reports.queries.faults import BY_CODE
from subsidies.models import PayoutLine
from subsidies.net import PAID, given_back, paid_shares

Kind, Level = TraceTotal.Kind, TraceTotal.Level
Key = tuple[str, int, str, str]  # kind, programme, place, source, fault or day
Sums = dict[Key, tuple[int, int, int]]  # number, paid fen, fen that came back


@dataclass(frozen=True)
class Difference:
    """One sum that is kept otherwise than it comes out; a missing one is (0, 0, 0). `where` says in which table."""

    where: str
    key: Key
    kept: tuple[int, int, int]
    comes_out: tuple[int, int, int]


def differences() -> list[Difference]:
    """Villages beside the money tables, rows beside villages, towns beside villages, and rows with old words."""
    villages = _stored(Level.VILLAGE)
    found = [*_apart("village", villages, computed()), *_apart("rows", _of_rows(), villages)]
    found += _apart("town", _stored(Level.TOWN), _added_up(villages))
    return [*found, *_old_words()]


def computed() -> Sums:
    """Every sum of a village, from the payments the bank has confirmed."""
    paid = PayoutLine.objects.filter(state=PayoutLine.State.PAID).order_by()
    at = {"scheme": F("batch__programme"), "place": Left("area_id", CODE_LENGTHS[VILLAGE])}
    sums = {"n": Count("pk"), "fen": Sum("amount_fen")}
    back, back_by_source = _came_back(paid)
    found: Sums = {}
    for row in paid.values(**at).annotate(**sums):
        key: Key = (Kind.PAYMENTS, row["scheme"], row["place"], "")
        found[key] = row["n"], row["fen"], back.get(key[1:3], 0)
    shares = paid_shares(paid).values(
        "source", scheme=F("entitlement__payout_lines__batch__programme"),
        place=Left("entitlement__area_id", CODE_LENGTHS[VILLAGE]),
    )  # fmt: skip
    for row in shares.annotate(n=Count("entitlement__dwelling", distinct=True), fen=Sum(PAID)):
        key = (Kind.SOURCE, row["scheme"], row["place"], row["source"])
        found[key] = row["n"], row["fen"], back_by_source.get(key[1:], 0)
    return found | _faults(paid, at)


def _came_back(paid: Any) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str, str], int]]:
    """Fen by (programme, village), and by source too."""
    rows = given_back(paid).values_list(
        "clawback__entitlement__programme", Left("clawback__entitlement__area_id", CODE_LENGTHS[VILLAGE]), "source"
    )
    by_source = {(programme, place, source): fen for programme, place, source, fen in rows.annotate(Sum("amount_fen"))}
    whole: dict[tuple[int, str], int] = {}
    for (programme, place, _source), fen in by_source.items():
        whole[programme, place] = whole.get((programme, place), 0) + fen
    return whole, by_source


def _faults(paid: Any, at: dict[str, Any]) -> Sums:
    found: Sums = {}
    for code, (_words, narrow) in BY_CODE.items():
        broken = paid.filter(pk__in=narrow(paid).values("pk"))
        for row in broken.values(**at).annotate(n=Count("pk")):
            found[Kind.FAULT, row["scheme"], row["place"], code] = row["n"], 0, 0
    return found


def _stored(level: str) -> Sums:
    rows = TraceTotal.objects.filter(level=level).exclude(kind=Kind.DAY)
    names = ("kind", "programme_id", "area_id", "key", "number", "paid_fen", "back_fen")
    return {row[:4]: row[4:] for row in rows.values_list(*names)}


def _of_rows() -> Sums:
    """What payments, shares and faults that are kept one by one add up to."""
    at = {"scheme": F("programme_id"), "place": Left("area_id", CODE_LENGTHS[VILLAGE])}
    payments = TracedPayment.objects.values(**at).annotate(n=Count("pk"), fen=Sum("amount_fen"), back=Sum("back_fen"))
    shares = TracedShare.objects.values("source", **at).annotate(
        n=Count("dwelling_no", distinct=True), fen=Sum("paid_fen"), back=Sum("back_fen")
    )
    faults = ChainFault.objects.values("fault", **at).annotate(n=Count("pk"))
    found: Sums = {
        (Kind.PAYMENTS, row["scheme"], row["place"], ""): (row["n"], row["fen"], row["back"]) for row in payments
    }
    for row in shares:
        found[Kind.SOURCE, row["scheme"], row["place"], row["source"]] = row["n"], row["fen"], row["back"]
    for row in faults:
        found[Kind.FAULT, row["scheme"], row["place"], row["fault"]] = row["n"], 0, 0
    return found


def _added_up(villages: Sums) -> Sums:
    found: Sums = {}
    for (kind, programme, place, key), (number, paid, back) in villages.items():
        town: Key = (kind, programme, place[: CODE_LENGTHS[TOWN]], key)
        before = found.get(town, (0, 0, 0))
        found[town] = before[0] + number, before[1] + paid, before[2] + back
    return found


def _apart(where: str, kept: Sums, comes_out: Sums) -> Iterator[Difference]:
    nothing = (0, 0, 0)
    for key in sorted({*kept, *comes_out}):
        if kept.get(key, nothing) != comes_out.get(key, nothing):
            yield Difference(where, key, kept.get(key, nothing), comes_out.get(key, nothing))


def _old_words() -> Iterator[Difference]:
    """Days whose sums differ, and payments whose names are no longer those of the register."""
    day = Cast(TruncDate("settled_at"), CharField())
    paid = PayoutLine.objects.filter(state=PayoutLine.State.PAID, settled_at__isnull=False).order_by()
    days = paid.values("batch__programme_id", day=day, place=Left("area_id", CODE_LENGTHS[VILLAGE]))
    comes_out: Sums = {
        (Kind.DAY, row["batch__programme_id"], row["place"], row["day"]): (row["n"], row["fen"], 0)
        for row in days.annotate(n=Count("pk"), fen=Sum("amount_fen"))
    }
    rows = TraceTotal.objects.filter(level=Level.VILLAGE, kind=Kind.DAY)
    names = ("kind", "programme_id", "area_id", "key", "number", "paid_fen")
    kept: Sums = {row[:4]: (*row[4:], 0) for row in rows.values_list(*names)}
    yield from _apart("day", kept, comes_out)
    same = TracedPayment.objects.filter(
        dwelling_no=F("line__entitlement__dwelling__dwelling_no"), payee_name=F("line__payee_name"),
        head_name=F("line__entitlement__household__head_name"), amount_fen=F("line__amount_fen"),
    )  # fmt: skip
    for row in TracedPayment.objects.exclude(pk__in=same.values("pk"))[:20]:
        yield Difference("words", ("words", row.programme_id, row.area_id, str(row.pk)), (0, 0, 0), (0, 0, 0))
