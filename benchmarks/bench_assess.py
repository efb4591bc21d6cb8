"""Subsidies of 10,000 dwellings (1,000,000 with PORTAL_SIZE=large) by Taishan's and Litong's rules, beside OpenFisca.

Conversion and running subsidy of Taishan and the conversion of Litong, with their splits: the engine alone (processor
time) and from table to table, with amounts only and, for a tenth of them, with the steps and clauses the portal keeps.
OpenFisca-core computes the same five columns in an environment of its own (benchmarks/peers.py). Both are held against
exact arithmetic written out here; the benchmark stops when the engine is a single fen away from it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.measuring import Result
from benchmarks.peers import peer_python
from core.seasons import Span
from subsidies.rules.encoding import encode_outcome
from subsidies.rules.engine import assess
from subsidies.rules.facts import CostItem, Facts, Usage
from subsidies.rules.loading import load_policy
from subsidies.rules.outcomes import Outcome

DWELLINGS = 1_000_000 if os.environ.get("PORTAL_SIZE") == "large" else 10_000
WITH_STEPS = DWELLINGS // 10
AT_ONCE = 5_000
ROOT = Path(__file__).parents[1]
TAISHAN, LITONG = (
    load_policy((ROOT / "presets" / name / "policy.yaml").read_bytes()) for name in ("taishan_2021", "litong_2021")
)
SEASON = Span(date(2021, 11, 1), date(2022, 3, 31))
PANEL = frozenset({"HOUSING", "DEVELOPMENT_REFORM", "FINANCE", "AGRICULTURE", "ECOLOGY", "AUDIT"})
TECHNOLOGIES = ("ELECTRIC", "GAS", "SOLAR", "BLOCK_AIR_SOURCE")
COST_KINDS = ("DEVICE", "DEVICE", "DEVICE", "HEAT_SOURCE")
ENERGIES = ("electricity_kwh", "gas_m3", "electricity_kwh", "electricity_kwh")
ASKED = ((TAISHAN, "CONVERSION"), (TAISHAN, "RUNNING"), (LITONG, "CONVERSION"))
Row = tuple[int, int, bool, int, Decimal, Decimal]


def measure() -> Iterator[Result]:
    python, url = peer_python("peers"), os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(_TABLES)
        database.execute(_DWELLINGS, [DWELLINGS])
        peer = json.loads(subprocess.run([python, _PEER, url], check=True, stdout=subprocess.PIPE).stdout)
        yield Result(f"{DWELLINGS:,} dwellings, engine alone", engine_seconds(database), "OpenFisca", peer["engine_s"])
        amounts = table_to_table(database, url, DWELLINGS, explain=False)
        yield Result("table to table, amounts", amounts, "OpenFisca, amounts", peer["database_s"])
        ours, theirs = (differences(database, table) for table in ("bench_ours", "bench_peer"))
        print(f"away from exact arithmetic: ours {ours}; OpenFisca-core {theirs}", flush=True)
        steps = table_to_table(database, url, WITH_STEPS, explain=True)
        share = peer["database_s"] * WITH_STEPS / DWELLINGS
        yield Result(f"the same with steps, {WITH_STEPS:,}", steps, "OpenFisca, amounts, its share of time", share)
    if any(ours.values()):
        raise SystemExit("The engine is not exact.")


def facts_of(row: Row) -> Facts:
    """A dwelling whose cost lies in the scope of its rule in either place."""
    _id, technology, passes, cost_fen, area, used = row
    return Facts(
        on=date(2022, 4, 10),
        zone="RURAL",
        technology=TECHNOLOGIES[technology],
        on_roster=passes,
        installer_admitted=True,
        own_funds_in_place=True,
        accepted_on=date(2021, 10, 20),
        accepted_by=PANEL,
        meter_individual=True,
        costs=(CostItem(COST_KINDS[technology], cost_fen),),
        quantities={"heated_area_m2": area},
        usage=(Usage(ENERGIES[technology], SEASON, used),),
    )


def asked_of(facts: Facts) -> tuple[Facts, ...]:
    """The same dwelling for each of `ASKED`; in Litong it is electric, because block heating is not in its document."""
    litong = replace(
        facts, technology="ELECTRIC", costs=tuple(CostItem("DEVICE", one.amount_fen) for one in facts.costs or ())
    )
    return facts, facts, litong


def engine_seconds(database: Any) -> float:
    """Processor seconds of the assessments alone; facts are made before, outcomes thrown away."""
    took = 0.0
    for rows in batches(read(database)):
        prepared = [asked_of(facts_of(row)) for row in rows]
        began = time.process_time()
        for dwelling in prepared:
            for (policy, kind), facts in zip(ASKED, dwelling, strict=True):
                assess(policy, facts, kind=kind, explain=False)
        took += time.process_time() - began
    return took


def table_to_table(database: Any, url: str, dwellings: int, *, explain: bool) -> float:
    """Seconds from the first rows of one table to the rows of another."""
    database.execute("TRUNCATE bench_ours")
    began = time.perf_counter()
    with psycopg.connect(url) as other, other.cursor() as cursor, cursor.copy(_COPY_OURS) as copy:
        for row in islice(read(database), dwellings):
            outcomes = [
                assess(policy, facts, kind=kind, explain=explain)
                for (policy, kind), facts in zip(ASKED, asked_of(facts_of(row)), strict=True)
            ]
            steps = json.dumps([encode_outcome(one) for one in outcomes], ensure_ascii=False) if explain else None
            copy.write_row((row[0], *answers(outcomes), steps))
    return time.perf_counter() - began


def answers(outcomes: list[Outcome]) -> tuple[int, int, int, int, int]:
    """Conversion, its upper level's part, running, Litong's conversion, its central part, in fen."""
    conversion, running, litong = outcomes
    return (
        fen_of(conversion), part_of(conversion, "CENTRAL_MUNICIPAL"), fen_of(running), fen_of(litong),
        part_of(litong, "CENTRAL"),
    )  # fmt: skip


def fen_of(outcome: Outcome) -> int:
    return getattr(outcome, "amount_fen", 0)


def part_of(outcome: Outcome, source: str) -> int:
    return sum(line.amount_fen for line in getattr(outcome, "lines", ()) if line.source == source)


def exact(row: Row) -> tuple[int, int, int, int, int]:
    """The formulas of the documents in exact arithmetic, without the engine."""
    _id, technology, passes, cost, area, used = row
    block = technology == 3
    standard = Fraction(area) * 8300 if block else Fraction(600_000)
    conversion = half_up(min(Fraction(cost), standard)) * passes
    upper = min(conversion, half_up(Fraction(area) * 2500) if block else 300_000)
    rate = (20, 100, 0, 0)[technology]
    running = half_up(min(Fraction(used) * rate, Fraction(60_000))) * passes
    litong = 530_000 if cost >= 600_000 else half_up(Fraction(cost) * 4 / 5)
    return conversion, upper, running, litong, half_up(Fraction(litong) * 35 / 53)


def half_up(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


def differences(database: Any, table: str) -> dict[str, int]:
    """How many of all amounts are wrong, by how many fen together, and how far the sums are off."""
    wrong = away = off = 0
    with database.transaction(), database.cursor(name=f"compare_{table}") as cursor:
        cursor.execute(f"SELECT d.*, {_ANSWERS} FROM bench_dwelling d JOIN {table} USING (id) ORDER BY id")
        for found in cursor:
            for got, wanted in zip(found[6:], exact(found[:6]), strict=True):
                wrong, away, off = wrong + (got != wanted), away + abs(got - wanted), off + got - wanted
    return {"amounts": wrong, "fen": away, "sum": off}


def read(database: Any) -> Iterator[Row]:
    with database.transaction(), database.cursor(name="dwellings") as cursor:
        cursor.itersize = AT_ONCE
        yield from cursor.execute("SELECT * FROM bench_dwelling ORDER BY id")


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        yield some


_PEER = Path(__file__).with_name("openfisca_peer.py")
_ANSWERS = "t_conversion, t_upper, t_running, l_conversion, l_central"
_COPY_OURS = f"COPY bench_ours (id, {_ANSWERS}, steps) FROM STDIN"
_COLUMNS = ", ".join(f"{name} bigint" for name in _ANSWERS.split(", "))
_TABLES = f"""
CREATE UNLOGGED TABLE bench_dwelling
    (id bigint PRIMARY KEY, technology int, passes bool, cost_fen bigint, area_m2 numeric(8, 2), used numeric(9, 3));
CREATE UNLOGGED TABLE bench_peer (id bigint PRIMARY KEY, {_COLUMNS});
CREATE UNLOGGED TABLE bench_ours (id bigint PRIMARY KEY, {_COLUMNS}, steps jsonb);
"""
# Costs from 1.00 to 11,001.00 yuan, areas of 30 to 180 m², usage to a thousandth; by primes, so that little repeats.
_DWELLINGS = """
INSERT INTO bench_dwelling
SELECT i, i %% 4, i %% 97 <> 0, 100 + (i * 611953) %% 1100001, 30 + ((i * 7919) %% 15001) / 100.0,
    ((i * 104729) %% 4000003) / 1000.0
FROM generate_series(1, %s::bigint) i
"""
