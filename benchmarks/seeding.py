"""A county of invented dwellings, made by the database itself in seconds: past history, only for throw-away databases.

Names follow the frequencies of surnames, every village has 500 dwellings, and the summaries, totals, doors, meters and
last fours are there as `refresh_summaries` would have written them.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from accounts.acting import acting
from accounts.models import Area, Grant, User
from core.identity import synthetic_id
from households.models import Household
from programmes.models import Programme, Technology
from reports.services import boards

COUNTY, TOWNS, PER_VILLAGE = "370999", 20, 500
LEVELS = {2: "province", 4: "city", 6: "county", 9: "town"}


@dataclass(frozen=True)
class County:
    """`clerk` sees all of it; `dwellings` is how many there are now."""

    programme: Programme
    clerk: User
    dwellings: int


def make_county() -> County:
    """Places down to the towns, one programme with three routes, one person of the programme office."""
    with acting("bench"):
        for code in ("37", "3709", COUNTY, *(f"{COUNTY}{n:03d}" for n in range(1, TOWNS + 1))):
            parent = {9: 6, 6: 4, 4: 2}.get(len(code))
            values = {"name": f"示例{code}", "level": LEVELS[len(code)], "parent_id": code[:parent] if parent else None}
            Area.objects.get_or_create(code=code, defaults=values)
        programme = Programme.objects.create(code="bench", name="示例", area_id=COUNTY, year_from=2021, year_to=2021)
        for family in ("ELECTRIC", "GAS", "SOLAR"):
            Technology.objects.create(programme=programme, code=family, family=family, name=family.lower())
        clerk = User.objects.create(username="bench", person_name="张示例", person_no="BENCH", unit="示例")
        Grant.objects.create(user=clerk, role="office", area_id=COUNTY)
    return County(programme, clerk, 0)


def grow(county: County, dwellings: int) -> County:
    """The same county with so many dwellings in all (a multiple of 500)."""
    first, last = county.dwellings // PER_VILLAGE, dwellings // PER_VILLAGE - 1
    number = Household._meta.get_field("id_number").get_prep_value(synthetic_id(1))
    with acting("bench"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no history, no checking of keys row by row
        cursor.execute(_VILLAGES, [first, last])
        cursor.execute(_HOMES, [number, first, last])
        cursor.execute(_DWELLINGS, [f"B{first:05d}"])
        cursor.execute(_SUMMARIES, [county.programme.pk, f"B{first:05d}"])
        cursor.execute("DELETE FROM reports_summarytotal WHERE programme_id = %s", [county.programme.pk])
        cursor.execute(_TOTALS, [county.programme.pk])
        boards.sum_towns([(county.programme.pk, f"{COUNTY}{n:03d}") for n in range(1, TOWNS + 1)])
    with connection.cursor() as cursor:
        for table in ("accounts_area", "households_household", "households_dwelling", "reports_dwellingsummary",
                      "reports_summarytotal", "reports_towntotal"):  # fmt: skip
            cursor.execute(f"VACUUM ANALYZE {table}")
    return County(county.programme, county.clerk, dwellings)


_CODE = f"'{COUNTY}' || lpad((1 + v %% {TOWNS})::text, 3, '0') || lpad((1 + v / {TOWNS})::text, 3, '0')"

_VILLAGES = f"""
INSERT INTO accounts_area (code, level, name, parent_id, aliases, area_class, is_scattered)
SELECT code, 'village', '示例村' || v, left(code, 9), '{{}}', '', false
FROM (SELECT v, {_CODE} AS code FROM generate_series(%s, %s) v) named
"""

# Surnames by falling frequency, given names of two of 96 characters: about as many namesakes as a real county has.
_HOMES = f"""
INSERT INTO households_household (household_no, area_id, head_name, head_pinyin, head_initials, id_number,
    id_number_index, id_number_tail, phone, phone_index, bank_card, bank_card_index, income_class, remark, version,
    created_at)
SELECT 'B' || lpad(v::text, 5, '0') || '-' || lpad(n::text, 3, '0'), {_CODE},
    substr('王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗', 1 + floor(20 * power(random(), 2))::int, 1)
        || chr(20000 + (random() * 95)::int) || chr(21000 + (random() * 95)::int), '',
    chr(97 + floor(26 * power(random(), 2))::int) || chr(97 + (random() * 25)::int) || chr(97 + (random() * 25)::int),
    %s, '', lpad((random() * 9999)::int::text, 4, '0'), '', '', '', '', '', '', 1, now()
FROM generate_series(%s, %s) v, generate_series(1, {PER_VILLAGE}) n
"""

_DWELLINGS = """
INSERT INTO households_dwelling (dwelling_no, household_id, area_id, door_no, door_no_index, dwelling_type, meter_no,
    is_second_home, exclusion, exclusion_note, heated_area_m2, version)
SELECT household_no || '-1', id, area_id, '', md5(household_no) || md5(id::text), '', 'DL' || lpad(id::text, 10, '0'),
    false, '', '', 60 + id %% 80, 1
FROM households_household WHERE household_no >= %s
"""

_SUMMARIES = """
INSERT INTO reports_dwellingsummary (programme_id, dwelling_id, area_id, dwelling_no, head_name, head_initials,
    id_number_tail, technology, family, heated_area_m2, stage, exclusion, wanted_papers, missing_papers, missing,
    due_fen, paid_fen, payment_failed, heater_no, changed_at, refreshed_at, year, contracted, claim)
SELECT %s, d.id, d.area_id, d.dwelling_no, h.head_name, h.head_initials, h.id_number_tail, route, route,
    d.heated_area_m2, (ARRAY['registered', 'listed', 'installed', 'accepted', 'noticed', 'paid'])[1 + d.id %% 6],
    CASE WHEN d.id %% 97 = 0 THEN 'LONG_VACANT' ELSE '' END, 11,
    (d.id %% 50 = 0)::int, CASE WHEN d.id %% 50 = 0 THEN '{before}'::varchar[] ELSE '{}' END,
    600000, CASE WHEN d.id %% 6 = 5 THEN 600000 ELSE 0 END, d.id %% 2000 = 0, '',
    now() - d.id * interval '1 second', now(), 2021, d.id %% 6 > 1,
    CASE WHEN d.id %% 83 = 0 THEN 'self_paid' ELSE '' END
FROM households_dwelling d JOIN households_household h ON h.id = d.household_id,
    LATERAL (SELECT (ARRAY['ELECTRIC', 'GAS', 'SOLAR'])[1 + (d.id %% 10) / 4] AS route) chosen
WHERE d.dwelling_no >= %s ORDER BY d.area_id, d.dwelling_no
"""

_TOTALS = """
INSERT INTO reports_summarytotal (programme_id, area_id, technology, family, stage, excluded, year, contracted, claim,
    dwellings, due_fen, paid_fen, with_missing, with_failed)
SELECT programme_id, area_id, technology, family, stage, exclusion <> '', year, contracted, claim, count(*),
    coalesce(sum(due_fen), 0), sum(paid_fen), count(*) FILTER (WHERE missing_papers > 0),
    count(*) FILTER (WHERE payment_failed)
FROM reports_dwellingsummary WHERE programme_id = %s GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
