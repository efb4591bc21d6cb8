"""Every address, as every role, inside and outside its place: the right answer, no other town's mark, no full number,
no careless header, no read that writes, and no page that asks the database more, or less, than is checked in.
"""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.rights import ROLES
from tests.permissions import oracles
from tests.permissions.baselines import agreed_queries, costing_otherwise
from tests.permissions.table import ANONYMOUS, METHODS, Row, door, getting, rows
from tests.permissions.walk import UNATTENDED, Answer, ask, asked_of, client_for, shared_out, tried_by, visit_all
from tests.permissions.world import World

VISITORS = [ANONYMOUS, *ROLES]
PARTS = 2


def _in_parts() -> list[pytest.param]:
    """Each part of the visitors shares one world: a group goes to one worker, and a world takes seconds to build."""
    marks = [pytest.mark.xdist_group(f"matrix-{n % PARTS}") for n in range(len(VISITORS))]
    return [pytest.param(role, marks=mark) for role, mark in zip(VISITORS, marks, strict=True)]


@pytest.fixture(params=_in_parts())
def visitor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_address_answers_as_the_tables_say(visitor: str, world: World, record_property: object) -> None:
    client = client_for(world, visitor)
    before = oracles.checksums()
    answers = list(visit_all(client, world, visitor, rows().values(), questioned_by(visitor)))
    after = oracles.checksums()
    assert len(answers) > len(rows())
    record_property("answers", len(answers))  # type: ignore[operator]
    found = faults(answers, world, before, after) + miscounted(answers, client, world)
    assert not found, "\n" + "\n".join(found)


def miscounted(answers: list[Answer], client: Client, world: World) -> list[str]:
    """Pages with another number of queries than `tests/baselines/queries.json` says, caches warm: see test_queries.py.
    The first look at one fills caches; whatever is not as agreed is looked at again, without the note in the session
    that is taken once a minute.
    """
    again = [
        ask(client, one.row, one.role, "inside", "GET", world.inside, headers=UNATTENDED)
        for one in costing_otherwise(answers)
    ]
    return [
        f"{one.cell}: {one.queries} queries, checked in {agreed_queries().get(one.row.name)}"
        for one in costing_otherwise(again)
    ]


def questioned_by(visitor: str) -> list[Row]:
    """Filters and fragments are tried by two of the roles that get a page: the one that sees most and the one that sees
    least. What lies between them differs in rights, which every visitor's own round asks.
    """
    return [row for row in rows().values() if visitor in getting(row)[:1] + getting(row)[-1:]]


def test_hostile_questions_are_asked_on_every_page() -> None:
    asked = {row.name for visitor in VISITORS for row in questioned_by(visitor)}
    assert asked == {name for name, row in rows().items() if row.get}


def test_every_page_is_asked_as_a_fragment_by_one_who_gets_it_and_as_a_page() -> None:
    for row in rows().values():
        if row.get:
            asked = [shared_out(["a", "b", "c", "d", "e"], row, role) for role in {getting(row)[0], getting(row)[-1]}]
            assert {bool(headers) for way in asked for _question, headers in way} == {False, True}, row.name
            lists = {question for way in asked for question, _headers in way}
            assert row.at or lists == {"a", "b", "c", "d", "e"}, row.name


def test_a_method_an_address_does_not_have_is_tried() -> None:
    missing = {(name, method) for name, row in rows().items() for method in METHODS if not row.allowed(method)}
    tried = {(row.name, how) for row in rows().values() for role in VISITORS for _where, how in asked_of(row, role)}
    assert missing <= tried


def test_every_role_tries_every_address_and_every_refusal_is_tried_by_both_methods() -> None:
    for row in rows().values():
        own = {method for method in METHODS if row.allowed(method)}
        assert all(tried_by(row, role) for role in VISITORS), row.name
        for turned_away in (False, True):
            doors = [role for role in VISITORS if bool(door(row, role)) is turned_away]
            assert not doors or own == {method for role in doors for method in tried_by(row, role)}, row.name


def faults(answers: list[Answer], world: World, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Everything wrong with one visitor's round, so that one run tells all."""
    changed = set(oracles.changed_tables(before, after)) - _written_by_downloads(answers)
    return [
        *oracles.wrong_cells(answers),
        *oracles.leaks(answers, world),
        *oracles.bare_numbers(answers, world),
        *oracles.careless_headers(answers),
        *oracles.writing_reads(answers),
        *oracles.writing_refusals(answers),
        *oracles.dead_ends(answers),
        *(f"{table} is not as it was before the round" for table in sorted(changed)),
    ]


def _written_by_downloads(answers: list[Answer]) -> set[str]:
    logged = any(one.row.logged and one.wrote for one in answers if one.method == "GET")
    return {*oracles.LOGS, "accounts_auditentry"} if logged else set()
