"""Asking for addresses as somebody: one `Answer` per request, whatever comes back, nothing left behind by a POST."""

from __future__ import annotations

import io
import urllib.parse
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from unittest.mock import patch

from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from tests.permissions.choices import own_questions
from tests.permissions.links import led_to
from tests.permissions.spoken import Spoken
from tests.permissions.table import ANONYMOUS, METHODS, Row, allowed, door, expected, getting, refused
from tests.permissions.world import Town, World, object_of
from tests.plugins.proofs import LARGE

REFERENCE = {"X-Request-ID": "walk-through"}
SEARCH, PLAIN = urllib.parse.urlencode({"q": "柴", "per": "200"}), "per=200"
INNOCENT = (SEARCH, PLAIN)
UNATTENDED = {"X-Unattended": "1"}  # without the note of the last visit, which a session gets once a minute
HTMX = {"HX-Request": "true", "HX-Target": "table", "HX-Trigger-Name": "q"}


@dataclass
class Answer:
    """`where` is inside, outside, hostile, innocent or chosen (by the page's own filters); `text` is the body as text,
    archives unpacked, without the asked address; `wrote` names the tables with new history; `queries` is how many
    statements the answer took; `leads` names the addresses a page that was shown offers.
    """

    row: Row
    role: str
    where: str
    method: str
    url: str
    status: int
    headers: dict[str, str]
    text: str
    wrote: list[str] = field(default_factory=list)
    queries: int = 0
    leads: frozenset[str] = frozenset()

    @property
    def cell(self) -> str:
        return f"{self.method} {self.row.name} as {self.role}, {self.where}"

    @property
    def expected(self) -> set[int]:
        """A hostile question may also be refused as such, but never as a mistake of the portal."""
        bad_question = {400, 404, 422} if self.where == "hostile" else set()
        return bad_question | expected(self.row, self.role, self.method, inside=self.where != "outside")


def client_for(world: World, role: str, *, verified: bool = True) -> Client:
    """A browser signed in as the person of `role`, second factor given; a stranger's for "anonymous"."""
    client = Client(raise_request_exception=False)
    if role != ANONYMOUS:
        client.force_login(world.users[role])
        if verified:
            session = client.session
            session[DEVICE_ID_SESSION_KEY] = world.devices[role].persistent_id
            session.save()
    cache.clear()  # the API's throttle counts in it
    return client


def visit_all(client: Client, world: World, role: str, rows: Iterable[Row], curious: Iterable[Row]) -> Iterator[Answer]:
    """Every address of `rows` by both methods, inside and outside, and for whoever sees most of it by the filters it
    offers; the pages among `curious` once more with hostile questions, as a page and as a fragment.
    """
    with patch("django.test.client.store_rendered_templates", lambda *_, **__: None):  # contexts copied for nobody
        yield from _visited(client, world, role, rows, curious)


def _visited(client: Client, world: World, role: str, rows: Iterable[Row], curious: Iterable[Row]) -> Iterator[Answer]:
    for row in rows:
        for where, method in asked_of(row, role):
            answer = ask(client, row, role, where, method, world.inside if where == "inside" else world.outside)
            yield answer
            if (where, method, answer.status) == ("inside", "GET", 200) and role == getting(row)[-1]:
                for question in own_questions(answer.text):
                    yield ask(client, row, role, "chosen", "GET", world.inside, question=question)
    for row in curious:
        if row.get and row.allowed("GET")[0] == 200 and 200 in expected(row, role, "GET", inside=True):
            for question, headers in shared_out(hostile_questions(world), row, role):
                where = "innocent" if question in INNOCENT else "hostile"
                yield ask(client, row, role, where, "GET", world.inside, question=question, headers=headers)


def shared_out(questions: list[str], row: Row, role: str) -> list[tuple[str, dict[str, str]]]:
    """Who asks which question how: the first and a plain one where the address names an object. Two roles that ask of
    one page ask in turns: each question is one of a whole list, whoever sees more or less of it. The fragment is what
    the questions are about, the frame around it is not: half of them are asked of it, and of every page the innocent
    one, which has to be answered as the page is.
    """
    weakest, strongest = getting(row)[0], getting(row)[-1]
    if row.at:
        ways = [(questions[0], {}), (PLAIN, HTMX)]
        return ways if weakest == strongest else ways[1:] if role == weakest else ways[:1]
    every = [(question, HTMX if at % 4 in (1, 2) else {}) for at, question in enumerate(questions)]
    return every if weakest == strongest else every[::2] if role == weakest else every[1::2]


def asked_of(row: Row, role: str) -> Iterator[tuple[str, str]]:
    """Where and how `role` asks for an address. A method the address does not have looks at no object: one who may
    come in and one who may not try it, at one place. What lies in another town is asked for by everybody who gets past
    the door, by a stranger, and by the role with the most rights that does not: a door that is missing shows there.
    """
    looks_over = not door(row, role) or role in (ANONYMOUS, *refused(row)[-1:])
    tries_missing = role in (ANONYMOUS, *allowed(row)[-1:])
    tried = tried_by(row, role)
    for method in METHODS:
        if method in tried or (tries_missing and not row.allowed(method)):
            yield "inside", method
        if method in tried and row.names_an_object(method) and looks_over:
            yield "outside", method


def tried_by(row: Row, role: str) -> list[str]:
    """The methods of the address that `role` tries: all. But where many are turned away at one door, the strongest of
    them tries both and the others one, in turns; at the large size everybody tries both.
    """
    own = [method for method in METHODS if row.allowed(method)]
    weaker = [] if LARGE else refused(row)[:-1]
    return [own[weaker.index(role) % len(own)]] if role in weaker else own


def ask(
    client: Client, row: Row, role: str, where: str, method: str, town: Town, *,
    question: str = "", headers: dict[str, str] | None = None,
) -> Answer:  # fmt: skip
    """One request. What a POST changes is taken back; what a GET changes stays, for everybody to see."""
    url, kept, before = address(row, town, question), _values(client.cookies), _last_entry(client)
    with _own_savepoint(), Spoken() as spoken:
        if method == "GET":
            response = client.get(url, headers=REFERENCE | (headers or {}))
        else:
            sent = {key: object_of(town, value) for key, value in row.body.items()}
            response = client.post(url, {"sent": "1"} | sent, headers=REFERENCE)
        whole, said = readable(response), spoken.number
        broken = response.status_code >= 500
        wrote = _written_since(before) if spoken.wrote and not broken else []
        stays = method == "GET" and not broken and not row.chooses
        transaction.set_rollback(not stays)  # nor must a failed statement spoil the requests after it
    if wrote and stays:
        client.last_entry = None  # type: ignore[attr-defined]
    if response.cookies:
        client.cookies = SimpleCookie(kept)  # signed in as before, whatever the answer said
    text, shown = _without_address(whole, url), method == "GET" and response.status_code == 200
    leads = led_to(whole) if shown else frozenset[str]()
    return Answer(row, role, where, method, url, response.status_code, dict(response.headers), text, wrote, said, leads)


def address(row: Row, town: Town, question: str = "") -> str:
    """The address of a row for the objects of one town."""
    path = reverse(row.name, kwargs={key: object_of(town, value) for key, value in row.at.items()})
    asked = urllib.parse.urlencode({key: object_of(town, value) for key, value in row.query.items()})
    parts = "&".join(part for part in (asked, question) if part)
    return f"{path}?{parts}" if parts else path


def hostile_questions(world: World) -> list[str]:
    """Filters, searches and sort orders that name what lies in the other town (never by its canary itself); the second
    names nothing of anybody's.
    """
    theirs, code = world.outside, world.outside.code[:3]
    keys = {kind: str(getattr(made, "pk", "")) for kind, made in theirs.objects.items()}
    every = keys | {
        "area": theirs.area.code, "town": theirs.area.code, "village": theirs.village.code, "place": theirs.area.code,
        "code": theirs.area.code, "within": theirs.area.code, "id": keys["task"], "ids": keys["roster_sealed"],
        "pk": keys["batch"], "selection": str(theirs.objects["selection"].token), "scope": "all", "per": "200",
    }  # fmt: skip
    searches = [{"q": code, "search": code, "query": code, "number": code, "dwelling_no": code}]
    orders = [{"sort": "-area__name", "ordering": "-area_id", "page": "-1"}, {"sort": "head_name", "state": "x"}]
    hostile = [urllib.parse.urlencode(one | {"per": "200"}) for one in (every, *searches, *orders)]
    return [hostile[0], SEARCH, *hostile[1:]]


@contextmanager
def taken_back() -> Iterator[None]:
    """A savepoint that never stays."""
    with _own_savepoint():
        yield
        transaction.set_rollback(True)


def _own_savepoint() -> transaction.Atomic:
    """`durable` blocks inside are content, as in any test."""
    block = transaction.atomic()
    block._from_testcase = True
    return block


def readable(response: Any) -> str:
    """The whole body as text: streams read, workbooks and other archives unpacked."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(archive.read(name) for name in archive.namelist())
    return body.decode("utf-8", errors="replace")


def _without_address(text: str, url: str) -> str:
    """What the visitor typed comes back in links of the page; that is no news to him."""
    path, _, question = url.partition("?")
    for echo in (url, path, urllib.parse.quote(path, safe=""), question, question.replace("&", "&amp;")):
        text = text.replace(echo, "") if len(echo) > 1 else text
    return text


def _values(cookies: SimpleCookie) -> dict[str, str]:
    return {name: morsel.value for name, morsel in cookies.items()}


def _last_entry(client: Any) -> int:
    """The newest entry of the history; asked for again only after a request that added to it."""
    if getattr(client, "last_entry", None) is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM accounts_auditentry")
            client.last_entry = int(cursor.fetchone()[0])
    return int(client.last_entry)


def _written_since(entry: int) -> list[str]:
    if connection.needs_rollback:
        return []
    with connection.cursor() as cursor:
        cursor.execute('SELECT DISTINCT "table" FROM accounts_auditentry WHERE id > %s ORDER BY 1', [entry])
        return [table for (table,) in cursor.fetchall()]
