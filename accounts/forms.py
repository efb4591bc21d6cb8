from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import organisations
from accounts.models import Area, User
from accounts.rights import ROLE_CHOICES
from accounts.signing_in import check_password_of

MOST_PLACES = 2000  # offered while typing; any other code may still be typed


class LoginForm(forms.Form):
    username = forms.CharField(
        label=_("Account"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.request, self.user = request, None
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            self.user = check_password_of(self.request, cleaned["username"], cleaned["password"])
            if self.user is None:
                raise forms.ValidationError(
                    _("Account or password is wrong. After five wrong tries the account rests for 15 minutes.")
                )
        return cleaned


class CodeForm(forms.Form):
    token = forms.CharField(
        label=_("One-time code"),
        min_length=6,
        max_length=8,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasswordForm(forms.Form):
    old_password = forms.CharField(
        label=_("Present password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label=_("New password once more"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_old_password(self) -> str:
        if not self.user.check_password(self.cleaned_data["old_password"]):
            raise forms.ValidationError(_("The present password is wrong."))
        return str(self.cleaned_data["old_password"])

    def clean_new_password(self) -> str:
        validate_password(self.cleaned_data["new_password"], self.user)
        return str(self.cleaned_data["new_password"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        new, again = cleaned.get("new_password"), cleaned.get("repeated")
        if new and again and new != again:
            self.add_error("repeated", _("The two new passwords differ."))
        return cleaned


class AccountForm(forms.Form):
    """A new account: who it belongs to. What the person may do is given by the security administrator."""

    username = forms.RegexField(
        r"^[a-z][a-z0-9_]{2,39}$",
        label=_("Account"),
        max_length=40,
        help_text=_("3 to 40 small letters, digits and underscores, beginning with a letter."),
        error_messages={"invalid": _("Use 3 to 40 small letters, digits and underscores, beginning with a letter.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    person_name = forms.CharField(label=_("Person"), max_length=40)
    person_no = forms.CharField(
        label=_("Staff number"),
        max_length=40,
        help_text=_("The same person keeps the same number in every account"),
    )
    unit = forms.CharField(
        label=_("Organisation"), max_length=80,
        help_text=_("As it is told on pages. Which firm’s or company’s rows are seen is given with the role."),
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Closing, reopening and resetting say why; the sentence stands in the history."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("For example the number of the letter that asks for it.")
    )


class PlaceInput(forms.TextInput):
    """A code, typed or picked: the browser offers `places` (areas) by code and name while somebody types."""

    places: Any = None

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = self.places.order_by("code").values_list("code", "name", "parent__name")[:MOST_PLACES]
        lines = ((code, f"{place} · {above}" if above else place) for code, place, above in rows)
        offered = format_html_join("", '<option value="{}">{}</option>', lines)
        box = super().render(name, value, {**(attrs or {}), "list": f"{name}-places", "autocomplete": "off"}, renderer)
        return format_html('{}<datalist id="{}-places">{}</datalist>', box, name, offered)


class GrantForm(forms.Form):
    """A role on a place until a day, and for people of firms and companies the organisation whose rows are theirs."""

    role = forms.ChoiceField(label=_("Role"), choices=ROLE_CHOICES)
    area = forms.CharField(
        label=_("Code of the place"), max_length=15, widget=PlaceInput,
        help_text=_("Type a name or the beginning of a code and pick the place."),
    )  # fmt: skip
    organisation = forms.ChoiceField(
        label=_("Works for"),
        required=False,
        help_text=_(
            "For suppliers, installers, heating and energy companies: nothing but its rows is seen. For departments: "
            "its duties are found, and signed for it."
        ),
    )
    expires_on = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("Last day; empty means until it is ended."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = ReasonForm.base_fields["reason"]

    def __init__(self, by: User, *args: Any, **kwargs: Any) -> None:
        self.by = by
        super().__init__(*args, **kwargs)
        self.fields["area"].widget.places = Area.objects.visible_to(by, "grants.manage")  # type: ignore[attr-defined]
        self.fields["organisation"].choices = [("", "—"), *organisations.offered(by)]  # type: ignore[attr-defined]

    def clean_organisation(self) -> tuple[str, int] | None:
        value = self.cleaned_data["organisation"]
        return organisations.find(value, self.by) if value else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, chosen = organisations.kind_of(cleaned.get("role") or ROLE_CHOICES[0][0]), cleaned.get("organisation")
        if kind and chosen is None and "organisation" not in self.errors:
            self.add_error("organisation", _("Choose the organisation: people of this role see its rows only."))
        elif chosen is not None and chosen[0] != organisations.bond_of(cleaned.get("role") or ROLE_CHOICES[0][0]):
            self.add_error("organisation", _("This role is not given to people of such an organisation."))
        return cleaned

    def clean_area(self) -> Area:
        code = self.cleaned_data["area"].strip()
        found = Area.objects.visible_to(self.by, "grants.manage").filter(Q(code=code) | Q(name=code))[:2]
        if len(found) != 1:
            raise forms.ValidationError(_("There is no place %(code)s in your area.") % {"code": code})
        return found[0]  # type: ignore[no-any-return]

    def clean_expires_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["expires_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError(_("This day is over. Choose a later one or leave it empty."))
        return day


class LayoutForm(forms.Form):
    """How a list is to be shown; the columns themselves are read in their order from the post."""

    page = forms.RegexField(r"^[a-z-]+(:[a-z-]+)?$", max_length=60)
    dense = forms.BooleanField(required=False)
    up = forms.CharField(max_length=60, required=False)


class SavedViewForm(forms.Form):
    """A list's address under a name."""

    page = forms.CharField(max_length=60)
    name = forms.CharField(label=_("Name of the view"), max_length=60)
    query = forms.CharField(max_length=2000, required=False)
    shared = forms.BooleanField(label=_("for my whole unit"), required=False)
