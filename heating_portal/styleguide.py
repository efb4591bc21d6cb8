"""The style guide: every part of the interface, rendered from the very templates the pages use."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import signed_in
from core import clock


@dataclass(frozen=True)
class Sample:
    """A step, job or row of the guide; only the fields its part asks for are set."""

    title: str = ""
    state: str = ""
    who: str = ""
    when: dt.datetime | None = None
    words: str = ""
    due: str = ""
    icon: str = "circle-dashed"
    note: str = ""
    pk: int = 0
    done: int = 0
    total: int = 0
    unit: str = ""
    time_left: str = ""
    cancel_url: str = ""
    result_url: str = ""
    result_word: str = ""
    error: str = ""


class SampleForm(forms.Form):
    """Fields of every shape; the guide shows it with mistakes in it."""

    id_number = forms.CharField(label=_("Identity number"), help_text=_("18 characters, as on the card"))
    heated_area = forms.DecimalField(label=_("Heated area/m²"), min_value=10, max_value=500)
    route = forms.ChoiceField(
        label=_("Technology"), choices=[("elec", _("Coal to electricity")), ("gas", _("Coal to gas"))]
    )
    opinion = forms.ChoiceField(
        label=_("Opinion"),
        widget=forms.RadioSelect,
        choices=[("yes", _("agree")), ("no", _("return")), ("later", _("wait"))],
    )
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


def _chain(now: dt.datetime) -> list[Sample]:
    day = dt.timedelta(days=1)
    return [
        Sample(_("Village notice"), "did", _("9 villages"), now - 9 * day, _("one objection, closed")),
        Sample(_("Town submits"), "did", "孙占位", now - 5 * day, _("papers complete")),
        Sample(_("Office reviews"), "did", "何辛八", now - day, _("21 households visited")),
        Sample(_("Finance approves"), "now", "冯样例", now, due=_("due today")),
        Sample(_("Bank pays"), "wait", _("Sample Rural Bank"), icon="building-bank"),
    ]


def _jobs() -> list[Sample]:
    return [
        Sample(
            _("Export the ledger"), "running", pk=1, done=8214, total=24961, time_left=_("40 seconds"), cancel_url="#"
        ),
        Sample(_("Import a roster, 600 rows"), "succeeded", pk=2, result_url="#", result_word=_("repair 37 rows")),
        Sample(
            _("Bank return, third file"),
            "failed",
            pk=3,
            result_url="#",
            error=_("The file's sum is not the batch's sum."),
        ),
    ]


def _statuses() -> list[tuple[str, str, str]]:
    return [
        ("", _("not started"), _("nothing done yet, or a draft")),
        ("busy", _("installing"), _("in somebody else's hands")),
        ("warn", _("waits for you"), _("waits for the reader, or needs a look")),
        ("note", _("public notice"), _("open to the public, clock running")),
        ("ok", _("accepted"), _("just passed, next step is open")),
        ("done", _("paid"), _("finished, steps back")),
        ("bad", _("returned by the bank"), _("failed, returned, overdue, fault")),
        ("void", _("void"), _("not counted, kept as a trace")),
    ]


COLOURS = ("brand", "brand-mid", "brand-line", "brand-soft", "seal", "ember", "ink", "ink-3")
TECHNOLOGIES = ("elec", "gas", "grid", "waste", "solar", "bio", "shell")
TEMPERATURES = ("t-supply", "t-return", "t-indoor", "t-outdoor", "t-set")
TOWNS = (("省庄镇", 7312, 5880, 4210, 8420), ("邱家店镇", 6690, 5034, 3606, 7936), ("上高街道", 3060, 2486, 1902, 3315))


def context() -> dict[str, Any]:
    """Everything the guide shows; invented people and numbers."""
    now = clock.now()
    return {
        "colours": COLOURS, "technologies": TECHNOLOGIES, "temperatures": TEMPERATURES, "towns": TOWNS,
        "statuses": _statuses(), "chain_steps": _chain(now), "jobs": _jobs(),
        "stages": [Sample(_("Confirmed"), "did", note="06-28"), Sample(_("Installed"), "did", note="09-17"),
                   Sample(_("Accepted"), "now", note=_("today")), Sample(_("Paid"))],
        "form": SampleForm({"id_number": "", "heated_area": "一百二", "route": "elec"}),
        "decision": SampleForm(prefix="decision"),
        "facts_rows": [(_("Household number"), "QJD-03-0147"), (_("Village"), "前旧县村"), (_("Card"), None)],
        "now": now, "yesterday": now - dt.timedelta(days=1), "long_ago": dt.date(2020, 12, 5),
        "temperatures_24h": [41.2, 42.0, 41.1, None, None, 43.0, 44.6, 44.1, 40.2, 41.0, 43.9],
    }  # fmt: skip


@signed_in
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("26 households were given to the inspectors."))
    return render(request, "styleguide.html", context())
