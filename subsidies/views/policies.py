"""Policies at the desk: versions in plain sentences, documents typed or loaded with live checks, switches, release."""

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
from jobs.services import enqueue
from programmes.chosen import chosen_programme
from subsidies import desk_reading
from subsidies.forms import ReasonForm
from subsidies.models import Policy
from subsidies.policy_forms import PolicyDocumentForm, SwitchesForm
from subsidies.sentences import benefit_rows
from subsidies.services import policies, switches
from subsidies.tasks import COMPARE

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
    """One version: what it pays, its open questions with who answered them, and how far it is to its release."""
    return _detail(request, get_visible_or_404(_rows(), request.user, pk=pk))


@requires("policies.view")
@require_GET
def question_list(request: HttpRequest) -> HttpResponse:
    """The 26 open questions with what holds in the chosen programme's newest version."""
    programme = chosen_programme(request)
    rows = Policy.objects.visible_to(request.user).filter(programme=programme).select_related("programme")
    policy = rows.order_by("-id").first()
    context = {"policy": policy, "questions": desk_reading.question_rows(policy)}
    return render(request, "subsidies/policy_questions.html", context)


@requires("policies.draft")
@require_http_methods(["GET", "POST"])
def policy_new(request: HttpRequest) -> HttpResponse:
    """Type, change or load a document as a draft; everything that is wrong with it at once, each with its line.

    `?base=` names the version whose text and answers the draft begins with.
    """
    programme = chosen_programme(request)
    if programme is None or not request.user.has_right("policies.draft", programme.area_id):
        raise Http404
    base = _base(request, programme.pk)
    initial = {"document": base.document} if base else {}
    form = PolicyDocumentForm(request.POST or None, request.FILES or None, initial=initial)
    context: dict[str, Any] = {"form": form, "programme": programme, "base": base}
    if request.method == "GET" and base:
        context["checked"] = desk_reading.check(base.document)
    if request.method == "POST":
        try:
            if form.is_valid():
                return redirect("subsidies:policy-detail", _draft(request, form.cleaned_data["document"], base).pk)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        context["checked"] = desk_reading.check(form.cleaned_data.get("document", ""))
        # What was loaded from a file stands in the text, so that it can be put right here.
        form.data = {**form.data.dict(), "document": form.cleaned_data.get("document", "")}
    return render(request, "subsidies/policy_new.html", context, status=422 if form.errors else 200)


@requires("policies.draft")
@require_POST
def policy_check(request: HttpRequest) -> HttpResponse:
    """What is wrong with a text, or what it says: the part of the page that follows the typing."""
    document = request.POST.get("document", "").replace("\r\n", "\n")
    return render(request, "subsidies/policy_checked.html", {"checked": desk_reading.check(document)})


@requires("policies.draft")
@require_POST
def policy_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Other answers to the open questions: always a new draft, this version stays as it is."""
    policy = get_visible_or_404(_rows(), request.user, "policies.draft", pk=pk)
    form = SwitchesForm(policies.read_policy(policy.document, policy.options).options, request.POST)
    if not form.is_valid():
        return _detail(request, policy, switches_form=form)
    try:
        made = switches.answer_questions(
            policy=policy, answers=form.answers(), reason=form.cleaned_data["reason"], by=request.user
        )
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        for words in getattr(refusal, "problems", ()):
            form.add_error(None, words)
        return _detail(request, policy, switches_form=form)
    messages.success(request, _("Version %(n)d is a new draft with these answers.") % {"n": made.version_no})
    return redirect("subsidies:policy-detail", made.pk)


@requires("policies.draft")
@require_POST
def policy_take_over(request: HttpRequest, pk: int) -> HttpResponse:
    policy = get_visible_or_404(_rows(), request.user, "policies.draft", pk=pk)
    policies.take_over_draft(policy=policy, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("You answer for this draft now. Another person releases it."))
    return redirect("subsidies:policy-detail", pk)


@requires("policies.draft")
@require_POST
def policy_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft away, with a reason."""
    policy = get_visible_or_404(_rows(), request.user, "policies.draft", pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _detail(request, policy, discard=form)
    policies.discard_draft(policy=policy, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Version %(n)d is discarded; it can still be read.") % {"n": policy.version_no})
    return redirect("subsidies:policy-list")


@requires("policies.release")
@require_POST
def policy_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze it for use, with a one-time code bound to exactly this content; then look for differences."""
    policy = get_visible_or_404(_rows(), request.user, "policies.release", pk=pk)
    shown = request.POST.get("sha256", "")
    step_up.demand(request, f"policy-release:{policy.pk}:{shown}")
    policies.release_policy(policy=policy, sha256=shown, by=request.user)  # type: ignore[arg-type]
    enqueue(kind=COMPARE, args={"programme_id": policy.programme_id}, by=request.user, area=policy.area_id)  # type: ignore[arg-type]
    messages.success(request, _("Version %(n)d is released and frozen.") % {"n": policy.version_no})
    return redirect("subsidies:policy-detail", pk)


def _detail(
    request: HttpRequest, policy: Policy, switches_form: SwitchesForm | None = None, discard: ReasonForm | None = None
) -> HttpResponse:
    read = policies.read_policy(policy.document, policy.options)
    reading = desk_reading.version(policy, request.user)
    form = switches_form or SwitchesForm(read.options)
    context: dict[str, Any] = {
        "policy": policy,
        "read": read,
        "benefits": benefit_rows(policy.document, policy.options, policy.programme.settings.get("policies")),
        "options": desk_reading.option_rows(read, form, reading.decisions),
        "switches_form": form,
        "discard": discard or ReasonForm(auto_id="id_discard_%s"),
        **reading.context(),
    }
    return render(request, "subsidies/policy_detail.html", context, status=422 if switches_form or discard else 200)


def _draft(request: HttpRequest, document: str, base: Policy | None) -> Policy:
    programme = chosen_programme(request)
    options = switches.kept_options(document, base.options) if base else {}
    return policies.draft_policy(programme=programme, document=document, options=options, by=request.user)  # type: ignore[arg-type]


def _base(request: HttpRequest, programme_id: int) -> Policy | None:
    key = request.GET.get("base", "")
    if not key.isdecimal():
        return None
    return get_visible_or_404(_rows(), request.user, "policies.draft", pk=int(key), programme=programme_id)  # type: ignore[no-any-return]


def _rows() -> Any:
    return Policy.objects.select_related("programme", "area", "drafted_by", "released_by")
