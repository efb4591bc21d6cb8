"""Shape and wording of what people enter about the money; nothing is decided here."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core.money import MoneyError, parse_yuan
from core.together import read_together
from programmes.models import Programme
from subsidies.models import Entitlement
from subsidies.services.policies import titles_in, versions_of
from subsidies.value_words import money_fault
from subsidies.wording import rule_choices, source_name

AGREE, RETURN = "agree", "return"
STATEMENTS = ("balances", "proven", "sampled")
LINE_WORDS = re.compile(r"(\d{1,6})[\s、.．:：,，]+(\S.{0,299})")


def _text(label: Any, limit: int, *, required: bool = True, rows: int = 0) -> forms.CharField:
    widget = (
        forms.Textarea(attrs={"class": "input", "rows": rows}) if rows else forms.TextInput(attrs={"class": "input"})
    )
    return forms.CharField(label=label, max_length=limit, required=required, widget=widget)


class RequestForm(forms.Form):
    """Carries the number made when the form was shown, so that pressing twice is doing once."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class ReasonForm(forms.Form):
    reason = _text(_("Reason"), 300)


class SignForm(RequestForm):
    """A signer's opinion over exactly the content that was shown."""

    decision = forms.ChoiceField(
        label=_("Opinion"),
        choices=[(AGREE, _("Agree")), (RETURN, _("Return"))],
        initial=AGREE,
        widget=forms.RadioSelect,
    )
    comment = _text(_("Words; needed for a return"), 300, required=False, rows=3)
    lines = _text(_("Single payments: one per row, its number and what is wrong"), 5000, required=False, rows=2)
    balances = forms.BooleanField(label=_("I have checked that no fund falls below zero"), required=False)
    proven = forms.BooleanField(
        label=_("I have read the evidence, what is missing in it and what changed"),
        required=False,
    )
    sampled = forms.BooleanField(label=_("I have looked at the sample"), required=False)
    shown_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)
    step = forms.CharField(max_length=24, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("decision") == RETURN and not data.get("comment", "").strip():
            self.add_error("comment", _("Say which households and why."))
        if data.get("decision") == RETURN and data.get("lines"):
            self._read_lines(data)
        if data.get("decision") == AGREE and data.get("lines", "").strip():
            words = _("Words on single payments go with a return. Choose “Return”, or clear them to agree.")
            self.add_error("lines", words)
        if data.get("decision") == AGREE and not all(data.get(name) for name in STATEMENTS):
            self.add_error(None, _("Tick all three statements before you agree."))
        return data

    def _read_lines(self, data: dict[str, Any]) -> None:
        """The row “17 户名不符” becomes {17: "户名不符"}; every row that is not of this kind is named."""
        rows = [row.strip() for row in data["lines"].splitlines() if row.strip()]
        found = [LINE_WORDS.fullmatch(row) for row in rows]
        wrong = [row for row, match in zip(rows, found, strict=True) if match is None]
        if wrong:
            words = _("Begin every row with the payment's number, then what is wrong: %(rows)s")
            self.add_error("lines", words % {"rows": "；".join(wrong[:5])})
        data["remarks"] = {int(match[1]): match[2].strip() for match in found if match}


class BatchForm(RequestForm):
    """Which places and which rule a new batch gathers."""

    areas = forms.ModelMultipleChoiceField(
        Area.objects.none(), label=_("Places"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one village in the list.")},
    )  # fmt: skip
    benefit = forms.ChoiceField(label=_("Rule"), required=False, widget=forms.Select(attrs={"class": "input"}))
    title = _text(_("Title"), 120, required=False)

    def __init__(self, programme: Programme, places: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["areas"].queryset = places  # type: ignore[attr-defined]
        rules = Entitlement.objects.filter(programme=programme, state="payable").values_list("benefit", flat=True)
        versions = versions_of(programme)
        read_together(rules, versions)
        titles = titles_in(versions)
        choices = rule_choices({rule: titles.get(rule, "") for rule in rules})
        self.fields["benefit"].choices = [("", _("all rules")), *choices]  # type: ignore[attr-defined]


class DropForm(ReasonForm):
    """Lines to take out of a draft."""

    lines = forms.ModelMultipleChoiceField(None, label=_("Lines"), widget=forms.MultipleHiddenInput)

    def __init__(self, lines: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].queryset = lines  # type: ignore[attr-defined]


class YuanField(forms.CharField):
    """An amount in yuan as people type it, cleaned to integer fen."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "input num", "inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return parse_yuan(text) if text or self.required else None
        except MoneyError as error:
            raise forms.ValidationError(money_fault(error, text)) from None


class ReceiptForm(RequestForm):
    """Money that came in."""

    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[("received", _("money that came in")), ("granted", _("money promised by a document"))],
        initial="received",
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
    )
    source = forms.ChoiceField(label=_("Source"), widget=forms.Select(attrs={"class": "input"}))
    budget_year = forms.IntegerField(label=_("Budget year"), min_value=2000, max_value=2100)
    amount = YuanField(label=_("Amount/CNY"))
    received_on = forms.DateField(
        label=_("Received on"), widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d")
    )
    document_no = _text(_("Document number"), 80)

    def __init__(self, sources: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [(one, source_name(one)) for one in sources]  # type: ignore[attr-defined]
        self.fields["budget_year"].widget.attrs["class"] = "input"


RECOVERY = "clawed"


class FundMoveForm(RequestForm):
    """Money that leaves a fund for its source, or comes back from a household."""

    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[(RECOVERY, _("recovered from a household")), ("returned", _("given back to the source"))],
        widget=forms.Select(attrs={"class": "input"}),
    )
    amount = YuanField(label=_("Amount/CNY"))
    document_no = _text(_("Document number"), 80)


class ReturnFileForm(forms.Form):
    """The bank's answer to one batch."""

    file = forms.FileField(label=_("The bank's file (.xlsx, .xls, .csv)"))


class BounceForm(forms.Form):
    """A payment that came back after the bank had confirmed it."""

    document_no = _text(_("Number of the bank's paper"), 80)
    words = _text(_("Why it came back"), 200)


class FollowUpForm(RequestForm):
    """A follow-up batch of what the bank refused."""

    unchanged_too = forms.BooleanField(required=False)


class PolicyFileForm(forms.Form):
    file = forms.FileField(label=_("Policy document (.yaml)"))


class ObjectionForm(forms.Form):
    text = _text(_("What the objection says"), 500, rows=3)


class DecisionForm(ReasonForm):
    decision = forms.ChoiceField(
        label=_("Decision"), choices=[("upheld", _("Upheld")), ("rejected", _("Rejected"))], widget=forms.RadioSelect
    )
