"""Boards and the trace of money: 10,000 dwellings beside 100,000 (1,000,000 with PORTAL_SIZE=large).

Whole answers of the server, signed in, with every record behind them (`benchmarks.seeding_works`): 20 of each after a
warm-up, the 95th percentile and the one in the middle. The "peer" is the same page at 10,000 dwellings. Stops with an
error when a page takes 400 ms or more (19 of 20) or, in the processor's time, more than twice what it takes at 10,000.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction
from django.test import Client

from accounts.acting import acting
from accounts.models import Grant, User
from benchmarks import bench_household_list as lists
from benchmarks.bench_household_list import LARGE, SMALL, Taken
from benchmarks.measuring import Result, timed
from benchmarks.seeding import COUNTY, County, make_county
from benchmarks.seeding_works import CITY, grow_works, make_setting
from reports.models import TracedPayment
from reports.services import tracing

MOST_S, MOST_TIMES, ROUNDS = 0.4, 2.0, 20
TOWN, VILLAGE = f"{COUNTY}003", f"{COUNTY}003001"
PAGES = {
    "workbench": "/",
    "year overview": "/overview/",
    "year overview, its part": "/overview/part/",
    "the two curves": "/overview/curve/",
    "progress": "/progress/",
    "counties of the city": "/counties/",
    "wall": "/wall/",
    "trace: sources": "/trace/",
    "trace: towns": "/trace/?source=CENTRAL",
    "trace: villages": f"/trace/?source=CENTRAL&town={TOWN}",
    "trace: households": f"/trace/?source=CENTRAL&town={TOWN}&village={VILLAGE}",
    "trace: one household and its proof": "/trace/?dwelling={number}",
    "trace: back from a surname": "/trace/?q=王",
    "trace: back from a name": "/trace/?q={name}",
    "trace: back from a number": "/trace/?q={number}",
    "trace: back from the last four": "/trace/?q={tail}",
    "trace: nobody of that name": "/trace/?q=赵钱孙李",
}


def measure() -> Iterator[Result]:
    county = make_county()
    setting = make_setting(county)
    small = grow_works(county, SMALL, setting)
    clients = _people(small)
    urls = _urls()
    before = _taken(clients, urls)
    began = time.perf_counter()
    grow_works(small, LARGE, setting)
    print(f"{LARGE:,} dwellings with their works seeded in {time.perf_counter() - began:.0f} s")
    after = _taken(clients, urls)
    for what in PAGES:
        yield from lists._compared(what, before[what], after[what])
    yield from _taken_in()
    over = [words for what in PAGES for words in _over(what, before[what], after[what])]
    if over:
        raise SystemExit("Over the limit: " + "; ".join(over))


def _urls() -> dict[str, str]:
    """What is typed is taken from one payment of the village."""
    one = TracedPayment.objects.filter(area_id=VILLAGE).order_by("pk")[7]
    words = {"number": one.dwelling_no, "name": one.head_name, "tail": one.id_number_tail}
    return {what: url.format(**words) for what, url in PAGES.items()}


def _people(county: County) -> dict[bool, Client]:
    """Boards are asked by the programme office, the trace (True) by an auditor of the city."""
    with acting("bench"):
        auditor = User.objects.create(username="auditor", person_name="王测试", person_no="AUDIT", unit="示例")
        Grant.objects.create(user=auditor, role="auditor", area_id=CITY)
    return {False: lists._browser(county), True: lists._browser(replace(county, clerk=auditor))}


def _taken(clients: dict[bool, Client], urls: dict[str, str]) -> dict[str, Taken]:
    return {what: lists._taken(clients[what.startswith("trace")], url, ROUNDS) for what, url in urls.items()}


def _taken_in() -> Iterator[Result]:
    """What it costs to keep the sums: one payment anew, and its batch of a town; told, not limited."""
    lines = list(TracedPayment.objects.within(TOWN).order_by("pk").values_list("pk", flat=True))
    for what, some in (("one payment taken in", lines[:1]), ("five hundred payments taken in", lines[:500])):
        for _warm in range(2):  # the second counts
            with transaction.atomic():
                took = timed(lambda some=some: tracing.renew(some))  # type: ignore[misc]
                transaction.set_rollback(True)
        yield Result(what, took, "nothing beside it", took)


def _over(what: str, small: Taken, large: Taken) -> Iterator[str]:
    if large.p95_s >= MOST_S:
        yield f"{what}: {large.p95_s * 1000:.0f} ms"
    if large.processor_s > MOST_TIMES * small.processor_s:
        yield f"{what}: {large.processor_s / small.processor_s:.1f} times the work at {SMALL:,}"
