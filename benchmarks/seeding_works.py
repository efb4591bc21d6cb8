"""The works, payments and heaters behind a seeded county, as its summaries tell them: made by the database itself.

Every dwelling that has come so far gets its task, installation, acceptance, entitlement of two sources and, every
sixth, its payment, in a batch of its village; every third a heater with a last reading, one of a hundred of these an
open alert. One payment of a hundred was accepted by who entered the works: a broken chain. No trigger runs: for
throw-away databases only. Keys of the rows are those of their dwellings.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection, transaction

from accounts.acting import acting
from accounts.models import Area, Grant, User
from benchmarks.seeding import COUNTY, County, grow
from core import clock
from devices.models import Bus, DeviceModel, RegisterProfile, Supplier
from households.models import Roster
from programmes.models import Checklist, Phase, Target
from reports.models import ProgressWeek, RefreshMark
from reports.services import boards, summaries, tracing
from subsidies.models import Fund, PayoutBatch, Policy

CITY = COUNTY[:4]
GRANTS = {"auditor": CITY, "office": CITY}


def make_setting(county: County) -> dict[str, int]:
    """Rows that stand once: policy, checklist, supplier, model, profile, line, funds, phases, a visitor."""
    programme, clerk = county.programme, county.clerk
    with acting("bench"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for role, area in GRANTS.items():
            Grant.objects.get_or_create(user=clerk, role=role, area_id=area)
        policy = Policy.objects.create(
            programme=programme, area_id=COUNTY, code="B", version_no=1, document="x", sha256="0" * 64,
            state="draft", valid_from="2021-01-01", drafted_by=clerk,
        )  # fmt: skip
        checklist = Checklist.objects.create(programme=programme, kind="acceptance", items=[])
        supplier = Supplier.objects.create(code="bench", name="示例厂")
        model = DeviceModel.objects.create(supplier=supplier, name="热泵", model_no="M1", kind="ashp")
        profile = RegisterProfile.objects.create(name="bench", version=1, document="x", sha256="0" * 64)
        bus = Bus.objects.create(line="dtu:bench", area_id=COUNTY)
        for source in ("CENTRAL", "DISTRICT"):
            Fund.objects.create(
                programme=programme, area_id=COUNTY, source=source, budget_year=2021, received_fen=10**12
            )
        Phase.objects.create(
            programme=programme, code="works", name="施工", starts_on="2021-07-01", ends_on="2021-10-31"
        )  # fmt: skip
        Target.objects.create(programme=programme, area_id=COUNTY, year=2021, quantity=10_000)
        ProgressWeek.objects.create(programme=programme, monday="2021-10-04", taken_at=clock.now())
        visitor = User.objects.create(username="visitor", person_name="李样本", person_no="VISIT", unit="示例")
    return {
        "programme": programme.pk, "clerk": clerk.pk, "policy": policy.pk, "checklist": checklist.pk,
        "supplier": supplier.pk, "model": model.pk, "profile": profile.pk, "bus": bus.pk, "visitor": visitor.pk,
    }  # fmt: skip


def grow_works(county: County, dwellings: int, setting: dict[str, int]) -> County:
    """So many dwellings in all, with all that belongs to the new ones; board totals as `refresh_summaries` has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM households_dwelling")
        (last,) = cursor.fetchone() or (0,)
    grown = grow(county, dwellings)
    with acting("bench"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        _of_villages(county)
        for statement in STATEMENTS:
            cursor.execute(statement, {**setting, "after": last})
    _vacuum(TABLES)
    with acting("bench"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT DISTINCT area_id FROM households_dwelling")
        boards.sum_up([(county.programme.pk, str(row[0])) for row in cursor.fetchall()])
        boards.count_heaters(now=clock.now(), touched=True)
        _trace(cursor, last)
    _vacuum(SUMS)
    return grown


def _of_villages(county: County) -> None:
    """A list and a batch of each new village, under its code as key."""
    new = Area.objects.filter(level="village").exclude(pk__in=Roster.objects.values("area_id"))
    codes = list(new.values_list("code", flat=True))
    common = {"programme": county.programme, "content_hash": "c" * 64}
    approved = {"state": "approved", "approved_at": clock.now(), "prepared_by": county.clerk, **common}
    settled = {"state": "settled", "round_no": 1, "created_by": county.clerk, **common}
    Roster.objects.bulk_create([Roster(pk=int(code), area_id=code, **approved) for code in codes], batch_size=500)
    batches = [
        PayoutBatch(pk=int(code), area_id=code, number=f"PB-{code}", request_id=uuid.UUID(int=int(code)), **settled)
        for code in codes
    ]
    PayoutBatch.objects.bulk_create(batches, batch_size=500)


def _vacuum(tables: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")


def _trace(cursor: Any, last: int) -> None:
    """The new payments as `refresh_summaries` keeps them for the trace of money."""
    cursor.execute("SELECT id FROM subsidies_payoutline WHERE id > %s", [last])
    tracing.renew(row[0] for row in cursor.fetchall())
    for name in (tracing.MARK, summaries.NAME):
        RefreshMark.objects.update_or_create(name=name, defaults={"refreshed_at": clock.now()})


TABLES = (
    "households_roster", "households_rosterrow", "subsidies_payoutbatch", "retrofits_task", "retrofits_installation",
    "retrofits_acceptance", "subsidies_entitlement", "subsidies_entitlementline", "subsidies_payoutline",
    "devices_heater", "telemetry_latestreading", "telemetry_alert",
)  # fmt: skip
SUMS = (
    "reports_boardtotal", "reports_summarytotal", "reports_tracedpayment", "reports_tracedshare", "reports_chainfault",
    "reports_tracetotal",
)  # fmt: skip
# a dwelling's stage is its key modulo 6 (`benchmarks.seeding`): 1 listed, 2 installed, 3 accepted, 4 noticed, 5 paid
_D = "households_dwelling d JOIN households_household h ON h.id = d.household_id"
STATEMENTS = (
    f"""INSERT INTO households_rosterrow (id, exclusion, funds_state, row_no, page_no, printed, returned_words,
        dwelling_id, roster_id, technology_id)
    SELECT d.id, '', '', 1, 1, '', '', d.id, d.area_id::bigint, (SELECT min(id) FROM programmes_technology)
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 6 > 0""",
    f"""INSERT INTO retrofits_task (id, state, version, opened_at, withdrawn_reason, area_id, dwelling_id, programme_id,
        roster_row_id, technology_id)
    SELECT d.id, CASE d.id %% 6 WHEN 1 THEN 'listed' WHEN 2 THEN 'installed' ELSE 'accepted' END, 1, now(), '',
        d.area_id, d.id, %(programme)s, d.id, (SELECT min(id) FROM programmes_technology)
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 6 > 0""",
    f"""INSERT INTO retrofits_installation (id, town_name, village_name, door_no, occupant_name, occupant_phone,
        heated_area_m2, longitude, latitude, manufacturer, device_name, model_no, factory_address_code,
        wireless_address_code, installed_on, recorded_at, area_id, recorded_by_id, supplier_id, task_id)
    SELECT d.id, '甲镇', '甲村', '', h.head_name, '', 80, 117, 36, '示例厂', '热泵', 'M1', d.id::text, d.id::text,
        date '2021-07-01' + (d.id %% 120)::int, now(), d.area_id, %(clerk)s, %(supplier)s, d.id
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 6 > 1""",
    f"""INSERT INTO retrofits_acceptance (id, request_id, answers, telemetry_evidence, result, opinion, signer_name,
        accepted_on, recorded_at, found, area_id, checklist_id, inspector_id, task_id)
    SELECT d.id, md5('a' || d.id)::uuid, '{{}}', '{{}}', 'passed', '', '张示例', date '2021-07-10' + (d.id %% 120)::int,
        now(), '{{}}', d.area_id, %(checklist)s, CASE WHEN d.id %% 600 = 5 THEN %(clerk)s ELSE %(visitor)s END, d.id
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 6 > 2""",
    f"""INSERT INTO subsidies_entitlement (id, benefit, benefit_kind, period, outcome, reason, reason_params, warnings,
        facts, steps, clause, state, assessed_at, area_id, dwelling_id, household_id, programme_id, task_id, policy_id,
        amount_fen, acceptance_id)
    SELECT d.id, 'T-R1', 'CONVERSION', 'once', 'due', 'OK_CAPPED', '{{}}', '[]', '{{}}', '[]', '',
        CASE d.id %% 6 WHEN 3 THEN 'assessed' WHEN 4 THEN 'noticed' ELSE 'paid' END, now(), d.area_id, d.id,
        d.household_id, %(programme)s, d.id, %(policy)s, 600000, d.id
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 6 > 2""",
    f"""INSERT INTO subsidies_entitlementline (source, budget_year, amount_fen, entitlement_id)
    SELECT source, 2021, 300000, d.id FROM {_D}, unnest(ARRAY['CENTRAL', 'DISTRICT']) AS source
    WHERE d.id > %(after)s AND d.id %% 6 > 2""",
    f"""INSERT INTO subsidies_payoutline (id, line_no, payee_name, bank_card, card_index, amount_fen, state,
        bank_reference, bank_message, partial_fen, offset_fen, offsets, drop_reason, area_id, batch_id, entitlement_id,
        settled_at)
    SELECT d.id, d.id, h.head_name, '', '', 600000, 'paid', 'HD' || d.id, '', 0, 0, '[]', '', d.area_id,
        d.area_id::bigint, d.id, timestamptz '2021-11-01' + (d.id %% 30) * interval '1 day'
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 6 = 5""",
    f"""INSERT INTO devices_heater (id, platform_no, factory_no, unit, installed_on, poll_enabled, area_id, bus_id,
        device_model_id, profile_id, dwelling_id)
    SELECT d.id, 'B' || lpad(d.id::text, 9, '0'), 'F' || d.id, d.id, date '2021-09-01', true, d.area_id, %(bus)s,
        %(model)s, %(profile)s, d.id
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 3 = 2""",
    f"""INSERT INTO telemetry_latestreading (heater_id, flags, misses, at, supply_dc, room_dc)
    SELECT d.id, 0, 0, now() - (d.id %% 20) * interval '1 minute', 450, 190
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 3 = 2""",
    f"""INSERT INTO telemetry_alert (kind, opened_at, evidence, finding, area_id, heater_id)
    SELECT 'room_cold', now() - (d.id %% 100) * interval '1 hour', '{{}}', '', d.area_id, d.id
    FROM {_D} WHERE d.id > %(after)s AND d.id %% 300 = 2""",
)
