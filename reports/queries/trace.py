"""From the ledger's total down to one household: source → town → village → household, each column checked.

Read from what `reports.services.tracing` keeps, so that a page costs the same for any number of homes. "Adds up" is a
finding and not a tautology: payments and what came back of them are summed on one side, the sources of what was due,
less what was kept back, on the other, towns and villages from their stored sums, households from their own rows.
`reports.queries.trace_check` holds all of it against the money tables.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Left
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Area, AuditEntry
from core.areas import CODE_LENGTHS, TOWN, VILLAGE
from core.templatetags.portal_figures import wan_words
from core.together import Reading, asking, in_step, read, sums_in, sums_of
from reports.links import address
from reports.models import RefreshMark, TracedPayment, TracedShare, TraceTotal
from reports.queries.scope import Scope
from subsidies.models import Fund, PayoutLine
from subsidies.wording import source_name

RIGHT = "audit.trace"
SHOWN, NAMED, TAIL = 200, 20, 4
SUMMARIES, BUILT = "dwellings", "trace"  # marks of the refresh, and of the first time
MONEY = ["subsidies_payoutline", "subsidies_entitlementline", "subsidies_clawbackentry"]
NET = Sum(F("paid_fen") - F("back_fen"))
Kind, Level = TraceTotal.Kind, TraceTotal.Level


@dataclass(frozen=True)
class Path:
    """What is chosen in the columns, "" below the last choice; `after`: households from behind that number on."""

    source: str = ""
    town: str = ""
    village: str = ""
    dwelling: str = ""
    after: str = ""

    def query(self, **changes: str) -> str:
        kept = {"source": self.source, "town": self.town, "village": self.village, "dwelling": self.dwelling}
        return address("reports:audit-trace", **(kept | changes))


@dataclass(frozen=True)
class Item:
    """One line of a column."""

    key: str
    title: str
    note: str
    fen: int
    url: str
    current: bool


@dataclass(frozen=True)
class Column:
    """One column: `parent_fen` is what the chosen line of the column before says; `more` households stand behind
    `next_url`."""

    title: str
    of: str
    items: list[Item]
    total_fen: int
    parent_fen: int
    more: int = 0
    next_url: str = ""

    @property
    def adds_up(self) -> bool:
        return self.total_fen == self.parent_fen

    @property
    def difference_fen(self) -> int:
        return self.total_fen - self.parent_fen

    @property
    def chosen(self) -> Item | None:
        return next((item for item in self.items if item.current), None)


@dataclass(frozen=True)
class Standing:
    """Of when the sums are. `at` is None before they were made for the first time; `behind`: money moved since."""

    at: dt.datetime | None
    behind: bool


@dataclass(frozen=True)
class Trace:
    """`total_fen`: what households have now, which is `paid_fen` of the batches less `back_fen`."""

    paid_fen: int
    back_fen: int
    payments: int
    columns: list[Column]
    standing: Standing

    @property
    def total_fen(self) -> int:
        return self.paid_fen - self.back_fen

    @property
    def adds_up(self) -> bool:
        return all(column.adds_up for column in self.columns)


def paid_lines(scope: Scope) -> Any:
    """Payments the bank has confirmed, where the person may trace money, as they stand this moment."""
    return scope.of_programme(PayoutLine, RIGHT, "batch__programme").filter(state=PayoutLine.State.PAID)


def totals(scope: Scope, level: str = "") -> Any:
    """Stored sums inside the place: of whole towns where the right is held over them, else (or asked) of villages."""
    over_towns = all(len(code) <= CODE_LENGTHS[TOWN] for code in (scope.area_code, *scope.user.area_codes_for(RIGHT)))
    level = level or (Level.TOWN if over_towns else Level.VILLAGE)
    return scope.of_programme(TraceTotal, RIGHT).filter(level=level)


def standing() -> Reading[Standing]:
    """How fresh the sums are."""
    marks = RefreshMark.objects.filter(name__in=[SUMMARIES, BUILT]).values_list("name", "refreshed_at")
    money = AuditEntry.objects.filter(table__in=MONEY)
    taken_in = RefreshMark.objects.filter(name=SUMMARIES).values("history_seq")
    unsealed = money.filter(hash__isnull=True).order_by("id").values_list("pk")[:1]
    sealed = money.filter(seq__gt=taken_in[:1]).order_by("seq").values_list("pk")[:1]
    yield [marks, unsealed, sealed]
    known = dict(marks)
    at = known.get(SUMMARIES) if known.get(BUILT) else None
    return Standing(at, bool(unsealed) or bool(sealed))


def trace_of(scope: Scope, path: Path) -> Trace:
    """The columns as far as the path leads."""
    return read(trace(scope, path))


def trace(scope: Scope, path: Path) -> Reading[Trace]:
    """`trace_of` as a reading."""
    sums = sums_of(
        totals(scope).filter(kind=Kind.PAYMENTS), paid=Sum("paid_fen"), back=Sum("back_fen"), n=Sum("number")
    )
    _sums, first, fresh = yield from in_step(asking(sums), _sources(scope, path), standing())
    paid_fen, back_fen, payments = (sums_in(sums)[name] or 0 for name in ("paid", "back", "n"))
    columns = [_column(_("Source of the money"), _("10,000 CNY"), first, paid_fen - back_fen)]
    for key, build in (("source", _towns), ("town", _villages), ("village", _households)):
        chosen = columns[-1].chosen
        if not getattr(path, key) or chosen is None:
            break
        columns.append((yield from build(scope, path, chosen)))
    return Trace(paid_fen, back_fen, payments, columns, fresh)


def by_name(scope: Scope, words: str) -> Reading[list[Item]]:
    """Back from a name: payments whose number, head or account holder begins with the words, or whose identity number
    ends in them. One question per meaning, each answered from its own index."""
    if not words:
        return []
    meanings = [
        Q(dwelling_no__startswith=words.upper()),
        Q(payee_name__startswith=words),
        Q(head_name__startswith=words),
    ]
    if len(words) == TAIL:
        meanings.append(Q(id_number_tail=words.upper()))
    payments = scope.of_programme(TracedPayment, RIGHT).select_related("area", "line__batch")
    found = [payments.filter(meaning).order_by("area_id", "line_id")[:NAMED] for meaning in meanings]
    yield found
    known = {row.pk: row for rows in found for row in rows}
    return [_named(row) for row in sorted(known.values(), key=lambda row: (row.area_id, row.pk))[:NAMED]]


def _named(row: TracedPayment) -> Item:
    url = address("reports:audit-trace", dwelling=row.dwelling_no, line=row.pk)
    note = f"{row.area.name} · {row.line.batch.number}"
    return Item(row.dwelling_no, f"{row.dwelling_no} {row.head_name}", note, row.amount_fen, url, False)


def _sources(scope: Scope, path: Path) -> Reading[list[Item]]:
    rows = totals(scope).filter(kind=Kind.SOURCE).order_by().values_list("key").annotate(fen=NET).order_by("key")
    funds = Fund.objects.filter(programme=scope.programme).order_by().values_list("source")
    funds = funds.annotate(fen=Sum("received_fen"))
    yield [rows, funds]
    received = dict(funds)
    return [
        Item(
            code, source_name(code), _received(received.get(code)), fen, Path(source=code).query(), code == path.source
        )
        for code, fen in rows
    ]


def _received(fen: int | None) -> str:
    return _("received %(amount)s") % {"amount": wan_words(fen)} if fen else ""


def _towns(scope: Scope, path: Path, parent: Item) -> Reading[Column]:
    rows = yield from _by_place(totals(scope), CODE_LENGTHS[TOWN], path.source)
    items = [
        Item(code, name, _n_households(n), fen, Path(path.source, code).query(), code == path.town)
        for code, name, n, fen in rows
    ]
    return _column(_("Town"), parent.title, items, parent.fen)


def _villages(scope: Scope, path: Path, parent: Item) -> Reading[Column]:
    here = totals(scope, Level.VILLAGE).within(path.town)
    rows = yield from _by_place(here, CODE_LENGTHS[VILLAGE], path.source)
    items = [
        Item(code, name, _n_households(n), fen, Path(path.source, path.town, code).query(), code == path.village)
        for code, name, n, fen in rows
    ]
    return _column(_("Village"), parent.title, items, parent.fen)


def _by_place(sums: Any, length: int, source: str) -> Reading[list[tuple[str, str, int, int]]]:
    """(code, name, households, fen) for the places of that level."""
    placed = sums.filter(kind=Kind.SOURCE, key=source).annotate(
        place=Left("area_id", length), name=Area.objects.filter(code=Left(OuterRef("area_id"), length)).values("name")
    )
    rows = placed.order_by().values_list("place", "name").annotate(n=Sum("number"), fen=NET).order_by("place")
    yield [rows]
    return [(code, name or code, n, fen) for code, name, n, fen in rows]


def _households(scope: Scope, path: Path, parent: Item) -> Reading[Column]:
    """A page of the households of a village, and the chosen one wherever it stands; the sum is that of all."""
    here = scope.of_programme(TracedShare, RIGHT).filter(source=path.source).within(path.village)
    sums = sums_of(here, fen=NET, n=Count("dwelling_no", distinct=True))
    left = sums_of(here.filter(dwelling_no__gt=path.after), n=Count("dwelling_no", distinct=True))
    rows = _by_dwelling(here.filter(dwelling_no__gt=path.after))[:SHOWN]
    chosen = _by_dwelling(here.filter(dwelling_no=path.dwelling))
    yield [sums, left, rows, chosen]
    listed, count = list(rows), sums_in(sums)["n"] or 0
    more = (sums_in(left)["n"] or 0) - len(listed)
    next_url = path.query(after=listed[-1]["dwelling_no"]) if more else ""
    known = {row["dwelling_no"] for row in listed}
    items = [_household(row, path) for row in (*(row for row in chosen if row["dwelling_no"] not in known), *listed)]
    of = f"{parent.title} · {_n_households(count)}"
    return Column(_("Households"), of, items, sums_in(sums)["fen"] or 0, parent.fen, more, next_url)


def _by_dwelling(shares: Any) -> QuerySet[Any, dict[str, Any]]:
    rows = shares.order_by().values("dwelling_no", name=F("payment__head_name"))
    return rows.annotate(fen=NET, at=Max("payment__settled_at")).order_by("dwelling_no")  # type: ignore[no-any-return]


def _household(row: dict[str, Any], path: Path) -> Item:
    at = _("arrived %(day)s") % {"day": f"{row['at']:%m-%d}"} if row["at"] else ""
    number = row["dwelling_no"]
    url = path.query(dwelling=number, after=path.after)
    return Item(number, f"{number} {row['name']}", at, row["fen"], url, number == path.dwelling)


def _column(title: str, of: str, items: list[Item], parent_fen: int) -> Column:
    return Column(title, of, items, sum(item.fen for item in items), parent_fen)


def _n_households(n: int) -> str:
    return ngettext("%(n)d household", "%(n)d households", n) % {"n": n}


def path_to(line: PayoutLine) -> Path:
    """The path on which this payment lies, by its largest source."""
    part = min(line.entitlement.lines.all(), key=lambda one: (-one.amount_fen, one.source), default=None)
    code = line.entitlement.area_id
    return Path(
        part.source if part else "", code[: CODE_LENGTHS[TOWN]], code[: CODE_LENGTHS[VILLAGE]],
        line.entitlement.dwelling.dwelling_no,
    )  # fmt: skip
