"""One town with everything in it, written straight into the tables: the services are tested elsewhere."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from accounts.models import AccessLog, Area, AuditEntry, SavedView, Selection, User
from core import clock
from core.blind_index import blind_index
from core.files import store_bytes
from households.models import (
    Document,
    Dwelling,
    Enrolment,
    Household,
    MeterReading,
    Roster,
    RosterRow,
    RosterScan,
    RosterSeal,
)
from jobs.models import Job
from programmes.models import Milestone, Programme, Target
from reports.models import BulkRun
from tests import people
from tests.permissions import (
    town_coal,
    town_devices,
    town_fees,
    town_heat,
    town_money,
    town_operation,
    town_paperwork,
    town_registers,
    town_supervision,
    town_works,
)

HOMES_PER_STATE = ("accepted", "installed", "rectify", "listed")
# The clerk of 甲镇 works in the unit of the visitors and shares views with them; the clerk of 乙镇 does not.
UNITS = {"YYXA": "测试单位", "ZZYB": "乙镇标记单位"}
_SEEDS = count(700_000)


@dataclass
class Town:
    """`objects` holds the first object of every kind; `word`, `code` and `fen` are its canaries."""

    county: Programme
    area: Area
    village: Area
    word: str
    code: str
    fen: int
    size: int
    clerk: User
    signers: list[User]
    objects: dict[str, Any] = field(default_factory=dict)
    homes: dict[str, list[Dwelling]] = field(default_factory=dict)
    roster_rows: dict[int, RosterRow] = field(default_factory=dict)

    def keep(self, kind: str, made: Any) -> Any:
        """Remember the first object of a kind."""
        self.objects.setdefault(kind, made)
        return made

    def document(self, kind: str, home: Dwelling | None = None, content_type: str = "image/jpeg") -> Document:
        """A stored file whose name and content carry the town's word."""
        n = next(_SEEDS)
        stored = store_bytes(f"{self.word} {kind} {n}".encode())
        made = Document.objects.create(
            area=self.village, dwelling=home, kind=kind, file_name=f"{self.word}-{n}.bin", content_type=content_type,
            stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=self.clerk,
        )  # fmt: skip
        return self.keep(f"document_{kind}", made)


def build_town(county: Programme, area_code: str, *, word: str, code: str, fen: int, size: int) -> Town:
    """Everything of one town, households first, in the order in which data travels."""
    signers = [_person(f"{code}-signer-{n}", word, area_code) for n in range(5)]
    town = Town(
        county, people.area(area_code), people.area(f"{area_code}001"), word, code, fen, size,
        people.user("town_staff", area_code, username=f"{code.lower()}-clerk", person_no=f"{code}-clerk"), signers,
    )  # fmt: skip
    User.objects.filter(pk=town.clerk.pk).update(person_name=f"{word}经办", unit=UNITS[code])
    town.keep("user", User.objects.get(pk=town.clerk.pk))
    town.keep("area", town.area), town.keep("village", town.village)
    _programme(town)
    _homes(town)
    _rosters(town)
    _belongings(town)
    town_registers.build(town)
    town_works.build(town)
    town_paperwork.build(town)
    town_money.build(town)
    town_operation.build(town)
    town_coal.build(town)
    town_supervision.build(town)
    town_devices.build(town)
    town_fees.build(town)
    town_heat.build(town)
    _history(town)
    return town


def _history(town: Town) -> None:
    """One entry of a table without a place of its own, so that it must be found through its parent."""
    entries = AuditEntry.objects.order_by("-id")
    town.keep("audit_entry", entries.filter(table="retrofits_costitem", row_pk=str(town.objects["cost"].pk)).first())
    town.keep("admin_entry", entries.filter(table="accounts_user", row_pk=str(town.clerk.pk)).first())
    town.keep("grant", town.clerk.grants.get())


def numbers_of(town: Town) -> list[str]:
    """Every identity, phone and card number of the town's people."""
    families = Household.objects.within(town.area.code)
    return [value for family in families for value in (family.id_number, family.phone, family.bank_card)]


def _person(username: str, word: str, area_code: str) -> User:
    made = people.user("town_leader", area_code, username=username.lower(), person_no=username)
    made.person_name, made.unit = f"{word}员", f"{word}单位"
    made.save()
    return made


def _programme(town: Town) -> None:
    own = people.programme(
        town.area.code, code=f"{town.code.lower()}-2019", name=f"{town.word}试点", year_from=2019, year_to=2019,
        lead_unit=f"{town.word}办",
    )  # fmt: skip
    town.keep("programme", own)
    step = Milestone.objects.create(
        programme=own, area=town.area, name=f"{town.word}开工", planned_on=dt.date(2019, 7, 1), recorded_by=town.clerk
    )
    town.keep("milestone", step)
    Target.objects.create(programme=town.county, area=town.village, year=2021, quantity=30)


def _homes(town: Town) -> None:
    for state in HOMES_PER_STATE:
        town.homes[state] = [_home(town, f"{town.code}{state[:2].upper()}{n:03d}") for n in range(town.size)]


def _home(town: Town, number: str) -> Dwelling:
    family = people.household(
        town.village.code, household_no=number, head_name=f"柴{town.word}{number[-3:]}", head_initials="cb",
        head_pinyin="chai", remark=f"{town.word}备注", residents=3,
    )  # fmt: skip
    door = f"{town.word}{number[-5:]}号"
    home = people.dwelling(
        town.village.code, household=family, dwelling_no=f"{number}-1", door_no=door,
        door_no_index=blind_index(f"{number}{door}", "door_no"), meter_no=f"{town.code}M{number[-5:]}",
        exclusion_note=f"{town.word}说明",
    )  # fmt: skip
    town.keep("household", family), town.keep("dwelling", home)
    town.keep("enrolment", Enrolment.objects.create(
        programme=town.county, dwelling=home, area=town.village, technology=town.county.technologies.get(),
        entered_by=town.clerk,
    ))  # fmt: skip
    reading = MeterReading.objects.create(
        dwelling=home, area=town.village, carrier="electricity", starts_on=dt.date(2021, 11, 1),
        ends_on=dt.date(2022, 3, 31), quantity=1500,
    )  # fmt: skip
    town.keep("meter_reading", reading)
    town.document("warranty", home)
    return home


def _rosters(town: Town) -> None:
    approved = _roster(town, 1, Roster.State.APPROVED)
    for home in (home for homes in town.homes.values() for home in homes):
        row = RosterRow.objects.create(roster=approved, dwelling=home, technology=town.county.technologies.get())
        town.roster_rows[home.pk] = town.keep("roster_row", row)
    for level, signer in zip(("village", "town", "office"), town.signers, strict=False):
        RosterSeal.objects.create(
            roster=approved, level=level, signer=signer, person_no=signer.person_no,
            content_hash=approved.content_hash, at=clock.now(),
        )  # fmt: skip
    town.keep("roster", approved)
    town.keep("roster_scan", RosterScan.objects.create(
        roster=approved, area=town.village, level="office", document=town.document("roster_scan"),
        uploaded_by=town.clerk,
    ))  # fmt: skip
    town.keep("roster_sealed", _roster(town, 2, Roster.State.TOWN_SEALED))


def _roster(town: Town, version: int, state: str) -> Roster:
    return Roster.objects.create(
        programme=town.county, area=town.village, version_no=version, state=state, content_hash="ab" * 32,
        prepared_by=town.clerk, return_reason=f"{town.word}退回", approved_at=clock.now(),
    )  # fmt: skip


def _belongings(town: Town) -> None:
    """Work, views, selections and looks of the town's clerk."""
    for n in range(town.size):
        job = Job.objects.create(
            kind="households.parse_import", requested_by=town.clerk, area=town.area, state=Job.State.DONE,
            message=f"{town.word}工作", result={"url": f"/hh/imports/?{town.code}", "message": f"{town.word}结果"},
            error=f"{town.word}错误", idempotency_key=f"{town.code}-job-{n}",
        )  # fmt: skip
        town.keep("job", job)
        AccessLog.objects.create(
            user=town.clerk, kind="reveal", object_table="households_household", object_pk=f"{town.code}{n}",
            reason=f"{town.word}理由", area=town.area,
        )  # fmt: skip
    town.keep("saved_view", SavedView.objects.create(
        owner=town.clerk, page="jobs:job-list", name=f"{town.word}视图", query=f"q={town.word}", shared="unit"
    ))  # fmt: skip
    town.keep("selection", Selection.objects.create(
        owner=town.clerk, page="households", query=f"q={town.word}", count=1, fingerprint=uuid.uuid4().hex,
        included_ids=[home.pk for home in town.homes["accepted"]], expires_at=clock.now() + dt.timedelta(minutes=30),
    ))  # fmt: skip
    town.keep("bulk_run", BulkRun.objects.create(
        deed="exclude", programme=town.county, area=town.area, asked_by=town.clerk, asked_at=clock.now(),
        params={"words": f"{town.word}理由"}, dwelling_ids=[], finished_at=clock.now(),
        refused=[["X-1", "X", town.word]],
    ))  # fmt: skip
