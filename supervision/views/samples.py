"""Product sampling (J-53): results of laboratories, and the block of a failed one lifted."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.owning import narrowed
from core import clock
from core.tables import Column, build_table, render_table
from devices.models import ModelSample
from programmes.chosen import chosen_programme
from supervision.forms import SampleForm
from supervision.services import samples
from supervision.views.posting import done, posted, programme_of

ACT, RECORD = "supervision.act", "samples.record"
SAMPLES = (
    Column("report_no", gettext_lazy("number of the report"), kind="id", order_by="report_no"),
    Column("device_model", gettext_lazy("Product"), order_by="device_model__model_no"),
    Column("supplier", gettext_lazy("enterprise"), value=lambda row: row.device_model.supplier),
    Column("batch_no", gettext_lazy("Batch"), kind="mono", order_by="batch_no"),
    Column("result", gettext_lazy("Result"), template="supervision/sample_cell.html", order_by="result"),
    Column("sampled_on", gettext_lazy("Sampled on"), kind="when", order_by="sampled_on"),
    Column("laboratory", gettext_lazy("Laboratory"), kind="soft", priority=3),
    Column("findings", gettext_lazy("What was found"), kind="soft", priority=2),
    Column("lift", gettext_lazy("Block"), template="supervision/lift_cell.html", value=lambda row: row.blocks),
)


@requires("devices.view", RECORD)
@require_GET
def sample_list(request: HttpRequest) -> HttpResponse:
    """Results of the chosen programme; an organisation sees those of its own products."""
    user: Any = request.user
    programme = chosen_programme(request)
    rows = ModelSample.objects.filter(programme=programme).select_related("device_model__supplier")
    if not user.has_right(RECORD):
        rows = narrowed(rows, user, ModelSample.view_right)
    table = build_table(
        request, rows, SAMPLES, unit=_("results"), default_sort="-sampled_on",
        empty=(_("No result yet"), _("Laboratories' results of product sampling are recorded here.")),
    )  # fmt: skip
    may = user.has_right(RECORD) and programme is not None
    context = {"form": SampleForm(auto_id="sample_%s") if may else None, "may_lift": user.has_right(ACT)}
    return render_table(request, "supervision/samples.html", table, context)


@requires(RECORD, ACT)
@require_POST
def sample_act(request: HttpRequest) -> HttpResponse:
    """A result recorded, or the block of a failed one lifted with a reason."""
    back, user = reverse("supervision:sample-list"), request.user
    if request.POST.get("deed") == "lift":
        sample, words = _sample(request), request.POST.get("words", "")
        return done(request, partial(samples.lift_block, sample=sample, reason=words, on=clock.today(), by=user), back)

    def record(data: dict[str, Any]) -> None:
        samples.record_sample(programme=programme_of(request), **data, by=user)  # type: ignore[arg-type]

    return posted(request, SampleForm(request.POST), record, back)


def _sample(request: HttpRequest) -> ModelSample:
    key = request.POST.get("sample", "")
    rows = ModelSample.objects.visible_to(request.user, ACT)
    found: ModelSample | None = rows.filter(pk=int(key) if key.isdigit() else 0).first()
    if found is None:
        raise Http404
    return found
