"""Change requests: the list, asking, one request before and after, the decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN
from core.files import open_file
from core.papers import MAX_BYTES
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from households import change_queries, register_queries
from households import change_rules as rules
from households.change_forms import ChangeForm, DecisionForm
from households.models import ChangeDocument, ChangeRequest, Dwelling
from households.register_filters import ChangeFilter
from households.services import changes
from programmes.chosen import chosen_area_code

VIEW = "households.view"
COLUMNS = (
    Column("number", gettext_lazy("Number"), kind="id", order_by="asked_at", link=True),
    Column("kind", gettext_lazy("Type of change"), value=lambda row: row.get_kind_display(), order_by="kind"),
    Column("dwelling.household.head_name", gettext_lazy("Head of household")),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("reason", gettext_lazy("Reason"), kind="soft", priority=2),
    Column("asked_by.person_name", gettext_lazy("Asked by"), priority=2),
    Column("asked_at", gettext_lazy("Asked"), kind="when", order_by="asked_at"),
    Column("state", gettext_lazy("State"), template="households/change_state.html", order_by="state"),
)


@requires(VIEW)
@require_GET
def change_list(request: HttpRequest) -> HttpResponse:
    rows = register_queries.narrowed(ChangeRequest.objects.visible_to(request.user), chosen_area_code(request))
    table = build_table(
        request, rows.select_related("dwelling__household", "area", "asked_by"), COLUMNS, filterset=ChangeFilter,
        unit=_("requests"), row_url=lambda row: reverse("households:change-detail", args=[row.pk]),
        default_sort="-asked_at",
        views=[View(_("All"), ""), View(_("Wait for me"), "mine=yes"), View(_("Returned"), "state=returned")],
        empty=(_("No change was asked for yet"), _("A change of an approved list begins in the household's form.")),
    )  # fmt: skip
    return render_table(request, "households/change_list.html", table)


@requires(rules.ASK)
@require_http_methods(["GET", "POST"])
def change_new(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """Ask for one kind of change; without a kind the page offers them all."""
    rows = Dwelling.objects.select_related("household", "area")
    dwelling = get_visible_or_404(rows, request.user, rules.ASK, dwelling_no=dwelling_no)
    kind = rules.KINDS.get(request.GET.get("kind", ""))
    context: dict[str, Any] = {"dwelling": dwelling, "kinds": _offered(dwelling), "kind": kind}
    if kind is None:
        if request.method == "POST":
            raise Http404
        context["waiting"] = dwelling.change_requests.filter(state=rules.ASKED).first()
        return render(request, "households/change_new.html", context)
    form = ChangeForm(kind, dwelling, request.POST or None, request.FILES or None)
    context |= {"form": form, "title": ChangeRequest.Kind(kind.code).label}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = _ask(request, dwelling, form)
                return redirect("households:change-detail", made.pk)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = refusal.status
    return render(request, "households/change_new.html", context, status=status)


def _offered(dwelling: Dwelling) -> list[tuple[str, Any]]:
    """An excluded dwelling can come back; every other kind is for those that are in."""
    back = rules.COME_BACK
    return [(code, label) for code, label in ChangeRequest.Kind.choices if (code == back) == bool(dwelling.exclusion)]


def _ask(request: HttpRequest, dwelling: Dwelling, form: ChangeForm) -> ChangeRequest:
    data, other = form.cleaned_data, None
    if form.kind.code == rules.MERGE:
        number = str(data["other"]).strip().upper()
        other = Dwelling.objects.visible_to(request.user).filter(dwelling_no=number).first()
        if other is None:
            raise Refused("DWELLING_UNKNOWN", _("No dwelling “%(number)s” in your area."), number=number)
    papers = [(file.name or "", file.read(MAX_BYTES + 1)) for file in request.FILES.getlist("papers")]
    made = changes.ask_change(
        dwelling=dwelling, kind=form.kind.code, wanted=form.wanted(), reason=data["reason"], papers=papers,
        other=other, by=request.user,  # type: ignore[arg-type]
    )  # fmt: skip
    messages.success(request, _("Change %(number)s waits for its decision.") % {"number": made.number})
    return made


@requires(VIEW)
@require_GET
def change_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, _change(request, pk))


def _change(request: HttpRequest, pk: int) -> ChangeRequest:
    rows = ChangeRequest.objects.select_related(*change_queries.RELATED)
    found: ChangeRequest = get_visible_or_404(rows, request.user, VIEW, pk=pk)
    return found


def _detail(request: HttpRequest, change: ChangeRequest, form: DecisionForm | None = None) -> HttpResponse:
    user: Any = request.user
    waits = change.state == rules.ASKED
    context = {
        "change": change,
        "lines": change_queries.lines_of(change),
        "papers": list(change.papers.select_related("document")),
        "chain": _chain(change),
        "may_decide": waits and changes.may_decide(change, user),
        "may_withdraw": waits and change.asked_person_no == user.person_no,
        "form": form or DecisionForm(),
    }
    return render(request, "households/change_detail.html", context, status=422 if form and form.errors else 200)


def _chain(change: ChangeRequest) -> list[dict[str, Any]]:
    asked = {"title": _("Asked"), "state": "did", "who": change.asked_by.person_name, "when": change.asked_at,
             "words": change.reason}  # fmt: skip
    titles = {rules.TOWN: _("Programme office"), rules.OFFICE: _("Leading group")}
    decided: dict[str, Any] = {"title": titles[change.level], "state": "now"}
    if change.decided_by is not None:
        decided |= {
            "state": "did" if change.state == rules.APPROVED else "back", "who": change.decided_by.person_name,
            "when": change.decided_at, "words": change.decision_words,
        }  # fmt: skip
    elif change.state == rules.WITHDRAWN:
        decided["state"] = "wait"
    return [asked, decided]


@requires(VIEW)
@require_GET
def change_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The request as a form on A4, with room for the seals of village, town and the level that decides.

    In Chinese as every form, whoever prints it: it is sealed and filed.
    """
    change = _change(request, pk)
    town = Area.objects.filter(pk=change.area_id[: CODE_LENGTHS[TOWN]]).first()
    with translation.override("zh-hans"):
        context = {
            "change": change,
            "town": town,
            "lines": change_queries.lines_of(change),
            "papers": [one.document.file_name for one in change.papers.select_related("document")],
            "code": change_queries.form_code(change),
        }
        return render(request, "households/change_print.html", context)


@requires(VIEW)
@require_POST
def change_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or return, by the level above; never by who asked."""
    change = _change(request, pk)
    get_visible_or_404(ChangeRequest, request.user, rules.DECIDES[change.level], pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _detail(request, change, form)
    words, user = form.cleaned_data["words"], request.user
    try:
        if request.POST.get("decision") == "approve":
            changes.approve_change(change=change, by=user, words=words)  # type: ignore[arg-type]
            messages.success(request, _("Change %(number)s is approved and applied.") % {"number": change.number})
        else:
            changes.return_change(change=change, by=user, words=words)  # type: ignore[arg-type]
            messages.success(request, _("Change %(number)s was returned.") % {"number": change.number})
    except Refused as refusal:
        if refusal.status == 409:
            raise
        form.add_error(None, refusal.sentence)
        return _detail(request, change, form)
    return redirect("households:change-detail", pk)


@requires(rules.ASK)
@require_POST
def change_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_visible_or_404(ChangeRequest, request.user, rules.ASK, pk=pk)
    changes.withdraw_change(change=change, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Change %(number)s was taken back.") % {"number": change.number})
    return redirect("households:change-detail", pk)


@requires(VIEW)
@require_GET
def change_paper(request: HttpRequest, pk: int, paper: int) -> HttpResponse | FileResponse:
    """A paper of a request, as it was cleaned."""
    change = get_visible_or_404(ChangeRequest, request.user, VIEW, pk=pk)
    found = ChangeDocument.objects.select_related("document").filter(change=change, pk=paper).first()
    if found is None:
        raise Http404
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(
        open_file(found.document.stored_name), content_type=found.document.content_type, headers=headers
    )
