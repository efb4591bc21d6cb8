"""What must hold of every answer. Each function returns sentences about what is wrong; none means all is well."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable

from django.db import connection

from tests.canaries import personal_numbers
from tests.permissions.table import rows, turned_away
from tests.permissions.walk import Answer
from tests.permissions.world import World

REVEAL = "accounts:reveal"
LOG = "accounts_accesslog"
LOGS = {LOG, "reports_benchquery"}  # what a look may write: who took a file, what was asked at the auditors' bench
# Not business: what the web itself keeps. History and looks are judged by the rows they name.
_OWN_KEEPING = {"django_session", "axes_accessattempt", "axes_accesslog", "axes_accessfailurelog"}


def wrong_cells(answers: Iterable[Answer]) -> list[str]:
    """Cells of the matrix with another answer than the tables say."""
    return [
        f"{one.cell}: {one.status}, expected {sorted(one.expected)}"
        for one in answers
        if one.status not in one.expected
    ]


def leaks(answers: Iterable[Answer], world: World) -> list[str]:
    """Marks of the other town in bodies or headers."""
    found = []
    for one in answers:
        heads = urllib.parse.unquote(repr(one.headers)).replace(urllib.parse.unquote(one.url), "")
        marks = world.canaries_in(one.text) + world.canaries_in(heads)
        found += [f"{one.cell}, {one.url}: {sorted(set(marks))}"] if marks and not one.row.whole_site else []
    return found


def bare_numbers(answers: Iterable[Answer], world: World) -> list[str]:
    """Full identity, phone or card numbers: of people of this world, or of anybody by their check digits."""
    found = []
    for one in answers:
        if one.row.name != REVEAL:
            numbers = world.numbers_in(one.text) or _standing_alone(one.text)
            found += [f"{one.cell}: {numbers[:3]}"] if numbers else []
    return found


def careless_headers(answers: Iterable[Answer]) -> list[str]:
    """Answers without the headers every answer has (C16)."""
    return [f"{one.cell}: {fault}" for one in answers for fault in _header_faults(one)]


def writing_reads(answers: Iterable[Answer]) -> list[str]:
    """GETs after which business rows had changed; a download may write down that it was taken."""
    found = []
    for one in answers:
        tables = set(one.wrote) - (LOGS if one.row.logged else set())
        found += [f"{one.cell}, {one.url}: wrote {sorted(tables)}"] if one.method == "GET" and tables else []
    return found


def writing_refusals(answers: Iterable[Answer]) -> list[str]:
    """Requests that were turned away and yet changed something."""
    refused = (one for one in answers if one.status in (401, 403, 404, 405))
    return [f"{one.cell}: {one.status}, yet wrote {one.wrote}" for one in refused if one.wrote]


def dead_ends(answers: Iterable[Answer]) -> list[str]:
    """Links and forms offered to somebody who is turned away where they lead, once for each page and address."""
    found = {
        f"{one.row.name} as {one.role} leads to {name}"
        for one in answers
        for name in one.leads
        if name in rows() and turned_away(rows()[name], one.role)
    }
    return sorted(found)


def checksums() -> dict[str, str]:
    """Table → number of rows and a checksum over all of them, for every table but those of the web itself."""
    names = sorted(set(connection.introspection.table_names()) - _OWN_KEEPING)
    parts = [
        f"SELECT '{name}', count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') "
        f'FROM "{name}" t'
        for name in names
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def changed_tables(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Tables that are not as they were."""
    return sorted(name for name in before | after if before.get(name) != after.get(name))


def _standing_alone(text: str) -> list[str]:
    """Numbers with right check digits that are no part of a hash or another code."""
    squeezed = re.sub(r"(?<=[0-9])[ -](?=[0-9])", "", text)
    return [
        number for number in personal_numbers(text) if re.search(rf"(?<![0-9A-Za-z]){number}(?![0-9A-Za-z])", squeezed)
    ]


def _header_faults(one: Answer) -> list[str]:
    heads = {name.lower(): value for name, value in one.headers.items()}
    policy = heads.get("content-security-policy", "")
    wanted = {
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }  # fmt: skip
    faults = [f"{name} is {heads.get(name)!r}" for name, value in wanted.items() if heads.get(name) != value]
    scripts = [part for part in policy.split(";") if part.strip().startswith(("script-src", "default-src"))]
    if "default-src 'self'" not in policy or "frame-ancestors 'none'" not in policy or "unsafe" in " ".join(scripts):
        faults.append(f"content-security-policy is {policy!r}")
    if not heads.get("x-request-id"):
        faults.append("no x-request-id")
    if one.role != "anonymous" and one.status != 304 and "no-store" not in heads.get("cache-control", ""):
        faults.append(f"cache-control is {heads.get('cache-control')!r}")
    return faults
