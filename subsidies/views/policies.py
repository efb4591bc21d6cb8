"""Policies in plain sentences: what each rule pays, from which clause, within which cap, by whom; and their release."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_programme
from subsidies.forms import PolicyFileForm
from subsidies.models import Policy
from subsidies.rules.documents import MAX_BYTES
from subsidies.sentences import benefit_rows, option_rows
from subsidies.services import policies

COLUMNS = (
    Column("title", gettext_lazy("Title"), link=True, order_by="title"),
    Column("document_number", gettext_lazy("Document"), order_by="document_number"),
    Column("version_no", gettext_lazy("Version"), kind="number", order_by="version_no"),
    Column("valid_from", gettext_lazy("From"), kind="when", order_by="valid_from"),
    Column("valid_to", gettext_lazy("Until"), kind="when", order_by="valid_to"),
    Column("drafted_by", gettext_lazy("Drafted by"), priority=3),
    Column("released_by", gettext_lazy("Released by"), priority=3),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)


@requires("policies.view")
@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    rows = (
        Policy.objects.visible_to(request.user).filter(programme=programme).select_related("drafted_by", "released_by")
    )
    table = build_table(
        request, rows, COLUMNS, unit=_("versions"), default_sort="-version_no",
        row_url=lambda row: reverse("subsidies:policy-detail", args=[row.pk]),
        empty=(_("No policy yet"), _("Without a released policy nothing is calculated; nothing is taken for zero.")),
    )  # fmt: skip
    may_draft = programme is not None and request.user.has_right("policies.draft", programme.area_id)
    return render_table(request, "subsidies/policy_list.html", table, {"may_draft": may_draft})


@requires("policies.view")
@require_GET
def policy_detail(request: HttpRequest, pk: int) -> HttpResponse:
    policy = get_visible_or_404(_rows(), request.user, pk=pk)
    read = policies.read_policy(policy.document, policy.options)
    used = policy.programme.settings.get("policies")
    user, place = request.user, policy.area_id
    drafter = policy.drafted_person_no
    context: dict[str, Any] = {
        "policy": policy,
        "read": read,
        "benefits": benefit_rows(policy.document, policy.options, used),
        "options": option_rows(read),
        "may_take_over": policy.state == "draft" and not drafter and user.has_right("policies.draft", place),
        "may_release": policy.state == "draft" and drafter not in ("", user.person_no)
        and user.has_right("policies.release", place),
        "others": Policy.objects.filter(programme=policy.programme_id, code=policy.code).order_by("-version_no"),
    }  # fmt: skip
    return render(request, "subsidies/policy_detail.html", context)


@requires("policies.draft")
@require_http_methods(["GET", "POST"])
def policy_new(request: HttpRequest) -> HttpResponse:
    """Load a document as a draft; everything that is wrong with it at once, each with its line."""
    programme = chosen_programme(request)
    if programme is None or not request.user.has_right("policies.draft", programme.area_id):
        raise Http404
    form = PolicyFileForm(request.POST or None, request.FILES or None)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            text = form.cleaned_data["file"].read(MAX_BYTES + 1).decode("utf-8")
            policy = policies.draft_policy(programme=programme, document=text, by=request.user)  # type: ignore[arg-type]
            return redirect("subsidies:policy-detail", policy.pk)
        except UnicodeDecodeError:
            form.add_error("file", _("The document is not UTF-8 text; save it as UTF-8."))
        except Refused as refusal:
            problems = getattr(refusal, "problems", [])
            form.add_error("file", refusal.sentence)
    context = {"form": form, "programme": programme, "problems": problems}
    return render(request, "subsidies/policy_new.html", context, status=422 if form.errors else 200)


@requires("policies.draft")
@require_POST
def policy_take_over(request: HttpRequest, pk: int) -> HttpResponse:
    policy = get_visible_or_404(_rows(), request.user, "policies.draft", pk=pk)
    policies.take_over_draft(policy=policy, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("You answer for this draft now. Another person releases it."))
    return redirect("subsidies:policy-detail", pk)


@requires("policies.release")
@require_POST
def policy_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze it for use, with a one-time code bound to exactly this content."""
    policy = get_visible_or_404(_rows(), request.user, "policies.release", pk=pk)
    shown = request.POST.get("sha256", "")
    step_up.demand(request, f"policy-release:{policy.pk}:{shown}")
    policies.release_policy(policy=policy, sha256=shown, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Version %(n)d is released and frozen.") % {"n": policy.version_no})
    return redirect("subsidies:policy-detail", pk)


def _rows() -> Any:
    return Policy.objects.select_related("programme", "area", "drafted_by", "released_by")
