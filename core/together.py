"""Several querysets read by one statement: one way to the database and back, and all rows of the same moment.

    tasks, rosters = Task.objects.filter(…), Roster.objects.filter(…)
    read_together(tasks, rosters)
    for task in tasks: …            # no further question

Every queryset keeps its own filters, joins, order and kind of rows (objects, `values`, `values_list`) and is filled as
if it had been asked by itself; what it prefetches is asked for when it is looped over, as always. `len()`, `list()`,
`bool()` and `count()` of a filled queryset cost nothing; `filter()`, `first()` and `get()` ask anew, as they do after
any reading.

Pages are made of parts that know nothing of each other. A part that needs rows is written as a *reading*: a generator
that yields its querysets, goes on when they are filled, and returns what it made of them. `in_step` runs several of
them turn by turn, `read` runs one to its end; each turn costs one statement, however many parts take it. What is
asked in several turns and compared is read `in_one_moment`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections, transaction
from django.db.models import Count, Model, QuerySet, Value
from psycopg.adapt import Transformer
from psycopg.pq import Format

Made = TypeVar("Made")
Reading = Generator[Sequence[QuerySet[Any, Any]], None, Made]
BOOL_OID = 16  # as text "true", on the wire "t": one of the driver's two loaders reads the wire's alone
Part = tuple[QuerySet[Any], Any, str, tuple[Any, ...]]
STAND_IN = -(2**62) - 20_211_208  # where the value of a standing question will be; nobody's key


def read_together(*querysets: QuerySet[Any]) -> None:
    """Fill those of `querysets` (all of one database) that were not read yet; a single open one is left to itself."""
    parts = [part for one in querysets if one._result_cache is None and (part := _compiled(one)) is not None]
    if len(parts) > 1:
        for (queryset, compiler, _sql, _values), rows in zip(parts, _asked(parts), strict=True):
            _fill(queryset, compiler, rows)


class StandingQuestion:
    """Querysets that differ from one asking to the next in one number alone: composed once, then only asked.

        about = StandingQuestion(lambda key: [User.objects.filter(pk=key), Grant.objects.filter(user_id=key)])
        users, grants = about.ask(17)

    Composing costs several times what the database needs to answer, and this is asked for every page.
    """

    def __init__(self, make: Callable[[int], Sequence[QuerySet[Any, Any]]]) -> None:
        self._parts = [part for one in make(STAND_IN) if (part := _compiled(one)) is not None]
        self._statement = _statement(self._parts)
        self._values = _values(self._parts)

    def ask(self, value: int) -> list[QuerySet[Any]]:
        """The querysets, filled."""
        values = [value if one == STAND_IN else one for one in self._values]
        answers = _answers(self._parts[0][0].db, self._statement, values)
        filled = []
        for at, (made, compiler, _sql, _given) in enumerate(self._parts):
            queryset = made.all()
            _fill(queryset, copy.copy(compiler), answers[at])
            filled.append(queryset)
        return filled


def read(reading: Reading[Made]) -> Made:
    """Run a reading to its end: one statement each time it asks."""
    try:
        while True:
            read_together(*next(reading))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


@contextmanager
def in_one_moment() -> Iterator[None]:
    """All statements inside see the database as it was at the first of them; nothing can be written.

    For pages that hold sums of several statements against each other: what is committed in between would be told as a
    difference. Within a transaction of somebody else nothing changes, its isolation was settled by its first question.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def in_step(*readings: Reading[Any]) -> Reading[list[Any]]:
    """Several readings as one: what they ask for in the same turn is asked together. Answers in the order given."""
    answers: list[Any] = [None] * len(readings)
    asked = _turn(readings, range(len(readings)), answers)
    while asked:
        yield [rows for wanted in asked.values() for rows in wanted]
        asked = _turn(readings, list(asked), answers)
    return answers


def asking(*querysets: QuerySet[Any, Any]) -> Reading[None]:
    """A reading that only fills these; whoever made them goes on with them."""
    yield querysets


def _turn(
    readings: Sequence[Reading[Any]], open_ones: Sequence[int], answers: list[Any]
) -> dict[int, Sequence[QuerySet[Any, Any]]]:
    """One turn of each open reading: what the ones that go on ask for; `answers` takes what the others return."""
    asked = {}
    for at in open_ones:
        try:
            asked[at] = next(readings[at])
        except StopIteration as end:
            answers[at] = end.value
    return asked


def keep(row: Model, relation: str, rows: QuerySet[Any, Any]) -> None:
    """From now on `row.<relation>.all()` is `rows`, as if it had been prefetched."""
    row.__dict__.setdefault("_prefetched_objects_cache", {})[relation] = rows


def count_of(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """A queryset of one number, the count of `rows` (not sliced, not distinct), to be read together with others.

    Taken out by `number_in`.
    """
    return sums_of(rows, n=Count("pk")).values_list("n", flat=True)


def sums_of(rows: QuerySet[Any], **aggregates: Any) -> QuerySet[Any, Any]:
    """What `rows.aggregate(…)` answers, as a queryset of one dictionary."""
    return rows.order_by().annotate(one_row=Value(1)).values("one_row").annotate(**aggregates).values(*aggregates)


def number_in(counted: QuerySet[Any, Any]) -> int:
    """The number of a `count_of`; 0 where the filter can't be fulfilled at all."""
    return next(iter(counted), 0)


def sums_in(summed: QuerySet[Any, Any]) -> dict[str, Any]:
    """The dictionary of a `sums_of`; all None where the filter can't be fulfilled at all."""
    return next(iter(summed), None) or dict.fromkeys(summed._fields)


def _compiled(queryset: QuerySet[Any]) -> Part | None:
    compiler = queryset.query.get_compiler(using=queryset.db)
    try:
        sql, values = compiler.as_sql()
    except EmptyResultSet:
        _fill(queryset, compiler, [])
        return None
    return queryset, compiler, sql, tuple(values)


def _asked(parts: Sequence[Part]) -> list[list[tuple[Any, ...]]]:
    """The rows of every part."""
    found = _answers(parts[0][0].db, _statement(parts), _values(parts))
    return [found[at] for at in range(len(parts))]


def _statement(parts: Sequence[Part]) -> str:
    return " UNION ALL ".join(_wrapped(at, compiler, sql) for at, (_rows, compiler, sql, _given) in enumerate(parts))


def _values(parts: Sequence[Part]) -> list[Any]:
    return [value for part in parts for value in part[3]]


def _answers(alias: str, statement: str, values: Sequence[Any]) -> dict[int, list[tuple[Any, ...]]]:
    """Part → rows. Values travel as text and are read by the loaders the driver takes for such columns."""
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, values)
        return {at: _loaded(cursor.cursor, rows, types) for at, rows, types in cursor.fetchall()}


def _wrapped(at: int, compiler: Any, sql: str) -> str:
    names = [f"c{n}" for n in range(len(compiler.select))]
    texts = ", ".join(f"{name}::text" for name in names)
    types = ", ".join(f"max(pg_typeof({name})::oid)::int8" for name in names)
    return (
        f"SELECT {at} AS part, array_agg(ARRAY[{texts}]) AS found, ARRAY[{types}] AS kinds"  # noqa: S608 - own words
        f" FROM ({sql}) AS part_{at}({', '.join(names)})"
    )


def _loaded(cursor: Any, rows: list[list[str | None]] | None, types: list[int]) -> list[tuple[Any, ...]]:
    if not rows:
        return []
    loading = Transformer(cursor)
    loading.set_loader_types(types, Format.TEXT)
    truths = {at for at, oid in enumerate(types) if oid == BOOL_OID}
    return [
        loading.load_sequence(
            [None if one is None else one[:1].encode() if at in truths else one.encode() for at, one in enumerate(row)]
        )
        for row in rows
    ]


def _fill(queryset: QuerySet[Any], compiler: Any, rows: list[tuple[Any, ...]]) -> None:
    """Django's own iteration over the queryset, with the rows at hand in place of the database's answer."""
    if compiler.select is None:
        compiler.pre_sql_setup()
    compiler.execute_sql = lambda *args, **kwargs: [rows]
    queryset.query.get_compiler = lambda *args, **kwargs: compiler  # type: ignore[method-assign]
    try:
        queryset._result_cache = list(queryset._iterable_class(queryset))  # type: ignore[arg-type]
    finally:
        del queryset.query.get_compiler
