"""How often one address may do something on a public page, counted for all processes together."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.cache import cache
from redis import Redis, RedisError

logger = logging.getLogger(__name__)
PATIENCE = 0.5
"""Seconds a page waits for Redis before it counts by itself."""


def is_too_often(deed: str, address: str, *, limit: int, seconds: int) -> bool:
    """Counts this time; True beyond `limit` in a window of `seconds`. Without Redis each process counts for itself."""
    key = f"often:{deed}:{address}"
    try:
        return _together(key, seconds) > limit
    except RedisError:
        logger.warning("Redis does not answer: looks at public pages are counted by each process for itself")
        return _alone(key, seconds) > limit


def _together(key: str, seconds: int) -> int:
    with Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE) as line:
        line.set(key, 0, ex=seconds, nx=True)
        return int(line.incr(key))


def _alone(key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        return 1
