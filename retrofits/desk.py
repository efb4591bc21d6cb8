"""What the works say to whoever moves dwellings between households, and to the duplicate desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from households.holds import hold
from households.serials import serial_source
from retrofits.models import Installation, Task


@hold
def works(dwellings: Sequence[int]) -> Mapping[int, str | Promise]:
    """Works that were done in a dwelling prove that it exists; a task only listed is withdrawn by the office first."""
    begun = Task.objects.filter(dwelling__in=dwellings).exclude(state=Task.State.WITHDRAWN)
    return dict.fromkeys(begun.values_list("dwelling_id", flat=True), _WORKS)


_WORKS = _("A retrofit task is open or done for it; have it withdrawn first.")


@serial_source
def installed() -> Iterable[tuple[int, str]]:
    """Factory codes of the installation records: a heater may stand in two records under two spellings."""
    records = Installation.objects.exclude(task__state=Task.State.WITHDRAWN).order_by("pk")
    return records.values_list("task__dwelling_id", "factory_address_code").iterator()
