"""The form by which an amount is computed again, if wanted with a fact that no register holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subsidies.fact_sources import SOURCES
from subsidies.forms import ReasonForm
from subsidies.models import Entitlement
from subsidies.services.stated import missing_fact, statable
from subsidies.stated import OWN_FUNDS
from subsidies.wording import name_of

_TEXT = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})


class AgainForm(ReasonForm):
    """A reason; and where the rules ask for a fact a person may state: which, what, and the paper behind it."""

    def __init__(self, entitlement: Entitlement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = statable(entitlement)
        if not names:
            return
        missing = missing_fact(entitlement)
        self.fields["fact"] = forms.ChoiceField(
            label=gettext_lazy("Fact that no register holds"), required=False,
            choices=[("", _("none")), *((name, name_of(name)) for name in names)],
            initial=missing if missing in names else "", widget=forms.Select(attrs={"class": "input"}),
        )  # fmt: skip
        self.fields["value"] = forms.CharField(
            label=gettext_lazy("Its value"), required=False, max_length=40, widget=_TEXT,
            help_text=_("A number, an amount in yuan, yes or no, a year, a policy's code. Empty: it holds no longer."),
        )  # fmt: skip
        self.fields["document_no"] = forms.CharField(
            label=gettext_lazy("Paper that proves it"), required=False, max_length=80, widget=_TEXT
        )

    def stated(self) -> dict[str, str] | None:
        """What is stated with it; None where nothing is."""
        data = self.cleaned_data
        if not data.get("fact"):
            return None
        return {"name": data["fact"], "text": data["value"], "document_no": data["document_no"]}


class OwnFundsForm(forms.Form):
    """A town's list: what proves the money, the paper, and who is not on it."""

    area = forms.CharField(widget=forms.HiddenInput, max_length=15)
    evidence = forms.ChoiceField(
        label=gettext_lazy("What proves the own funds"), choices=list(OWN_FUNDS.items()),
        widget=forms.Select(attrs={"class": "input"}),
    )  # fmt: skip
    document_no = forms.CharField(label=gettext_lazy("Paper that proves it"), max_length=80, widget=_TEXT)
    without = forms.CharField(
        label=gettext_lazy("Dwellings that have not paid in"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 2}),
        help_text=gettext_lazy("Their numbers, with spaces or commas between; all others of the place have paid in."),
    )  # fmt: skip


def where_recorded(name: str) -> str:
    """Where a missing fact is entered, in words."""
    source = SOURCES.get(name)
    if source is None:
        return ""
    if source.refused:
        return _(source.refused)
    if source.register and source.stated:
        return _("Kept in: %(register)s; or state it here.") % {"register": _(source.register)}
    if source.register:
        return _("Kept in: %(register)s.") % {"register": _(source.register)}
    return _("No register holds it: state it here.")
