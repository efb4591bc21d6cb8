"""Deeds of a place: what stands behind the forms of the board."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.refusals import Refused
from heatsupply.forms import networks as forms
from heatsupply.models import HeatingCompany, HeatPaper
from heatsupply.services import fuel, networks, plans

PLACE_FORMS: dict[str, tuple[str | Promise, type[Any]]] = {
    "new_company": (_("Register a heating company"), forms.CompanyForm),
    "new_issue": (_("Note an issue"), forms.IssueForm),
    "new_paper": (_("Keep a paper of the place"), forms.PlacePaperForm),
    "new_price": (_("Record a price of the place"), forms.PlacePriceForm),
}


def enter_for_place(deed: str, form: Any, by: User) -> Any:
    """One of `PLACE_FORMS`, valid."""
    data = dict(form.cleaned_data)
    if deed == "new_company":
        return networks.register_company(**data, by=by)
    if deed == "new_issue":
        return plans.open_issue(**data, by=by)
    if deed == "new_price":
        return fuel.record_price(company=None, **data, by=by)
    return keep_paper(data["area"], None, form, by)


def keep_paper(area: Area, company: HeatingCompany | None, form: Any, by: User) -> HeatPaper:
    data = dict(form.cleaned_data)
    data.pop("area", None)
    sent = data.pop("file")
    if sent and sent.size > plans.MAX_PAPER:
        raise Refused("PAPER_UNUSABLE", _("Send the paper as a PDF of at most 10 MB."))
    return plans.keep_paper(area=area, company=company, **data, content=sent.read() if sent else b"", by=by)
