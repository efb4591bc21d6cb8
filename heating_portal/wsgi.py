import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from heating_portal.deep_calls import with_room
from heating_portal.garbage import forget_what_is_loaded, look_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
look_rarely()
answer = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  (all pages, before the web server's processes part and each loads its own)
forget_what_is_loaded()


@with_room
def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return answer(environ, start_response)
