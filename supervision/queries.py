"""Reads with more than one caller: what waits, how quickly service comes, what a year of safety lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from accounts.models import Area, User
from core.areas import ancestors
from core.together import Reading, read
from devices.models import DeviceModel, DockingCertificate, Supplier
from programmes.models import Programme
from retrofits.models import Acceptance, Contract
from supervision.kinds import Kind
from supervision.models import Case, DutyTerm, LocalSite, SafetyAttendance, SafetyEvent, SafetyPost, ServiceOutlet
from supervision.models.cases import OVER
from supervision.warranty import add_months

SOON = 90
"""Days before the end of a warranty in which it is shown."""


def late(rows: QuerySet[Case], now: datetime) -> QuerySet[Case]:
    """Those past the clock that runs now: the answer's until they are taken up, then the end's."""
    unanswered = Q(responded_at__isnull=True, respond_by__lt=now)
    in_time = Q(state=Case.State.ANSWERED, answered_at__lte=F("due_at"))
    return rows.exclude(state__in=(*OVER, Case.State.DRAFT)).exclude(in_time).filter(unanswered | Q(due_at__lt=now))


def service_times(rows: QuerySet[Case]) -> list[dict[str, Any]]:
    """Per enterprise and outlet: tickets, open ones, mean time to the answer and to the end, how many were in time."""
    taken = ExpressionWrapper(F("responded_at") - F("opened_at"), output_field=DurationField())
    ended = ExpressionWrapper(F("closed_at") - F("opened_at"), output_field=DurationField())
    grouped = rows.filter(kind=Kind.REPAIR).order_by().values("supplier__name", "outlet__name")
    lines = grouped.annotate(
        n=Count("pk"), open=Count("pk", filter=~Q(state__in=OVER)), answer=Avg(taken), end=Avg(ended),
        done=Count("pk", filter=Q(closed_at__isnull=False)),
        in_time=Count("pk", filter=Q(closed_at__lte=F("due_at"))),
    )  # fmt: skip
    return [
        {**line, "answer_h": hours(line["answer"]), "end_h": hours(line["end"])}
        for line in lines.order_by("supplier__name", "outlet__name")
    ]


def hours(span: timedelta | None) -> float | None:
    """Hours with one decimal; None where nothing has ended yet."""
    return None if span is None else round(span.total_seconds() / 3600, 1)


def satisfaction(rows: QuerySet[Case]) -> tuple[int, int]:
    """(answers of 4 or 5, all answers)."""
    found = rows.order_by().aggregate(
        good=Count("pk", filter=Q(satisfaction__gte=4)), n=Count("pk", filter=Q(satisfaction__isnull=False))
    )
    return found["good"], found["n"]


def firms_of(programme: Programme, on: date) -> QuerySet[Supplier]:
    """J-54: what every firm admitted to the programme can: `products` of which `ready` hold a confirmation of docking
    with the platform, its `branches` with `people` inside the programme's places, and whether it `makes` and `sells`
    heaters there."""
    models = DeviceModel.objects.filter(supplier=OuterRef("pk")).order_by().values("supplier")
    ready = models.filter(certificates__state=DockingCertificate.State.VALID, certificates__valid_until__gte=on)
    outlets = ServiceOutlet.objects.within(programme.area_id).filter(supplier=OuterRef("pk"), closed_on=None)
    here = outlets.order_by().values("supplier")
    sums = {
        "products": models.annotate(n=Count("pk")).values("n"), "branches": here.annotate(n=Count("pk")).values("n"),
        "ready": ready.annotate(n=Count("pk", distinct=True)).values("n"),
        "people": here.annotate(n=Sum("team_size")).values("n"),
    }  # fmt: skip
    sites = LocalSite.objects.within(programme.area_id).filter(supplier=OuterRef("pk"), closed_on=None)
    admitted = Supplier.objects.filter(admissions__programme=programme, admissions__state="admitted").distinct()
    return admitted.annotate(**{name: Coalesce(Subquery(rows), 0) for name, rows in sums.items()}).annotate(
        makes=Exists(sites.filter(makes=True)), sells=Exists(sites.filter(sells=True))
    ).order_by("name")  # fmt: skip


@dataclass(frozen=True)
class Expiring:
    """A dwelling whose warranty ends soon."""

    dwelling_no: str
    supplier: str
    ends_on: date


def expiring_warranties(programme: Programme, area_code: str, on: date, *, most: int = 50) -> list[Expiring]:
    """L-77: warranties of contracts that end within `SOON` days, counted from the acceptance; the nearest first."""
    passed = Acceptance.objects.filter(task=OuterRef("task"), result=Acceptance.Result.PASSED).order_by("-id")
    rows = Contract.objects.within(area_code).filter(
        task__programme=programme, cancelled_on=None, warranty_months__isnull=False
    )
    rows = rows.annotate(accepted=passed.values("accepted_on")[:1]).filter(accepted__isnull=False)
    lines = rows.values_list("task__dwelling__dwelling_no", "supplier__name", "accepted", "warranty_months")
    ends = [Expiring(home, firm, add_months(day, months)) for home, firm, day, months in lines]
    soon = [one for one in ends if 0 <= (one.ends_on - on).days <= SOON]
    return sorted(soon, key=lambda one: (one.ends_on, one.dwelling_no))[:most]


@dataclass
class TownSafety:
    """One town's year: body, officers, what was done; `lacking` names what the year has none of."""

    area: Area
    body: SafetyPost | None
    villages: int
    officers: int
    trained: int
    counts: dict[str, int]

    @property
    def lacking(self) -> list[str]:
        """Codes: BODY, OFFICERS, TRAINING, EXPERT, DRILL, PLAN."""
        found = [] if self.body else ["BODY"]
        found += ["OFFICERS"] if self.officers < self.villages else []
        return found + [kind.upper() for kind in YEARLY if not self.counts.get(kind)]


YEARLY = (SafetyEvent.Kind.TRAINING, SafetyEvent.Kind.EXPERT, SafetyEvent.Kind.DRILL, SafetyEvent.Kind.PLAN)


def safety_year(user: User, area_code: str, year: int) -> list[TownSafety]:
    """Every town of the place with its coverage in a year (T-60 … T-65)."""
    return read(safety_reading(user, area_code, year))


def safety_reading(user: User, area_code: str, year: int) -> Reading[list[TownSafety]]:
    """`safety_year` as a reading."""
    places = Area.objects.visible_to(user, "hazards.view").within(*[area_code] if area_code else [])
    wanted: dict[str, QuerySet[Any, Any]] = {
        "places": places.filter(level__in=(Area.Level.TOWN, Area.Level.VILLAGE)).order_by("code"),
        "posts": SafetyPost.objects.visible_to(user).within(area_code).filter(until=None),
        "events": SafetyEvent.objects.visible_to(user).within(area_code).filter(on__year=year)
        .values("area_id", "kind"),
        "trained": SafetyAttendance.objects.filter(
            event__on__year=year, event__kind=SafetyEvent.Kind.TRAINING, post__until=None
        ).values_list("post_id", flat=True),
    }  # fmt: skip
    yield list(wanted.values())
    found = {name: list(rows) for name, rows in wanted.items()}
    trained = set(found["trained"])
    towns = [place for place in found["places"] if place.level == Area.Level.TOWN]
    return [_town(town, found, trained) for town in towns]


def _town(town: Area, found: dict[str, Any], trained: set[int]) -> TownSafety:
    def inside(code: str) -> bool:
        return code.startswith(town.code)

    officers = [post for post in found["posts"] if post.kind == SafetyPost.Kind.OFFICER and inside(post.area_id)]
    counts: dict[str, int] = {}
    for event in found["events"]:
        # what the county did for all counts for each of its towns
        if inside(event["area_id"]) or town.code.startswith(event["area_id"]):
            counts[event["kind"]] = counts.get(event["kind"], 0) + 1
    body = next((p for p in found["posts"] if p.kind == SafetyPost.Kind.BODY and p.area_id == town.code), None)
    villages = [place for place in found["places"] if place.level == Area.Level.VILLAGE and inside(place.code)]
    return TownSafety(town, body, len(villages), len(officers), sum(1 for p in officers if p.pk in trained), counts)


def duties_at(programme: Programme, area_code: str) -> QuerySet[DutyTerm]:
    """Duties of the programme that concern the place: of it, of places around it and below it."""
    rows = DutyTerm.objects.filter(programme=programme)
    around = DutyTerm.objects.filter(programme=programme, area_id__in=[*ancestors(area_code), area_code])
    return rows.filter(pk__in=around.values("pk")) | rows.filter(
        pk__in=DutyTerm.objects.within(area_code).filter(programme=programme).values("pk")
    )


def open_duties_of(user: User, programme: Programme, area_code: str) -> QuerySet[DutyTerm]:
    """Those of the person's departments and roles that are not done."""
    condition = Q(body__department__in=user.department_keys())
    for role in user.role_codes:
        condition |= Q(roles__contains=[role])
    return duties_at(programme, area_code).filter(condition, done_on=None)
