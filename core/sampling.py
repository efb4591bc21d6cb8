"""Samples anybody can draw again, and what they say about the whole (plain Python, no Django, no table).

Sizes follow Cochran, Sampling Techniques (1977), ch. 4: n0 = t²·p·(1−p)/d², corrected for a finite population. The draw
is the first n of each stratum by SHA-256("seed:key"): by hand with one common tool, in whatever order the keys came.
Errors in money are projected by the stratified difference estimator (Cochran, ch. 5 and 7), error rates get the exact
interval of Clopper and Pearson.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

STEPS = 60


def deviate(confidence: float) -> float:
    """How many standard deviations hold that share of a normal distribution: 0.95 -> 1.96."""
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is none; it lies between 0 and 1")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def sample_size(population: int, confidence: float, margin: float, expected: float = 0.5) -> int:
    """How many to examine so that a rate is known to ±`margin`; `expected` 0.5 is the most careful guess.

    >>> sample_size(1000, 0.95, 0.05)
    278
    """
    if not 0 < margin < 1 or not 0 <= expected <= 1:
        raise ValueError(f"margin {margin} and expected rate {expected} are shares between 0 and 1")
    if population <= 0:
        return 0
    first = deviate(confidence) ** 2 * expected * (1 - expected) / margin**2
    if first <= 0:
        return 1
    return min(population, max(1, math.ceil(first / (1 + (first - 1) / population) - 1e-9)))


def allocate(strata: Mapping[str, int], size: int) -> dict[str, int]:
    """Share `size` among strata by their numbers (largest remainder); each that is not empty gets one at least."""
    whole = sum(strata.values())
    if whole == 0:
        return dict.fromkeys(strata, 0)
    size = min(whole, max(size, sum(1 for count in strata.values() if count)))
    exact = {name: size * count / whole for name, count in strata.items()}
    shares = {name: min(count, max(1 if count else 0, math.floor(exact[name]))) for name, count in strata.items()}
    order = sorted(strata, key=lambda name: (-(exact[name] - math.floor(exact[name])), name))
    while (missing := size - sum(shares.values())) != 0:
        step = 1 if missing > 0 else -1
        ranked = order if step > 0 else order[::-1]
        fits = [name for name in ranked if (shares[name] < strata[name] if step > 0 else shares[name] > 1)]
        for name in fits[: abs(missing)]:
            shares[name] += step
    return shares


def draw(keys: Iterable[int], size: int, seed: str) -> list[int]:
    """`size` of `keys` in the order of SHA-256("seed:key"); what comes after them are the substitutes, in order."""
    if size < 0:
        raise ValueError(f"a sample of {size} can't be drawn")
    return sorted(set(keys), key=lambda key: (_ticket(seed, key), key))[:size]


def population_hash(rows: Iterable[tuple[int, str, int]]) -> str:
    """Fingerprint of (key, stratum, fen), to be given in ascending order of keys: one a line, SHA-256 in hex."""
    digest = hashlib.sha256()
    for key, stratum, fen in rows:
        digest.update(f"{key}\t{stratum}\t{fen}\n".encode())
    return digest.hexdigest()


def _ticket(seed: str, key: int) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Examined:
    """One stratum: how many there are, and the error of each that was examined (what was paid less what was right)."""

    population: int
    errors: Sequence[int]


@dataclass(frozen=True, slots=True)
class Projection:
    """Errors in the whole: fen and its interval. `low` and `high` are None where a stratum has one examined row of
    several, for then nothing is known of its spread; all None where a stratum was not examined."""

    total: int | None
    low: int | None
    high: int | None


def project(strata: Iterable[Examined], confidence: float) -> Projection:
    """Stratified difference estimator: Σ N·mean, variance Σ N²·(1−n/N)·s²/n."""
    total, variance, known = 0.0, 0.0, True
    for one in strata:
        count, size = len(one.errors), one.population
        if size == 0:
            continue
        if count == 0:
            return Projection(None, None, None)
        mean = sum(one.errors) / count
        total += size * mean
        if count > 1:
            spread = sum((error - mean) ** 2 for error in one.errors) / (count - 1)
            variance += size**2 * (1 - count / size) * spread / count
        elif size > 1:
            known = False
    half = deviate(confidence) * math.sqrt(variance)
    return Projection(round(total), round(total - half) if known else None, round(total + half) if known else None)


def rate_interval(wrong: int, examined: int, confidence: float) -> tuple[float, float]:
    """Exact interval of a rate (Clopper–Pearson): 10 of 100 at 95 % -> 0.049 … 0.176.

    Nobody examined: nothing is known, 0 … 1.
    """
    if not 0 <= wrong <= examined:
        raise ValueError(f"{wrong} of {examined} is no rate")
    if examined == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if wrong == 0 else _root(lambda p: 1 - _at_most(wrong - 1, examined, p) - tail)
    high = 1.0 if wrong == examined else _root(lambda p: tail - _at_most(wrong, examined, p))
    return low, high


def _root(rising: Callable[[float], float]) -> float:
    """Where a function that rises from below zero on 0 … 1 crosses it."""
    low, high = 0.0, 1.0
    for _step in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _at_most(k: int, n: int, p: float) -> float:
    """P(X ≤ k) of a binomial distribution, by logarithms so that large n stay exact enough."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or k >= n else 0.0
    logs = (
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
        for i in range(k + 1)
    )  # fmt: skip
    return min(1.0, math.fsum(math.exp(one) for one in logs))
