"""For supervisors and load balancers: does the process live, can it work?"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from accounts.access import public
from accounts.history import watching


@require_safe
@public
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@public
def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers. Redis away is told but does not stop work: jobs wait in the database; nor does a
    sealer that has stopped, which a site's monitoring should ring for (`history` is `late`).
    """
    history = "late" if watching.is_late() else "ok"
    return JsonResponse({"database": "ok", "redis": redis_state(), "history": history})


def redis_state() -> str:
    """ "ok" or "away"; waits a second at most."""
    try:
        Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except RedisError:
        return "away"
    return "ok"
