"""What the works say to whoever moves dwellings between households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from households.holds import hold
from retrofits.models import Task


@hold
def works(dwellings: Sequence[int]) -> Mapping[int, str | Promise]:
    """Works that were done in a dwelling prove that it exists; a task only listed is withdrawn by the office first."""
    begun = Task.objects.filter(dwelling__in=dwellings).exclude(state=Task.State.WITHDRAWN)
    return dict.fromkeys(begun.values_list("dwelling_id", flat=True), _WORKS)


_WORKS = _("A retrofit task is open or done for it; have it withdrawn first.")
