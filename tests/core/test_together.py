"""Querysets read together hold what each would have held alone, of every type of column, in one statement."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.backends import PersonBackend
from accounts.models import Area, AuditEntry, Grant, User
from core.together import StandingQuestion, count_of, number_in, read_together, sums_in, sums_of
from programmes.models import Programme, Technology
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    programme = people.programme("370999", code="t-2026", name='名称"逗号,{}', year_from=2026, year_to=2027)
    people.technology(programme, "ELECTRIC", has_heater=True)
    people.technology(programme, "GAS", has_heater=False)
    people.user("office", "370999", username="one")
    people.user("town_staff", "370999001", username="two")
    return programme


def alike() -> list[object]:
    """Querysets of many kinds, made anew at each call."""
    routes = Technology.objects.filter(programme=OuterRef("pk")).order_by("pk").values_list("code")
    return [
        Programme.objects.order_by("pk"),
        Programme.objects.annotate(routes=ArraySubquery(routes), n=Count("technologies")),
        User.objects.order_by("-username"),
        Grant.objects.select_related("area", "user", "granted_by").order_by("pk"),
        Area.objects.order_by("code").values("code", "name", "aliases", "level"),
        Area.objects.order_by("-code").values_list("code", flat=True)[:2],
        Technology.objects.values_list("code", "has_heater", named=True).order_by("code"),
        AuditEntry.objects.order_by("pk")[:20],
        Technology.objects.filter(code="100%").order_by("pk"),
        User.objects.none(),
        Technology.objects.order_by("-name").distinct().only("code"),
    ]


def plain(rows: object) -> list[object]:
    """Rows as values that can be compared, types and joined rows included."""
    found = []
    for row in rows:  # type: ignore[attr-defined]
        if hasattr(row, "_state"):
            kept = {key: value for key, value in vars(row).items() if key != "_state"}
            joined = {key: repr(one and vars(one).keys()) for key, one in row._state.fields_cache.items()}
            row = (kept, {key: type(value) for key, value in kept.items()}, joined)
        found.append(row)
    return found


def test_together_is_what_each_is_alone(programme: Programme) -> None:
    together = alike()
    with CaptureQueriesContext(connection) as asked:
        read_together(*together)
        found = [plain(one) for one in together]
    assert len(asked) == 1
    assert found == [plain(one) for one in alike()]
    assert [type(one) for row in found[3] for one in row[0].values()].count(dt.date) == 2


def test_reading_again_and_narrowing_asks_the_database(programme: Programme) -> None:
    users, areas = User.objects.order_by("pk"), Area.objects.order_by("pk")
    read_together(users, areas)
    with CaptureQueriesContext(connection) as asked:
        assert users.count() == len(users) == 2
    assert len(asked) == 0
    with CaptureQueriesContext(connection) as asked:
        assert users.filter(username="one").get().username == "one"
    assert len(asked) == 1


def test_prefetches_follow(programme: Programme) -> None:
    programmes, areas = Programme.objects.prefetch_related("technologies"), Area.objects.all()
    read_together(programmes, areas)
    with CaptureQueriesContext(connection) as asked:
        assert [one.code for one in programmes[0].technologies.all()] == ["ELECTRIC", "GAS"]
    assert len(asked) == 1


def test_counts_and_sums(programme: Programme) -> None:
    users, none = count_of(User.objects.filter(is_active=True)), count_of(User.objects.filter(pk=-1))
    empty = count_of(User.objects.filter(pk__in=[]))
    with_gas = Programme.objects.filter(technologies__code="GAS")
    sums = sums_of(with_gas, last=Max("year_to"), n=Count("pk", filter=Q(pk=0)))
    nothing = sums_of(Programme.objects.filter(pk__in=[]), last=Max(F("year_to")))
    with CaptureQueriesContext(connection) as asked:
        read_together(users, none, empty, sums, nothing)
        assert [number_in(users), number_in(none), number_in(empty)] == [2, 0, 0]
        assert sums_in(sums) == {"last": 2027, "n": 0}
        assert sums_in(nothing) == {"last": None}
    assert len(asked) == 1


def test_a_standing_question_is_answered_as_if_it_were_asked_anew(programme: Programme) -> None:
    def about(key: int) -> list[QuerySet]:
        return [User.objects.filter(pk=key), Grant.objects.filter(user_id=key).select_related("area")]

    standing = StandingQuestion(about)
    for username in ("two", "one", "two"):
        key = User.objects.get(username=username).pk
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answers = [plain(rows) for rows in standing.ask(key)]
        assert len(asked) == 1
        assert answers == [plain(rows) for rows in about(key)]
        assert answers[0] and answers[1]
    assert [list(rows) for rows in standing.ask(0)] == [[], []]


def test_a_grant_that_ends_overnight_is_not_alive_in_the_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    person = people.user("office", "370999", username="one")
    today = timezone.localdate()
    person.grants.update(expires_on=today)
    assert PersonBackend().get_user(person.pk).active_grants
    monkeypatch.setattr(timezone, "localdate", lambda: today + dt.timedelta(days=1))
    assert PersonBackend().get_user(person.pk).active_grants == []
