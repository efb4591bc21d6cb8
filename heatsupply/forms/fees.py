"""Forms of the fees half of the room: what is asked for, how it is worded; services judge."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from heatsupply.models import FeeAccount, FeeLine, HeatingCompany, RoomSample, SupplyFault, SurveyAnswer
from retrofits.works_forms import INPUT, day, degrees, offer, one_of, pick, text, whole

MOMENT = "%Y-%m-%dT%H:%M"
WORKBOOKS = ".xlsx,.xls,.ods,.csv"


def moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={**INPUT, "type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[MOMENT, "%Y-%m-%d %H:%M"])


def reason(label: Any, *, required: bool = False, limit: int = 300) -> forms.CharField:
    widget = forms.Textarea(attrs={**INPUT, "rows": 3})
    return forms.CharField(label=label, required=required, max_length=limit, widget=widget)


class OfCompany(forms.Form):
    """A form about one of the companies the person keeps."""

    company = one_of(_("company"), HeatingCompany.objects.none())

    def __init__(self, *args: Any, companies: QuerySet[HeatingCompany], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]


class ImportForm(OfCompany):
    season = text(_("season"), 9, help_text=_("Like 2022-2023."))
    file = forms.FileField(
        label=_("workbook"), widget=forms.ClearableFileInput(attrs={**INPUT, "accept": WORKBOOKS}),
        help_text=_("It is tried first: you see what it would do before anything is stored."),
    )  # fmt: skip


class FaultForm(OfCompany):
    season = text(_("season"), 9, help_text=_("Like 2022-2023."))
    fault = pick(_("fault"), SupplyFault.Fault.choices)
    starts_at = moment(_("start of the fault"))
    ends_at = moment(_("end of the fault"))
    compound_name = text(_("compound"), 80, required=False, help_text=_("Empty: all users of the company."))
    words = reason(_("what happened"), required=True)


class AccountFaultForm(forms.Form):
    fault = pick(_("fault"), SupplyFault.Fault.choices)
    starts_at = moment(_("start of the fault"))
    ends_at = moment(_("end of the fault"))
    words = reason(_("what happened"), required=True)


class CauseForm(forms.Form):
    cause = pick(_("cause"), SupplyFault.Cause.choices)
    words = reason(_("grounds"), required=True)


class DecisionForm(forms.Form):
    approve = pick(_("decision"), [("yes", _("approve")), ("no", _("refuse"))])
    words = reason(_("words"), limit=500)


class CounterForm(forms.Form):
    """For one line of the account; the view names the lines."""

    words = reason(_("why the line is taken back"), required=True, limit=200)


class PaybackForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)
    yuan = text(_("amount/CNY"), 20)
    on = day(_("day"))
    channel = pick(_("channel"), FeeLine.Channel.choices)


class ArrearsForm(forms.Form):
    arrears = pick(_("class of arrears"), FeeAccount.Arrears.choices)
    measure = pick(_("measure"), FeeAccount.Measure.choices)
    words = reason(_("what is agreed"))


class AccountSampleForm(forms.Form):
    room_c = degrees(_("room temperature/℃"))
    source = pick(_("how"), [one for one in RoomSample.Source.choices if one[0] != RoomSample.Source.SENSOR])
    measured_at = moment(_("measured"))
    words = text(_("remark"), 200, required=False)


class SampleForm(OfCompany, AccountSampleForm):
    field_order = ("company", "room_c", "source", "measured_at", "words")


class SensorForm(OfCompany):
    """Takes the newest values of the running season."""


class SurveyForm(OfCompany):
    season = text(_("season"), 9, help_text=_("Like 2022-2023."))
    name = text(_("name"), 80)
    size = whole(_("sample size"), high=500)
    seed = text(_("seed"), 40, required=False, help_text=_("Empty: one is drawn and kept."))


class AnswerForm(forms.Form):
    reached = pick(_("reached"), [one for one in SurveyAnswer.Reached.choices if one[0]])
    score = pick(_("how content"), [("", "—"), *((str(n), str(n)) for n in (5, 4, 3, 2, 1))], required=False)
    words = text(_("words"), 300, required=False)


class CounterApplyForm(forms.Form):
    """Somebody applies at the counter; the account is known."""

    applicant_name = text(_("applicant"), 40)
    phone = text(_("phone"), 30, required=False)
    words = reason(_("reason"), limit=500)


class SuspendForm(forms.Form):
    """The public page. Nothing of it is looked up where the asker could see it."""

    area = one_of(_("place"), Area.objects.none())
    account_no = text(_("account number"), 80, help_text=_("As it stands on the heat bill."))
    applicant_name = text(_("name on the heat bill"), 40)
    phone = text(_("phone"), 30, required=False)
    address = text(_("address"), 200, required=False)
    words = reason(_("reason"), limit=500)
    website = forms.CharField(required=False, widget=forms.HiddenInput)  # filled by robots only

    def __init__(self, *args: Any, places: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = places  # type: ignore[attr-defined]
        self.fields["area"].label_from_instance = _place_name  # type: ignore[attr-defined]


def _place_name(area: Area) -> str:
    return f"{area.parent.name} · {area.name}" if area.parent else area.name


class LookForm(forms.Form):
    number = text(_("number"), 20)
    code = text(_("look-up code"), 20)


def offered(form: Any, companies: Iterable[HeatingCompany], season: str = "") -> Any:
    """A form that is only drawn: its companies were read already, its season is the shown one."""
    rows = [(one.pk, one.name) for one in companies]
    offer(form, "company", rows)
    if len(rows) == 1:
        form.initial["company"] = rows[0][0]
    if season and "season" in form.fields:
        form.initial["season"] = season
    return form


def aware(value: datetime) -> datetime:
    return value if timezone.is_aware(value) else timezone.make_aware(value)
