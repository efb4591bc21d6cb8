"""Sealed sampling: what is to be drawn is written down first, then drawn, judged, and projected onto the whole."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import CODE_LENGTHS, TOWN
from core.refusals import Refused
from core.sampling import Examined, Projection, allocate, draw, population_hash, project, rate_interval, sample_size
from programmes.models import Programme
from reports.models import AuditSample, AuditSampleLine
from subsidies.models import FundEntry, PayoutLine

RIGHT = "audit.find"
Verdict = AuditSampleLine.Verdict
#: Bands of the amount in fen; the names stand in the sealed record.
BANDS = ((100_000, "<1000"), (300_000, "1000–2999"), (600_000, "3000–5999"), (None, "≥6000"))
LOCK = 250


@dataclass(frozen=True)
class Wish:
    """What an auditor wants to examine; percentages as people write them. Without a seed chance makes one."""

    programme: Programme
    area_code: str
    title: str
    stratify: str = AuditSample.Stratify.TOWN
    confidence: Decimal = Decimal(95)
    margin: Decimal = Decimal(5)
    expected: Decimal = Decimal(50)
    substitutes: int = 2
    seed: str = ""


@transaction.atomic
def seal_sample(*, wish: Wish, by: User, now: dt.datetime | None = None) -> AuditSample:
    """Write down seed, population, strata and sizes before anything is drawn. Raises Refused NOTHING_TO_DRAW."""
    _demand(by, wish.area_code)
    lines = _paid(wish.programme, wish.area_code)
    last = lines.aggregate(last=Max("id"))["last"] or 0
    names = _names(wish.area_code)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    digest = population_hash(_counted(lines.filter(pk__lte=last), wish.stratify, names, counts))
    whole = sum(count for count, _fen in counts.values())
    if not whole:
        raise Refused("NOTHING_TO_DRAW", _("Nothing has been paid in this place yet: there is nothing to draw from."))
    wanted = sample_size(whole, *(float(one) / 100 for one in (wish.confidence, wish.margin, wish.expected)))
    shares = allocate({name: count for name, (count, _fen) in counts.items()}, wanted)
    strata = [
        {"name": name, "population": counts[name][0], "fen": counts[name][1], "size": shares[name]}
        for name in sorted(counts)
    ]
    at = now or clock.now()
    with acting(by, reason=wish.title[:300]):
        return AuditSample.objects.create(
            programme=wish.programme, area_id=wish.area_code, number=next_number("CY", AuditSample, clock.today()),
            title=wish.title,
            stratify=wish.stratify, confidence=wish.confidence, margin=wish.margin, expected=wish.expected,
            substitutes=wish.substitutes, seed=wish.seed.strip() or secrets.token_hex(8), population=whole,
            population_fen=sum(fen for _count, fen in counts.values()), population_hash=digest, last_line_id=last,
            strata=strata, size=sum(shares.values()), sealed_by=by, sealed_at=at,
        )  # fmt: skip


@transaction.atomic
def draw_sample(*, sample: AuditSample, by: User, now: dt.datetime | None = None) -> AuditSample:
    """Draw what was sealed. Raises Refused POPULATION_CHANGED where payments are not what they were, DRAWN_ALREADY."""
    locked = AuditSample.objects.select_for_update().get(pk=sample.pk)
    _demand(by, locked.area_id)
    if locked.drawn_at is not None:
        raise Refused(
            "DRAWN_ALREADY", _("This sample was drawn already; it can be drawn again to compare."), conflict=True
        )
    drawn = redraw(locked)
    if drawn is None:
        words = _("The payments are not those that were sealed: their hash differs. Seal a new sample and say why.")
        raise Refused("POPULATION_CHANGED", words, conflict=True)
    areas = dict(PayoutLine.objects.filter(pk__in=[one.line_id for one in drawn]).values_list("pk", "area_id"))
    with acting(by, reason=locked.number):
        for one in drawn:
            one.area_id = areas[one.line_id]
        AuditSampleLine.objects.bulk_create(drawn)
        locked.drawn_at = now or clock.now()
        locked.save(update_fields=["drawn_at"])
    return locked


def redraw(sample: AuditSample) -> list[AuditSampleLine] | None:
    """The lines the sealed record leads to, unsaved and in order; None where the population is another by now."""
    keys: dict[str, list[int]] = defaultdict(list)
    lines = _population(sample).filter(pk__lte=sample.last_line_id)
    rows = _rows(lines, sample.stratify, _names(sample.area_id))

    def kept() -> Iterator[tuple[int, str, int]]:
        for key, stratum, fen in rows:
            keys[stratum].append(key)
            yield key, stratum, fen

    if population_hash(kept()) != sample.population_hash:
        return None
    found = []
    for stratum in sample.strata:
        name, size = stratum["name"], stratum["size"]
        for place, key in enumerate(draw(keys[name], size + sample.substitutes, sample.seed), 1):
            found.append(
                AuditSampleLine(sample=sample, line_id=key, stratum=name, place=place, is_substitute=place > size)
            )
    return found


def same_again(sample: AuditSample) -> bool:
    """Whether drawing anew gives the very lines that are kept."""
    again = redraw(sample)
    kept = list(sample.lines.order_by("stratum", "place").values_list("stratum", "place", "line_id"))
    return again is not None and sorted((one.stratum, one.place, one.line_id) for one in again) == sorted(kept)


@transaction.atomic
def judge_line(
    *, line: AuditSampleLine, verdict: str, words: str, by: User, right_fen: int | None = None,
    now: dt.datetime | None = None,
) -> AuditSampleLine:  # fmt: skip
    """Raises Refused WORDS_NEEDED, AMOUNT_NEEDED, NO_VERDICT, NOT_IN_TURN (a substitute nobody needs)."""
    row = AuditSampleLine.objects.select_for_update().select_related("line", "sample").get(pk=line.pk)
    _demand(by, row.sample.area_id)
    if verdict not in Verdict.values:
        raise Refused("NO_VERDICT", _("Choose what was found."))
    if verdict != Verdict.RIGHT and not words.strip():
        raise Refused("WORDS_NEEDED", _("Say in a few words what was found."))
    if verdict == Verdict.WRONG and (right_fen is None or right_fen < 0):
        raise Refused("AMOUNT_NEEDED", _("Say how much should have been paid; 0 where nothing was due."))
    if row.is_substitute and row.pk not in {one.pk for one in in_use(row.sample)}:
        raise Refused("NOT_IN_TURN", _("Substitutes come in their order, each for one that could not be examined."))
    row.verdict, row.words, row.judged_by, row.judged_at = verdict, words.strip()[:300], by, now or clock.now()
    row.right_fen = {Verdict.RIGHT: row.line.amount_fen, Verdict.WRONG: right_fen}.get(Verdict(verdict))
    with acting(by, reason=row.words or row.sample.number):
        row.save()
    return row


def in_use(sample: AuditSample) -> list[AuditSampleLine]:
    """The lines that count: the first of each stratum, and for every one that could not be examined the next one."""
    counted: list[AuditSampleLine] = []
    wanted = {stratum["name"]: stratum["size"] for stratum in sample.strata}
    for line in sample.lines.select_related("line").order_by("stratum", "place"):
        if wanted[line.stratum] > 0:
            counted.append(line)
            wanted[line.stratum] -= line.verdict != Verdict.UNSEEN
    return counted


@dataclass(frozen=True)
class Result:
    """What the examined say about all payments of the sample's population."""

    wanted: int
    examined: int
    wrong: int
    error_fen: int
    rate_low: float
    rate_high: float
    projection: Projection

    @property
    def rate(self) -> float | None:
        return self.wrong / self.examined if self.examined else None

    @property
    def rate_words(self) -> tuple[str, str]:
        """The interval of the rate in percent, as it is read."""
        return f"{self.rate_low:.1%}", f"{self.rate_high:.1%}"


def result_of(sample: AuditSample, lines: list[AuditSampleLine] | None = None) -> Result:
    """Errors among the examined, their rate with its exact interval, and the projected error in fen."""
    confidence = float(sample.confidence) / 100
    errors: dict[str, list[int]] = {stratum["name"]: [] for stratum in sample.strata}
    wrong = 0
    for row in in_use(sample) if lines is None else lines:
        if row.verdict in (Verdict.RIGHT, Verdict.WRONG):
            wrong += row.verdict == Verdict.WRONG
            errors[row.stratum].append(row.line.amount_fen - (row.right_fen or 0))
    examined = sum(len(one) for one in errors.values())
    low, high = rate_interval(wrong, examined, confidence)
    strata = [Examined(stratum["population"], errors[stratum["name"]]) for stratum in sample.strata]
    whole = sum(sum(one) for one in errors.values())
    return Result(sample.size, examined, wrong, whole, low, high, project(strata, confidence))


def _paid(programme: Programme, area_code: str) -> Any:
    return PayoutLine.objects.filter(batch__programme=programme, state=PayoutLine.State.PAID).within(area_code)


def _population(sample: AuditSample) -> Any:
    """What a sealed record draws from; once drawn, what the bank sent back later still belongs to it: nobody tampered
    with it, it was paid on that day."""
    paid = Q(state=PayoutLine.State.PAID)
    if sample.drawn_at is not None:
        later = FundEntry.objects.filter(line=OuterRef("pk"), kind=FundEntry.Kind.BOUNCED, at__gt=sample.drawn_at)
        paid |= Q(Exists(later), state=PayoutLine.State.FAILED)
    return PayoutLine.objects.filter(paid, batch__programme=sample.programme_id).within(sample.area_id)


def _names(area_code: str) -> dict[str, str]:
    towns = Area.objects.within(area_code).filter(level=Area.Level.TOWN)
    return dict(towns.values_list("code", "name"))


def _rows(lines: Any, stratify: str, names: dict[str, str]) -> Iterator[tuple[int, str, int]]:
    """(key, stratum, fen) in ascending order of keys, one by one."""
    found = lines.order_by("pk").values_list("pk", "area_id", "entitlement__benefit", "amount_fen")
    for key, area_id, benefit, fen in found.iterator(chunk_size=5000):
        town = area_id[: CODE_LENGTHS[TOWN]]
        stratum = {"town": f"{town} {names.get(town, '')}".strip(), "benefit": benefit or "—"}.get(stratify)
        yield key, stratum or band_of(fen), fen


def band_of(fen: int) -> str:
    return next(name for below, name in BANDS if below is None or fen < below)


def _counted(
    lines: Any, stratify: str, names: dict[str, str], counts: dict[str, list[int]]
) -> Iterator[tuple[int, str, int]]:
    for key, stratum, fen in _rows(lines, stratify, names):
        counts[stratum][0] += 1
        counts[stratum][1] += fen
        yield key, stratum, fen


def next_number(prefix: str, model: Any, on: dt.date) -> str:
    """CY-2021-003: the next number of the year, one at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, prefix])
    year = f"{prefix}-{on.year}-"
    last = model.objects.filter(number__startswith=year).aggregate(last=Max("number"))["last"]
    return f"{year}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:03d}"


def _demand(by: User, area_code: str) -> None:
    if not by.has_right(RIGHT, area_code):
        raise PermissionDenied(RIGHT)
