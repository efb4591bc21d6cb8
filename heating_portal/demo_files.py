"""The demonstration's own roster, to try the import with; in any other mode there is no such address."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_GET

from accounts.access import requires


def demo_roster() -> Path | None:
    """The workbook with every common mistake that the demonstration left, if this is one and it did."""
    folder = settings.VAR_DIR / "demo-files"
    if not settings.DEMONSTRATION or not folder.is_dir():
        return None
    return next(iter(sorted(folder.glob("*.xlsx"))), None)


@require_GET
@requires("rosters.import")
def demo_file(request: HttpRequest) -> HttpResponseBase:
    found = demo_roster()
    if found is None:
        raise Http404
    return FileResponse(found.open("rb"), as_attachment=True, filename=found.name)
