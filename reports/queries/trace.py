"""From the ledger's total down to one household: source → town → village → household, each column checked.

Every column is asked of the database by itself, so "adds up" is a finding and not a tautology: the payments and what
came back of them on one side, the sources of what was due, less what was kept back, on the other (`subsidies.net`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, Sum
from django.db.models.functions import Left
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN, VILLAGE
from core.templatetags.portal_figures import wan_words
from core.together import Reading, asking, in_step, read, sums_in, sums_of
from programmes.models import Programme
from reports.links import address
from reports.queries.scope import Scope
from subsidies.models import Fund, PayoutLine
from subsidies.net import PAID, given_back, less, paid_shares
from subsidies.wording import source_name

SHOWN, NAMED, TAIL = 200, 20, 4


@dataclass(frozen=True)
class Path:
    """What is chosen in the columns, "" below the last choice."""

    source: str = ""
    town: str = ""
    village: str = ""
    dwelling: str = ""

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
    """One column: `parent_fen` is what the chosen line of the column before says; `more` households are not drawn."""

    title: str
    of: str
    items: list[Item]
    total_fen: int
    parent_fen: int
    more: int = 0

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
class Trace:
    """`total_fen`: what households have now, which is `paid_fen` of the batches less `back_fen`."""

    paid_fen: int
    back_fen: int
    payments: int
    columns: list[Column]

    @property
    def total_fen(self) -> int:
        return self.paid_fen - self.back_fen

    @property
    def adds_up(self) -> bool:
        return all(column.adds_up for column in self.columns)


def paid_lines(scope: Scope) -> Any:
    """Payments the bank has confirmed, where the person may trace money."""
    return scope.of_programme(PayoutLine, "audit.trace", "batch__programme").filter(state=PayoutLine.State.PAID)


def trace_of(scope: Scope, path: Path) -> Trace:
    """The columns as far as the path leads."""
    return read(trace(scope, path))


def trace(scope: Scope, path: Path) -> Reading[Trace]:
    """`trace_of` as a reading."""
    lines = paid_lines(scope)
    sums, back = (
        sums_of(lines, paid=Sum("amount_fen"), n=Count("id")),
        sums_of(given_back(lines), fen=Sum("amount_fen")),
    )
    _sums, first = yield from in_step(asking(sums, back), _sources(scope.programme, lines, path))
    paid_fen, payments, back_fen = (one or 0 for one in (*map(sums_in(sums).get, ("paid", "n")), sums_in(back)["fen"]))
    columns = [_column(_("Source of the money"), _("10,000 CNY"), first, paid_fen - back_fen)]
    for key, build in (("source", _towns), ("town", _villages), ("village", _households)):
        chosen = columns[-1].chosen
        if not getattr(path, key) or chosen is None:
            break
        columns.append((yield from build(lines, path, chosen)))
    return Trace(paid_fen, back_fen, payments, columns)


def by_name(scope: Scope, words: str) -> Reading[list[Item]]:
    """Back from a name: payments whose number, head or account holder begins with the words, or whose identity number
    ends in them."""
    if not words:
        return []
    lines = paid_lines(scope)
    typed = Q(entitlement__dwelling__dwelling_no__istartswith=words) | Q(payee_name__startswith=words)
    typed |= Q(entitlement__household__head_name__startswith=words)
    if len(words) == TAIL:
        typed |= Q(entitlement__household__id_number_tail=words.upper())
    found = lines.filter(typed).select_related("entitlement__dwelling", "entitlement__household", "area", "batch")
    rows = found.order_by("area_id", "id")[:NAMED]
    yield [rows]
    return [_named(line) for line in rows]


def _named(line: PayoutLine) -> Item:
    number = line.entitlement.dwelling.dwelling_no
    url = address("reports:audit-trace", dwelling=number, line=line.pk)
    title = f"{number} {line.entitlement.household.head_name}"
    return Item(number, title, f"{line.area.name} · {line.batch.number}", line.amount_fen, url, False)


def _sources(programme: Programme | None, lines: Any, path: Path) -> Reading[list[Item]]:
    borne = paid_shares(lines).values_list("source").annotate(fen=Sum(PAID)).order_by("source")
    back = given_back(lines).values_list("source").annotate(fen=Sum("amount_fen"))
    funds = Fund.objects.filter(programme=programme).order_by().values_list("source")
    funds = funds.annotate(fen=Sum("received_fen"))
    yield [borne, back, funds]
    received = dict(funds)
    return [
        Item(
            code, source_name(code), _received(received.get(code)), fen, Path(source=code).query(), code == path.source
        )
        for code, fen in less(dict(borne), back).items()
    ]


def _received(fen: int | None) -> str:
    return _("received %(amount)s") % {"amount": wan_words(fen)} if fen else ""


def _towns(lines: Any, path: Path, parent: Item) -> Reading[Column]:
    rows = yield from _by_place(lines, CODE_LENGTHS[TOWN], source=path.source)
    items = [
        Item(code, name, _n_households(n), fen, Path(path.source, code).query(), code == path.town)
        for code, name, n, fen in rows
    ]
    return _column(_("Town"), parent.title, items, parent.fen)


def _villages(lines: Any, path: Path, parent: Item) -> Reading[Column]:
    rows = yield from _by_place(lines.within(path.town), CODE_LENGTHS[VILLAGE], source=path.source)
    items = [
        Item(code, name, _n_households(n), fen, Path(path.source, path.town, code).query(), code == path.village)
        for code, name, n, fen in rows
    ]
    return _column(_("Village"), parent.title, items, parent.fen)


def _by_place(lines: Any, length: int, source: str) -> Reading[list[tuple[str, str, int, int]]]:
    """(code, name, households, fen) for the places of that level."""
    parts = paid_shares(lines, source=source).annotate(
        place=Left("entitlement__area_id", length),
        name=Area.objects.filter(code=Left(OuterRef("entitlement__area_id"), length)).values("name"),
    )
    found = parts.values_list("place", "name").annotate(n=Count("entitlement__dwelling", distinct=True), fen=Sum(PAID))
    rows = found.order_by("place")
    back = given_back(lines, source=source).annotate(place=Left("clawback__area_id", length)).values_list("place")
    back = back.annotate(fen=Sum("amount_fen"))
    yield [rows, back]
    left = less({code: fen for code, _name, _n, fen in rows}, back)
    return [(code, name or code, n, left[code]) for code, name, n, _fen in rows]


def _households(lines: Any, path: Path, parent: Item) -> Reading[Column]:
    here = lines.within(path.village)
    parts = paid_shares(here, source=path.source)
    sums = sums_of(parts, fen=Sum(PAID), n=Count("entitlement__dwelling", distinct=True))
    found = parts.values(
        number=F("entitlement__dwelling__dwelling_no"), name=F("entitlement__household__head_name")
    ).annotate(fen=Sum(PAID), at=Max("entitlement__payout_lines__settled_at"))
    rows = found.order_by("number")[:SHOWN]
    back = given_back(here, source=path.source).values_list("clawback__dwelling__dwelling_no")
    back = back.annotate(fen=Sum("amount_fen"))
    yield [sums, rows, back]
    paid, count = (sums_in(sums)[name] or 0 for name in ("fen", "n"))
    returned = dict(back)
    items = [_household(row | {"fen": row["fen"] - returned.get(row["number"], 0)}, path) for row in rows]
    of = f"{parent.title} · {_n_households(count)}"
    total = paid - sum(returned.values())
    return Column(_("Households"), of, items, total, parent.fen, max(0, count - len(items)))


def _household(row: dict[str, Any], path: Path) -> Item:
    at = _("arrived %(day)s") % {"day": f"{row['at']:%m-%d}"} if row["at"] else ""
    url = Path(path.source, path.town, path.village, row["number"]).query()
    return Item(row["number"], f"{row['number']} {row['name']}", at, row["fen"], url, row["number"] == path.dwelling)


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
