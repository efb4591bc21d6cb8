"""The search night by night: only what changed is compared, a stopped search goes on, the whole is asked on Sundays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core import clock
from core.identity import synthetic_id
from households import tasks
from households.models import DuplicateKey, DuplicatePair, Dwelling, Household
from households.services.duplicates import deciding
from households.services.duplicates.finding import CROWD, open_keys, search
from jobs.models import Job
from jobs.running import run_job
from tests import people
from tests.registers.conftest import FAR_VILLAGE, VILLAGE, World
from tests.registers.test_duplicates import OLD, home_of, short, twins

pytestmark = pytest.mark.django_db


class Killed(Exception):
    pass


def changed(home: Dwelling, **fields: Any) -> None:
    Household.objects.filter(pk=home.household_id).update(version=home.household.version + 7, **fields)


def test_a_second_night_compares_only_what_changed(world: World) -> None:
    homes = [home_of(f"张示例{n}", phone=f"1990000100{n}") for n in range(6)]
    assert search().compared == 6
    assert search().compared == 0
    changed(homes[2], phone="19900001000", head_name=homes[0].household.head_name, head_pinyin="x")
    found = search()
    assert (found.keyed, found.compared, found.pairs) == (1, 1, 1)
    pair = DuplicatePair.objects.get()
    assert (pair.first_id, pair.second_id) == (homes[0].pk, homes[2].pk)


def test_what_was_not_touched_keeps_its_pair(world: World) -> None:
    pair = twins()
    home_of("王测试", area=FAR_VILLAGE)
    assert (search().gone, DuplicatePair.objects.get().pk) == (0, pair.pk)


def test_a_search_killed_between_chunks_goes_on_and_finds_everything_once(world: World) -> None:
    for n in range(4):
        home_of("张国峰", id_number=synthetic_id(400 + n), home={"door_no": f"{n}1号"}, phone=f"1990000200{n}")
        home_of("张國峯", id_number=short(synthetic_id(400 + n)), area=FAR_VILLAGE, phone=f"1990000300{n}")
    search(step=lambda _done, _total: None, chunk=8)
    want = set(DuplicatePair.objects.values_list("first_id", "second_id"))
    DuplicatePair.objects.all().delete()
    DuplicateKey.objects.update(compared_at=None)

    def die(done: int, _total: int | None) -> None:
        if done >= 3:
            raise Killed

    with pytest.raises(Killed):
        search(step=die, chunk=3)
    assert open_keys().count() == 5
    assert search(chunk=3).compared == 5
    assert set(DuplicatePair.objects.values_list("first_id", "second_id")) == want


def test_a_chunk_that_fails_leaves_nothing_behind(world: World) -> None:
    home_of(id_number=OLD), home_of("张國峯", id_number=short(OLD))

    @contextmanager
    def lost() -> Iterator[None]:
        with transaction.atomic():
            yield
            if DuplicatePair.objects.exists():
                raise Killed

    with pytest.raises(Killed):
        search(commit=lost)
    assert (open_keys().count(), DuplicatePair.objects.count()) == (2, 0)


def test_since_compares_the_others_again(world: World) -> None:
    home_of(), home_of("李样本", area=FAR_VILLAGE)
    search()
    later = clock.now() + dt.timedelta(seconds=1)
    assert search(since=later).compared >= 2


def test_a_parted_household_has_its_first_dwelling_again(world: World) -> None:
    """The lead moved with the merging and comes back with the parting."""
    pair = twins()
    deciding.merge_pair(pair=pair, kept_id=pair.second_id, same_house=False, words="一户两宅", by=world.clerk)
    search()
    assert set(DuplicateKey.objects.filter(is_lead=True).values_list("pk", flat=True)) == {pair.first_id}
    deciding.part_pair(pair=pair, words="查错了", by=world.clerk)
    search()
    assert DuplicateKey.objects.filter(is_lead=True).count() == 2


def test_a_crowd_costs_the_chunk_no_more_than_its_limit(world: World) -> None:
    """Whoever shares a phone with hundreds is compared with none of them."""
    people.dwelling(household=people.household(VILLAGE))
    for n in range(CROWD * 2):
        home_of("张国峰", phone="19900000001", phone_index="x", id_number=synthetic_id(7_000 + n),
                area=VILLAGE if n % 2 else FAR_VILLAGE, home={"door_no": f"{n}号"})  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        found = search()
    assert {reason for reason, _key in found.crowd} == {"NEAR_NAME"}
    assert len(asked) < 60


def test_the_night_asks_once_and_on_sundays_for_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.clock, "today", lambda: dt.date(2021, 11, 20))
    first = tasks.find_duplicates_nightly()
    assert tasks.find_duplicates_nightly() == first == deciding.request_search(by=world.clerk).pk
    assert Job.objects.get(pk=first).args == {}
    home_of(id_number=OLD), home_of("张國峯", id_number=short(OLD))
    assert run_job(first) == "done" and DuplicatePair.objects.count() == 1
    monkeypatch.setattr(tasks.clock, "today", lambda: dt.date(2021, 11, 21))
    sunday = Job.objects.get(pk=tasks.find_duplicates_nightly())
    assert "since" in sunday.args and run_job(sunday.pk) == "done"


def test_the_night_is_on_the_schedule() -> None:
    from heating_portal.celery import app

    assert "households.tasks.find_duplicates_nightly" in {one["task"] for one in app.conf.beat_schedule.values()}
