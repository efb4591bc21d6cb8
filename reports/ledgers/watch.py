"""What stands out: lists an auditor looks through first. No row is an accusation; each says what was compared."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import Left, Mod
from django.utils import timezone
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import areas
from core.workbooks.write import DATE, DATETIME, INTEGER, MONEY
from households.models import DuplicatePair, MeterReading
from reports.ledgers.base import WATCH, Extent, inside, narrowed, of_household
from reports.ledgers.declared import TOWN, VILLAGE, DeclaredLedger, Item, yes
from reports.ledgers.funds import running
from reports.links import address
from reports.models import DwellingSummary
from reports.queries.faults import FAULTS, of_another_holder
from retrofits.models import Acceptance, CostItem, Installation
from subsidies.models import Entitlement, PayoutLine

RIGHT = "audit.trace"
MANY_A_DAY = 40
ROUND_FEN = 100_000
Lines = QuerySet[PayoutLine]


def _lines(extent: Extent) -> Any:
    rows = inside(extent.rows(PayoutLine), extent.query)
    rows = rows.filter(batch__programme=extent.programme, state=PayoutLine.State.PAID)
    return of_household(narrowed(rows, extent.query, batch="batch__number"), extent, "entitlement__")


def _joined(rows: Any) -> Any:
    joined = rows.select_related("area", "batch", "entitlement__household", "entitlement__dwelling")
    return joined.order_by("area_id", "entitlement__dwelling__dwelling_no", "id")


def _trace(line: PayoutLine) -> str:
    return address("reports:audit-trace", dwelling=line.entitlement.dwelling.dwelling_no, line=line.pk)


LINE_ITEMS = (
    TOWN, VILLAGE,
    Item("dwelling_no", _("Number"), of="entitlement.dwelling.dwelling_no", width=18, link=True),
    Item("head_name", _("Head of household"), of="entitlement.household.head_name", width=12),
    Item("payee", _("Account holder"), of="payee_name", width=12, priority=2),
    Item("card", _("Account"), of="bank_card", width=24, masked="card", priority=3),
    Item("batch", _("Batch"), of="batch.number", width=16, priority=2),
    Item("amount", _("Paid money"), MONEY, of="amount_fen", unit=_("CNY"), total=True, field="amount_fen"),
)  # fmt: skip


def _payments(kind: str, title: Any, about: Any, source: Any, *more: Item, icon: str = "cash") -> DeclaredLedger:
    return DeclaredLedger(
        kind=kind, title=title, about=about, icon=icon, right=RIGHT, source=source, items=(*LINE_ITEMS, *more),
        asks=("q", "town", "village", "batch"), shelf=WATCH, money="amount_fen", url=_trace,
    )  # fmt: skip


def _broken(extent: Extent) -> Lines:
    """Every paid line with at least one fault; each fault is an annotation `fault_<n>`."""
    marks = {
        f"fault_{n}": Exists(narrow(PayoutLine.objects.filter(pk=OuterRef("pk"))))
        for n, (_words, narrow) in enumerate(FAULTS)
    }
    some = Q()
    for name in marks:
        some |= Q(**{name: True})
    return _joined(_lines(extent).annotate(**marks).filter(some))  # type: ignore[no-any-return]


def faults_of(line: Any) -> str:
    return "；".join(_g(words) for n, (words, _narrow) in enumerate(FAULTS) if getattr(line, f"fault_{n}"))


def _paid_twice(extent: Extent) -> Lines:
    """Another payment of the same kind to the same household: another home, another programme or year."""
    same = PayoutLine.objects.filter(
        state=PayoutLine.State.PAID, entitlement__household=OuterRef("entitlement__household"),
        entitlement__benefit_kind=OuterRef("entitlement__benefit_kind"),
        entitlement__period=OuterRef("entitlement__period"),
    ).exclude(pk=OuterRef("pk"))  # fmt: skip
    other = same.order_by("id").values("batch__number")[:1]
    return _joined(_lines(extent).filter(Exists(same)).annotate(other_batch=Subquery(other)))  # type: ignore[no-any-return]


def _shared_card(extent: Extent) -> Lines:
    same = PayoutLine.objects.filter(state=PayoutLine.State.PAID, card_index=OuterRef("card_index"))
    others = same.exclude(entitlement__household=OuterRef("entitlement__household")).order_by()
    count = others.annotate(one=Value(1)).values("one").annotate(n=Count("entitlement__household", distinct=True))
    rows = _lines(extent).exclude(card_index="").filter(Exists(others))
    return _joined(rows.annotate(others=Subquery(count.values("n"), output_field=IntegerField()))).order_by(  # type: ignore[no-any-return]
        "card_index", "area_id", "id"
    )


def _stranger_card(extent: Extent) -> Lines:
    return _joined(of_another_holder(_lines(extent)))  # type: ignore[no-any-return]


BROKEN = _payments(
    "broken", _("Broken chains of proof"), _("Payments whose chain of proof does not hold, each with its reason"),
    _broken, Item("why", _("Why"), of=faults_of, width=40), icon="route",
)  # fmt: skip
PAID_TWICE = _payments(
    "paid_twice", _("Paid again"), _("The same kind of money for one household in another home, year or programme"),
    _paid_twice, Item("other", _("The other batch"), of="other_batch", width=16), icon="copy",
)  # fmt: skip
SHARED_CARD = _payments(
    "shared_card", _("Several households, one account"), _("Payments to a card on which other households are paid too"),
    _shared_card, Item("others", _("Other households"), INTEGER, of="others", width=10),
)  # fmt: skip
STRANGER_CARD = _payments(
    "stranger_card", _("Account of somebody else"),
    _("The payee is neither the head nor the holder whom the register names"),
    _stranger_card,
)  # fmt: skip


def _twins(extent: Extent) -> QuerySet[DuplicatePair]:
    paid = PayoutLine.objects.filter(state=PayoutLine.State.PAID)
    rows = extent.rows(DuplicatePair).exclude(state=DuplicatePair.State.MERGED)
    rows = rows.annotate(
        first_paid=Exists(paid.filter(entitlement__dwelling=OuterRef("first"))),
        second_paid=Exists(paid.filter(entitlement__dwelling=OuterRef("second"))),
    )
    if extent.query.get("both"):
        rows = rows.filter(first_paid=True, second_paid=True)
    return rows.select_related("first", "second", "area", "other_area").order_by("-weight", "id")  # type: ignore[no-any-return]


def _both_paid(pair: Any) -> str:
    return yes(pair.first_paid and pair.second_paid)


TWINS = DeclaredLedger(
    kind="twins", title=_("Twins"), about=_("Two entries that may be one household, across towns and years"),
    icon="users", right=RIGHT, source=_twins, asks=("both",), group="", shelf=WATCH,
    items=(
        Item("first_no", _("Older entry"), of="first.dwelling_no", width=18, link=True),
        Item("first_place", _("Its place"), of="area.name", width=12),
        Item("second_no", _("Younger entry"), of="second.dwelling_no", width=18),
        Item("second_place", _("Place of the younger"), of="other_area.name", width=12, priority=2),
        Item("reasons", _("What agrees"), of=lambda pair: "、".join(map(str, pair.reason_words)), width=30),
        Item("weight", _("Weight"), INTEGER, width=8, priority=3),
        Item("state", _("State"), of=lambda pair: pair.get_state_display(), width=12, priority=2),
        Item("both", _("Both were paid"), of=_both_paid, width=10),
    ),
    place=lambda row: "", url=lambda pair: address("reports:household-detail", pair.first.dwelling_no),
)  # fmt: skip


def _summaries(extent: Extent) -> Any:
    rows = inside(extent.rows(DwellingSummary).filter(programme=extent.programme), extent.query)
    rows = of_household(rows, extent, "dwelling__household__", "dwelling__")
    return rows.select_related("area", "dwelling").order_by("area_id", "dwelling_no")


def _readings(extent: Extent) -> Any:
    """What meters of the dwelling said since the programme's first day, as far as it counts; a figure each."""
    first = dt.date(extent.programme.year_from, 1, 1)
    counted = MeterReading.objects.filter(dwelling=OuterRef("dwelling"), state="counted", quantity__isnull=False)
    return counted.filter(ends_on__gte=first)


def _used(extent: Extent) -> Any:
    return _readings(extent).filter(quantity__gt=0)


def _no_use(extent: Extent) -> QuerySet[DwellingSummary]:
    """Read, and never above zero. Of a home nobody read the use is not known, which is no nought."""
    read, used = Exists(_readings(extent)), Exists(_used(extent))
    return _summaries(extent).filter(read, ~used, paid_fen__gt=0)  # type: ignore[no-any-return]


def _unread(extent: Extent) -> QuerySet[Entitlement]:
    """Running subsidies of homes whose use nobody knows: no meter of theirs was read."""
    return running(extent).filter(~Exists(_readings(extent)), outcome="due")


def _use_unpaid(extent: Extent) -> QuerySet[DwellingSummary]:
    due = Entitlement.objects.filter(dwelling=OuterRef("dwelling"), programme=extent.programme, outcome="due")
    used = _used(extent).order_by().values("dwelling").annotate(sum=Sum("quantity")).values("sum")
    rows = _summaries(extent).filter(Exists(_used(extent)), ~Exists(due.exclude(state="void")))
    return rows.annotate(used=Subquery(used))  # type: ignore[no-any-return]


HOME_ITEMS = (
    TOWN, VILLAGE, Item("dwelling_no", _("Number"), width=18, link=True),
    Item("head_name", _("Head of household"), width=12),
    Item("stage", _("Stage"), of=lambda row: row.get_stage_display(), width=14),
)  # fmt: skip


def _homes(kind: str, title: Any, about: Any, source: Any, *more: Item, money: str = "") -> DeclaredLedger:
    return DeclaredLedger(
        kind=kind, title=title, about=about, icon="bolt", right=RIGHT, source=source, items=(*HOME_ITEMS, *more),
        asks=("q", "town", "village"), shelf=WATCH, money=money,
        url=lambda row: address("reports:household-detail", row.dwelling_no),
    )  # fmt: skip


NO_USE = _homes(
    "no_use", _("Subsidy without use"), _("Paid households whose meters were read and never counted anything"), _no_use,
    Item("paid", _("Paid money"), MONEY, of="paid_fen", unit=_("CNY"), total=True, field="paid_fen"),
    Item("heater_no", _("Heater"), width=12, priority=2),
    Item("heard_at", _("Last heard"), DATETIME, width=19, priority=2), money="paid_fen",
)  # fmt: skip
UNREAD = DeclaredLedger(
    kind="unread", title=_("Running subsidy, use unknown"),
    about=_("Running subsidies due or paid to homes of whose meters there is no reading"),
    icon="bolt", right=RIGHT, source=_unread, shelf=WATCH, money="amount_fen",
    items=(
        TOWN, VILLAGE, Item("dwelling_no", _("Number"), of="dwelling.dwelling_no", width=18, link=True),
        Item("head_name", _("Head of household"), of="household.head_name", width=12),
        Item("season", _("Season"), of="period", width=12),
        Item("due", _("Due"), MONEY, of="amount_fen", unit=_("CNY"), total=True, field="amount_fen"),
        Item("paid", _("Paid money"), MONEY, of="paid_fen", unit=_("CNY"), total=True, field="paid_fen"),
    ),
    asks=("q", "town", "village", "season"),
    url=lambda due: address("reports:household-detail", due.dwelling.dwelling_no),
)  # fmt: skip
USE_UNPAID = _homes(
    "use_unpaid", _("Use without subsidy"), _("Meters that counted where nothing is due"), _use_unpaid,
    Item("used", _("Counted use"), "decimal", of="used", width=12),
)  # fmt: skip


def _round_costs(extent: Extent) -> QuerySet[Installation]:
    """Works whose cost is a whole number of thousands, with how often the same firm states that very cost."""
    costs = CostItem.objects.filter(installation=OuterRef("pk")).order_by()
    total = costs.values("installation").annotate(fen=Sum("amount_fen")).values("fen")
    rows = inside(extent.rows(Installation), extent.query).filter(task__programme=extent.programme)
    rows = narrowed(rows, extent.query, enterprise="supplier__code")
    rows = rows.annotate(cost_fen=Subquery(total)).filter(cost_fen__gt=0)
    rows = rows.annotate(rest=Mod("cost_fen", Value(ROUND_FEN))).filter(rest=0)
    rows = rows.annotate(alike=Window(Count("pk"), partition_by=[F("supplier_id"), F("cost_fen")]))
    return rows.select_related("area", "supplier", "task__dwelling").order_by("supplier__name", "-cost_fen", "id")  # type: ignore[no-any-return]


ROUND_COSTS = DeclaredLedger(
    kind="round_costs", title=_("Round costs"), about=_("Works whose cost is a whole number of thousands of yuan"),
    icon="receipt", right=RIGHT, source=_round_costs, asks=("town", "village", "enterprise"), group="firm", shelf=WATCH,
    items=(
        Item("firm", pgettext_lazy("ledger", "Enterprise"), of="supplier.name", width=24), VILLAGE,
        Item("dwelling_no", _("Number"), of="task.dwelling.dwelling_no", width=18, link=True),
        Item("installed_on", _("Installed on"), DATE, width=12, priority=2),
        Item("cost", _("Cost"), MONEY, of="cost_fen", unit=_("CNY"), total=True, field="cost_fen"),
        Item("alike", _("Of the same firm with this cost"), INTEGER, width=12),
    ),
    money="cost_fen", url=lambda row: address("reports:household-detail", row.task.dwelling.dwelling_no),
)  # fmt: skip


def _busy(extent: Extent) -> QuerySet[Any]:
    least = extent.query.get("least", "")
    least_n = int(least) if least.isascii() and least.isdigit() and len(least) < 5 else MANY_A_DAY
    rows = inside(extent.rows(Acceptance), extent.query).filter(task__programme=extent.programme).order_by()
    days = rows.values("inspector_id", "accepted_on", name=F("inspector__person_name"), unit=F("inspector__unit"))
    counted = days.annotate(
        n_homes=Count("task__dwelling", distinct=True), first=Min("recorded_at"), last=Max("recorded_at"),
        n_towns=Count(Left("area_id", areas.CODE_LENGTHS[areas.TOWN]), distinct=True),
    )  # fmt: skip
    return counted.filter(n_homes__gte=least_n).order_by("-n_homes", "inspector_id", "accepted_on")  # type: ignore[no-any-return]


def _clock(name: str) -> Any:
    return lambda row: f"{timezone.localtime(row[name]):%H:%M}" if row[name] else ""


BUSY = DeclaredLedger(
    kind="busy_inspector", title=_("Many homes in one day"),
    about=_("Inspectors who accepted 40 homes or more in a day; the number can be changed"),
    icon="clipboard-check", right=RIGHT, source=_busy, asks=("town", "village", "least"), group="", shelf=WATCH,
    items=(
        Item("inspector", _("Inspector"), of="name", width=14),
        Item("unit", pgettext_lazy("ledger", "Unit"), width=20, priority=2),
        Item("day", _("Day"), DATE, of="accepted_on", width=12),
        Item("n_homes", _("Homes"), INTEGER, total=True, field="n_homes", width=10),
        Item("n_towns", _("Towns"), INTEGER, width=8, priority=2),
        Item("first", _("First entered"), of=_clock("first"), width=10, priority=3),
        Item("last", _("Last entered"), of=_clock("last"), width=10, priority=3),
    ),
    place=lambda row: "",
)  # fmt: skip

ALL = (
    BROKEN, TWINS, PAID_TWICE, SHARED_CARD, STRANGER_CARD, NO_USE, UNREAD, USE_UNPAID, ROUND_COSTS, BUSY,
)  # fmt: skip
