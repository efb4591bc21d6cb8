"""The two checked-in tables: which right each address asks for (`urls.yaml`) and which role holds which right
(`roles.yaml`). What every visitor must get follows from them and from nothing in the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from core.strict_yaml import read_yaml

HERE = Path(__file__).parent
METHODS = ("GET", "POST")
ANONYMOUS = "anonymous"
REFUSED_AT_THE_DOOR = {302, 401, 403}


@dataclass(frozen=True, eq=False)  # what follows from a row is worked out once for each
class Row:
    """One address.

    `right`   what its view declares: a right (or several, of which one is enough: "a or b"), "signed_in" or "public"
    `needs`   a second right asked at the door (the API's own), or several of which one is enough ("a or b")
    `sees`    the right (or one of several) that makes the named object visible, where it is not `right` itself:
              without it 404
    `foreign` the organisations' roles to whom the named object belongs to somebody else: 404 for them
    `over`    the right asked over the place of the named object: without it 403
    `at`      arguments of the address; `query`, `body` what is sent along: "kind", "kind.attribute" or "=word"
    `get`, `post`  answers to a person who may; without them the method does not exist
    `outside` the answer where the named object lies in another town (404 unless the view leaves it out silently)
    `logged`  a GET that writes down who took the file
    `chooses` a GET that changes the place or programme chosen in the top bar; taken back, so that the round goes on
    `whole_site`  the page is about the whole site by design: other towns' marks are no leak there
    `grows`   why the number of queries grows with the number of objects
    """

    name: str
    right: str
    needs: str = ""
    sees: str = ""
    foreign: str = ""
    over: str = ""
    at: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)
    get: tuple[int, ...] = ()
    post: tuple[int, ...] = ()
    outside: tuple[int, ...] = (404,)
    logged: bool = False
    chooses: bool = False
    whole_site: bool = False
    grows: str = ""

    def allowed(self, method: str) -> tuple[int, ...]:
        return self.get if method == "GET" else self.post

    def names_an_object(self, method: str) -> bool:
        """Whether this request names something that lies somewhere."""
        sent = (self.at, self.query, self.body if method == "POST" else {})
        return any(not reference.startswith("=") for part in sent for reference in part.values())


@cache
def rows() -> dict[str, Row]:
    """URL name → row."""
    stored = read_yaml((HERE / "urls.yaml").read_text(encoding="utf-8"))
    return {name: _row(name, entry) for name, entry in stored.items()}


@cache
def rights_of_roles() -> dict[str, frozenset[str]]:
    """Role → rights, as they were when somebody last agreed to them."""
    stored = read_yaml((HERE / "roles.yaml").read_text(encoding="utf-8"))
    return {role: frozenset(rights) for role, rights in stored.items()}


def expected(row: Row, role: str, method: str, *, inside: bool) -> set[int]:
    """The statuses one cell of the matrix may have."""
    if not row.allowed(method):
        return {405} if row.right == "public" else {405} | door(row, role)
    if door(row, role):
        return door(row, role)
    if row.names_an_object(method):
        return _at_the_object(row, role, method, inside=inside)
    return set(row.allowed(method))


@cache
def getting(row: Row) -> list[str]:
    """The roles that get the page, the one with the fewest rights first; somebody without a name before all."""
    return allowed(row, "GET")


@cache
def allowed(row: Row, *methods: str) -> list[str]:
    """The roles for which one of the methods (any, unless named) does what it is for, in the order of `getting`."""
    held = {ANONYMOUS: frozenset[str](), **rights_of_roles()}
    known = [(method, set(row.allowed(method))) for method in methods or METHODS if row.allowed(method)]
    fitting = [role for role in held if any(expected(row, role, way, inside=True) == done for way, done in known)]
    return sorted(fitting, key=lambda role: (len(held[role]), role))


@cache
def refused(row: Row) -> list[str]:
    """The roles turned away at the door, the one with the fewest rights first."""
    held = rights_of_roles()
    return sorted((role for role in held if door(row, role)), key=lambda role: (len(held[role]), role))


@cache
def door(row: Row, role: str) -> set[int]:
    """How somebody is turned away before anything is looked up; empty for those who get in."""
    if row.right == "public":
        return set()
    if role == ANONYMOUS:
        return {401} if row.name.startswith("api:") else {302}
    held = rights_of_roles()[role]
    wanted = [set(row.right.split(" or "))] if row.right != "signed_in" else []
    wanted += [set(row.needs.split(" or "))] if row.needs else []
    return set() if all(some & held for some in wanted) else {403}


def turned_away(row: Row, role: str) -> bool:
    """Whether the view turns the role away, whatever object the address names."""
    open_to_all = row.right == "public" or (row.right == "signed_in" and role != ANONYMOUS)
    return not open_to_all and not set(row.right.split(" or ")) & rights_of_roles().get(role, frozenset())


def _at_the_object(row: Row, role: str, method: str, *, inside: bool) -> set[int]:
    held = rights_of_roles().get(role, frozenset())
    if role in row.foreign.split(" or "):
        return {404}
    if not inside or (row.sees and not set(row.sees.split(" or ")) & held):
        return set(row.outside)
    if row.over and row.over not in held:
        return {403}
    return set(row.allowed(method))


def _row(name: str, entry: dict[str, Any]) -> Row:
    answers = {key: _statuses(entry[key]) for key in ("get", "post", "outside") if key in entry}
    return Row(name, **(entry | answers))


def _statuses(given: int | list[int]) -> tuple[int, ...]:
    return tuple(given) if isinstance(given, list) else (given,)
