"""One stream for all the tabs of a browser; polling goes on where there is none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from accounts.access import requires
from programmes.chosen import chosen_area_code
from telemetry.stream import open_stream, state_of_place


@require_GET
@requires("devices.view")
def heater_stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events of the chosen area; 204 while all places are taken."""
    area, user = chosen_area_code(request), request.user
    stream = open_stream(lambda: state_of_place(user, area))
    if stream is None:
        return HttpResponse(status=204)
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    response["Cache-Control"], response["X-Accel-Buffering"] = "no-cache", "no"
    return response
