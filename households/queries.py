"""Reads with more than one caller: where the rows of an import went, what can be repaired together, rosters."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, Func, OuterRef, Q, QuerySet, Sum, TextField

from accounts.models import Area
from core.areas import code_range
from core.together import Reading, count_of, number_in, read, sums_in, sums_of
from households.importing.checked import Problem, problems_of
from households.models import Document, Dwelling, Enrolment, ImportRow, Roster, RosterImport, RosterRow
from programmes.models import Programme, Target

State = ImportRow.State
EXCLUSION_CODES = [f"X_{reason}" for reason in Dwelling.Exclusion.values]


@dataclass(frozen=True)
class RowCounts:
    """Where the rows of a file went. The parts always add up to `rows` (I12)."""

    rows: int
    ready: int
    faulty: int
    merged: int
    skipped: int
    applied: int
    fixed: int
    faulty_at_first: int
    undone: int = 0

    @property
    def adds_up(self) -> bool:
        parts = (self.ready, self.faulty, self.merged, self.skipped, self.applied, self.undone)
        return self.rows == sum(parts)

    @property
    def open(self) -> int:
        return self.ready + self.faulty

    @property
    def to_fix(self) -> int:
        """Rows that needed or need a person."""
        return self.fixed + self.faulty


def row_counts(roster_import: RosterImport) -> RowCounts:
    """Counted anew from the rows."""
    return read(counting_rows(roster_import))


def counting_rows(roster_import: RosterImport) -> Reading[RowCounts]:
    """`row_counts` as a reading of one turn."""
    states = roster_import.rows.order_by().values_list("state").annotate(n=Count("id"))
    fixed = count_of(roster_import.rows.filter(edited_by__isnull=False).exclude(state=State.FAULTY))
    yield [states, fixed]
    by_state = dict(states)
    return RowCounts(
        rows=roster_import.counts.get("rows", 0),
        ready=by_state.get(State.READY, 0),
        faulty=by_state.get(State.FAULTY, 0),
        merged=by_state.get(State.MERGED, 0),
        skipped=by_state.get(State.SKIPPED, 0),
        applied=by_state.get(State.APPLIED, 0),
        fixed=number_in(fixed),
        faulty_at_first=roster_import.counts.get("faulty_at_first", 0),
        undone=by_state.get(State.UNDONE, 0),
    )


@dataclass(frozen=True)
class DryRun:
    """What storing the whole file would do to the register, before and after it is done; rows of the file."""

    new: int = 0
    changed: int = 0
    same: int = 0
    duplicate: int = 0
    refused: int = 0


def dry_run_counts(roster_import: RosterImport) -> DryRun:
    """Stored rows count by what became of them, ready ones by what the register said at their check."""
    return read(dry_run(roster_import))


def dry_run(roster_import: RosterImport) -> Reading[DryRun]:
    """`dry_run_counts` as a reading of one turn."""
    known, differs = Q(issue_codes__contains=["I_REGISTERED"]), Q(issue_codes__overlap=list(CHANGING))
    outcome = ImportRow.Outcome
    ready, stored = Q(state=State.READY), Q(state=State.APPLIED)
    new = (ready & ~known) | (stored & Q(outcome=outcome.CREATED))
    changed = (ready & known & differs) | (stored & Q(outcome__in=[outcome.UPDATED, outcome.SECOND_HOME]))
    same = (ready & known & ~differs) | (stored & Q(outcome=outcome.UNCHANGED))
    duplicate, refused = Q(state=State.MERGED), Q(state=State.FAULTY)
    parts = {"new": new, "changed": changed, "same": same, "duplicate": duplicate, "refused": refused}
    counted = sums_of(roster_import.rows.all(), **{name: Count("id", filter=part) for name, part in parts.items()})
    yield [counted]
    return DryRun(**sums_in(counted))


CHANGING = ("W_REGISTER_DIFFERS", "W_SECOND_HOME")


@dataclass(frozen=True)
class VillageCount:
    """Households of a village in a list beside what the document asks; `target` None where it asks nothing."""

    area: Area
    counted: int
    target: int | None

    @property
    def difference(self) -> int:
        """Positive: more than asked."""
        return self.counted - (self.target or 0)

    @property
    def missing(self) -> int:
        return max(0, -self.difference)


def village_counts(roster_import: RosterImport) -> Reading[list[VillageCount]]:
    """Per village what the register has and the file would add, beside the target; excluded ones don't count."""
    programme, place = roster_import.programme, roster_import.area
    good = roster_import.rows.filter(state=State.READY, village__isnull=False).order_by()
    good = good.exclude(issue_codes__overlap=EXCLUSION_CODES)
    good = good.alias(person=_person()).exclude(_known_home(), person__in=_listed_people(programme, place))
    added = good.values_list("village_id").annotate(n=Count("id"))
    enrolled = Enrolment.objects.within(place.code).filter(programme=programme, dwelling__exclusion="").order_by()
    kept, wanted = enrolled.values_list("area_id").annotate(n=Count("id")), _wanted(programme, place)
    named = Q(code__in=good.values("village_id")) | Q(code__in=enrolled.values("area_id"))
    places, targets = Area.objects.filter(named | Q(code__in=wanted.values("area_id"))), _summed(wanted)
    yield [added, kept, targets, places]
    return _village_lines(places, Counter(dict(added)) + Counter(dict(kept)), _as_targets(targets))


def _known_home() -> Q:
    """Rows about a dwelling the register has already: storing them adds none where its people are in the programme."""
    return Q(issue_codes__contains=["I_REGISTERED"]) & ~Q(issue_codes__contains=["W_SECOND_HOME"])


def _person() -> Func:
    """The blind index of a row's identity number, out of its keys."""
    keys = "FROM unnest(%(expressions)s) k WHERE k LIKE 'id_number:%%%%'"
    one = f"(SELECT substr(k, length('id_number:') + 1) {keys} LIMIT 1)"
    return Func(F("keys_index"), template=one, output_field=TextField())


def _listed_people(programme: Programme, place: Area) -> Any:
    """Blind indexes of the identity numbers whose homes the programme has in that place."""
    found = Enrolment.objects.within(place.code).filter(programme=programme).order_by()
    return found.values("dwelling__household__id_number_index")


def ready_by_village(roster_import: RosterImport) -> QuerySet[ImportRow, dict[str, Any]]:
    """What storing would add: rows by village and technology, as dictionaries with `n`."""
    ready = roster_import.rows.filter(state=State.READY).order_by()
    named = ready.values("village_id", "village__name", "technology").annotate(n=Count("id"))
    return named.order_by("village_id", "technology")


def beside_targets(programme: Programme, area: Area | str, counted: dict[str, int]) -> list[VillageCount]:
    """Villages that have households or a target, largest target first."""
    targets = village_targets(programme, area)
    return _village_lines(Area.objects.filter(code__in={*counted, *targets}), counted, targets)


def _village_lines(places: Iterable[Area], counted: dict[str, int], targets: dict[str, int]) -> list[VillageCount]:
    found = [
        VillageCount(one, counted.get(one.code, 0), targets.get(one.code))
        for one in places
        if one.code in counted or one.code in targets
    ]
    return sorted(found, key=lambda one: (-(one.target or 0), one.area.code))


def village_targets(programme: Programme, area: Area | str) -> dict[str, int]:
    """Village code -> households asked for, all technologies together."""
    return _as_targets(village_target_rows(programme, area))


def village_target_rows(programme: Programme, area: Area | str) -> QuerySet[Target, tuple[str, Decimal]]:
    """(village code, households asked for), to be read with others."""
    return _summed(_wanted(programme, area))


def _wanted(programme: Programme, area: Area | str) -> QuerySet[Target]:
    low, high = code_range(area if isinstance(area, str) else area.code)
    rows = Target.objects.filter(programme=programme, unit="household", area_id__gte=low, area_id__lt=high)
    return rows.filter(area__level=Area.Level.VILLAGE).order_by()


def _summed(rows: QuerySet[Target]) -> QuerySet[Target, tuple[str, Decimal]]:
    return rows.values_list("area_id").annotate(total=Sum("quantity"))


def _as_targets(rows: Iterable[tuple[str, Decimal]]) -> dict[str, int]:
    return {place: int(total) for place, total in rows}


def blocking_codes(rows: Iterable[ImportRow]) -> list[frozenset[str]]:
    """Per faulty row the codes it waits for."""
    return [frozenset(one.code for one in problems_of(row) if one.blocks(row.confirmed)) for row in rows]


def faulty_rows(roster_import: RosterImport) -> QuerySet[ImportRow]:
    """In the order of the file."""
    return roster_import.rows.filter(state=State.FAULTY).order_by("pk")


def rows_to_show(roster_import: RosterImport, *, cause: str = "", hide_fixed: bool = False) -> QuerySet[ImportRow]:
    """Rows that need or needed a person, in the order of the file; `cause` is codes joined by dots."""
    wanted = Q(state=State.FAULTY)
    if not hide_fixed and not cause:
        wanted |= Q(edited_by__isnull=False)
    rows = roster_import.rows.filter(wanted).exclude(state=State.APPLIED)
    if cause:
        rows = rows.filter(issue_codes__overlap=cause.split("."))
    return rows.select_related("village", "edited_by").order_by("pk")


@dataclass(frozen=True)
class RepairItem:
    row_id: int
    row_no: int
    version: int
    value: str
    proposal: str


@dataclass(frozen=True)
class Repair:
    """One proposal for several rows: `value` is named where all rows have the same one."""

    code: str
    column: str
    value: str
    proposal: str
    items: tuple[RepairItem, ...]

    @property
    def proposal_kind(self) -> str:
        return "confirm" if self.code in CONFIRMED_TOGETHER and not self.proposal else "replace"

    @property
    def is_one_word(self) -> bool:
        """The same word in place of the same word: what is shown beside the button is all there is to see."""
        return bool(self.value and self.proposal)

    @property
    def fingerprint(self) -> str:
        """Changes when a row or its proposal changes: what is applied is what was shown."""
        shown = [(item.row_id, item.version, item.proposal) for item in self.items]
        return hashlib.sha256(repr((self.code, self.column, shown)).encode()).hexdigest()[:32]


#: Proposals that are the same word for many rows, those that are a calculation per row, and plain confirmations.
#: A check digit is never among them: which digit is wrong is known to nobody here.
_SAME_WORD = frozenset(
    {
        "E_MISSING", "E_VILLAGE_UNKNOWN", "E_TECHNOLOGY_UNKNOWN", "E_TECHNOLOGY_NOT_IN_TARGET",
        "W_OLD_HEATING_UNKNOWN", "W_CLASS_UNKNOWN",
    }
)  # fmt: skip
_PER_ROW = frozenset({"E_AREA_NOT_NUMBER", "E_RESIDENTS_NOT_NUMBER", "E_PHONE_SEVERAL"})
CONFIRMED_TOGETHER = frozenset(
    {"W_REGISTER_DIFFERS", "W_TOWN_DIFFERS", "W_PHONE_LANDLINE", "W_OLD_HEATING_UNKNOWN", "W_CLASS_UNKNOWN"}
)


def repairs(roster_import: RosterImport) -> list[Repair]:
    """What can be repaired together, largest group first."""
    return repairs_in(faulty_rows(roster_import))


def repairs_in(rows: Iterable[ImportRow]) -> list[Repair]:
    """`repairs` among these faulty rows."""
    groups: dict[tuple[str, str, str, str], list[RepairItem]] = defaultdict(list)
    for row in rows:
        for problem in problems_of(row):
            key = _group_of(problem, row.confirmed)
            if key is not None:
                item = RepairItem(row.pk, row.row_no, row.version, problem.value, problem.proposal)
                groups[key].append(item)
    found = [Repair(*key, tuple(items)) for key, items in groups.items()]
    return sorted(found, key=lambda repair: -len(repair.items))


def _group_of(problem: Problem, confirmed: Sequence[str]) -> tuple[str, str, str, str] | None:
    if problem.code in _SAME_WORD and problem.proposal and problem.blocks(confirmed):
        return problem.code, problem.column, problem.value, problem.proposal
    if problem.code in _PER_ROW and problem.proposal:
        return problem.code, problem.column, "", ""
    if problem.code in CONFIRMED_TOGETHER and problem.blocks(confirmed):
        return problem.code, problem.column, "", ""
    return None


# --- rosters ------------------------------------------------------------------------------------------------


def current_rosters(programme: Programme) -> Any:
    """The newest version of each village's roster."""
    newer = Roster.objects.filter(
        programme=OuterRef("programme"), area=OuterRef("area"), version_no__gt=OuterRef("version_no")
    )
    return Roster.objects.filter(~Exists(newer), programme=programme)


def candidates(programme: Programme, area: Area | str) -> QuerySet[Enrolment]:
    """Dwellings a roster of that village is drawn up from: enrolled and not excluded."""
    code = area if isinstance(area, str) else area.code
    found = Enrolment.objects.filter(programme=programme, area_id=code, dwelling__exclusion="")
    return found.select_related("dwelling__household", "technology").order_by("dwelling__dwelling_no")


def excluded(programme: Programme, area: Area | str) -> QuerySet[Enrolment]:
    """Enrolled dwellings that stay out, with their reason on the dwelling."""
    code = area if isinstance(area, str) else area.code
    found = Enrolment.objects.filter(programme=programme, area_id=code).exclude(dwelling__exclusion="")
    return found.select_related("dwelling__household", "technology").order_by("dwelling__dwelling_no")


def roster_rows(roster: Roster) -> QuerySet[RosterRow]:
    return roster.rows.select_related("dwelling__household", "technology").order_by("dwelling__dwelling_no")


def content_hash(rows: Iterable[RosterRow]) -> str:
    """SHA-256 of what the printed list says, dwelling by dwelling; any change of it makes a new hash."""
    lines = sorted(_line(row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _line(row: RosterRow) -> str:
    home, family = row.dwelling, row.dwelling.household
    area = "" if home.heated_area_m2 is None else f"{Decimal(home.heated_area_m2):.2f}"
    parts = (
        home.dwelling_no, family.head_name, family.id_number_index, home.door_no, home.dwelling_type, area,
        row.technology.code, home.exclusion,
    )  # fmt: skip
    return "\x1f".join(map(str, parts))


def version_code(roster: Roster) -> str:
    """What the printed list and its scan are matched by: 0123-ABCD of the list's hash, with the version."""
    digest = roster.content_hash.upper()
    return f"v{roster.version_no} · {digest[:4]}-{digest[4:8]}"


@dataclass(frozen=True)
class Difference:
    """What changed between the last version and this one."""

    added: list[RosterRow]
    removed: list[RosterRow]
    changed: list[tuple[RosterRow, RosterRow]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def difference_to_last(roster: Roster) -> Difference | None:
    """Rows that came, went or changed route since the version before; None for the first version."""
    last = Roster.objects.filter(programme=roster.programme, area=roster.area, version_no__lt=roster.version_no)
    before = last.order_by("-version_no").first()
    if before is None:
        return None
    old = {row.dwelling_id: row for row in roster_rows(before)}
    new = {row.dwelling_id: row for row in roster_rows(roster)}
    both = sorted(old.keys() & new.keys())
    return Difference(
        [row for key, row in new.items() if key not in old],
        [row for key, row in old.items() if key not in new],
        [(old[key], new[key]) for key in both if old[key].technology_id != new[key].technology_id],
    )


def sealed_rows_pending(programme: Programme | None = None) -> QuerySet[RosterRow]:
    """Rows of approved rosters in order of approval: what tasks are opened from and money is reserved for.

    Dwellings excluded since by an approved change are not among them. The caller leaves out what it has handled
    already, by dwelling (a later version lists it again).
    """
    rows = RosterRow.objects.filter(roster__state=Roster.State.APPROVED, exclusion="", dwelling__exclusion="")
    if programme is not None:
        rows = rows.filter(roster__programme=programme)
    related = rows.select_related("roster__programme", "dwelling__household", "technology")
    return related.order_by("roster__approved_at", "roster_id", "id")


# --- one household ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DwellingPanel:
    """What this app shows of a dwelling in the household file."""

    dwelling: Dwelling
    enrolments: list[Enrolment]
    rosters: list[RosterRow]
    documents: list[Document]
    other_dwellings: list[Dwelling]
    import_rows: list[ImportRow]


def panel_of(dwelling: Dwelling) -> Reading[DwellingPanel]:
    """A reading of one turn."""
    rosters = RosterRow.objects.filter(dwelling=dwelling).select_related("roster__programme", "technology")
    rosters = rosters.order_by("-roster__version_no")
    enrolments = dwelling.enrolments.select_related("programme", "technology", "source_import")
    documents, others = (
        dwelling.documents.order_by("-uploaded_at"),
        dwelling.household.dwellings.exclude(pk=dwelling.pk),
    )
    import_rows = ImportRow.objects.filter(dwelling=dwelling).select_related("roster_import").order_by("-id")
    yield [rosters, enrolments, documents, others, import_rows]
    return DwellingPanel(
        dwelling=dwelling, enrolments=list(enrolments), rosters=list(rosters), documents=list(documents),
        other_dwellings=list(others), import_rows=list(import_rows),
    )  # fmt: skip


def rosters_by_village(programme: Programme, code: str) -> list[dict[str, Any]]:
    """Villages of a place with candidates, target and newest roster, in tree order."""
    enrolled = Enrolment.objects.within(code).filter(programme=programme, dwelling__exclusion="")
    counted = dict(enrolled.order_by().values_list("area_id").annotate(n=Count("id")))
    newest = current_rosters(programme).within(code).annotate(households=Count("rows"))
    rosters = {roster.area_id: roster for roster in newest.select_related("prepared_by")}
    villages = {one.area.code: one for one in beside_targets(programme, code, counted)}
    return [{"village": villages[key], "roster": rosters.get(key)} for key in sorted(villages)]
