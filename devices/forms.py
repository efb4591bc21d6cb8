"""Forms of the room: a wish for one heater or many, a profile's text, the sample of a docking test."""

from __future__ import annotations

import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models import DeviceModel, RegisterProfile
from devices.protocol.points import MODES
from devices.protocol.profile_files import MAX_BYTES
from devices.protocol.profiles import Profile, Write
from devices.protocol.trial import MAX_TEXT
from devices.words import deed_words, point_words

TEMPERATURES = ("set_room_t", "set_water_t")


def deeds_of(profile: Profile | None) -> list[tuple[str, str]]:
    """(code, words) of everything that can be asked of a heater of this profile, or of any."""
    names = list(profile.writes) if profile else ["set_room_t", "set_water_t", "running", "mode", "reset"]
    deeds = [(name, point_words(name)) for name in TEMPERATURES if name in names]
    if "running" in names:
        deeds += [(f"running:{on}", deed_words("running", Decimal(on))) for on in (1, 0)]
    if "mode" in names:
        modes = sorted(set(profile.writes["mode"].target.map.values())) if profile else ["heat", "auto", "eco"]
        deeds += [(f"mode:{MODES.index(mode)}", deed_words("mode", Decimal(MODES.index(mode)))) for mode in modes]
    return deeds + ([("reset", point_words("reset"))] if "reset" in names else [])


class WishForm(forms.Form):
    """`point` and `asked` hold the wish when it is valid. `request_id` is made when the form is drawn: sent twice, it
    stays one command."""

    deed = forms.ChoiceField(label=gettext_lazy("what the heater shall do"))
    value = forms.DecimalField(label=gettext_lazy("temperature, ℃"), max_digits=4, decimal_places=1, required=False)
    reason = forms.CharField(label=gettext_lazy("reason for the command"), max_length=200)
    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, profile: Profile | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.profile = profile
        self.fields["deed"].choices = deeds_of(profile)  # type: ignore[attr-defined]
        self.fields["value"].help_text = self._bounds()
        self.fields["value"].widget.attrs["class"] = "input--short num"
        self.fields["reason"].help_text = _("The household is told, and the reason is kept with the command.")

    @property
    def point(self) -> str:
        return str(self.cleaned_data["deed"]).partition(":")[0]

    @property
    def asked(self) -> Decimal:
        """Degrees, or what stands behind the deed: 1 or 0, the place of a mode, 1 for a reset."""
        name, _sign, number = str(self.cleaned_data["deed"]).partition(":")
        return self.cleaned_data["value"] if name in TEMPERATURES else Decimal(number or 1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("deed") in TEMPERATURES and "value" in data:
            problem = self._temperature_problem(data["deed"], data["value"])
            if problem:
                self.add_error("value", ValidationError(problem))
        return data

    def _temperature_problem(self, deed: str, value: Decimal | None) -> str:
        """What the heater's profile has against this temperature, in a sentence; "" when nothing."""
        if value is None:
            return _("Write the temperature.")
        write = self.profile.writes.get(deed) if self.profile else None
        if write is None or write.range is None:
            return ""
        told = {"value": f"{value:g}", "bounds": bounds_of(write)}
        if not write.range[0] <= Fraction(value) <= write.range[1]:
            return _("%(value)s ℃ is outside what this heater takes: %(bounds)s") % told
        if write.step and (Fraction(value) - write.range[0]) % write.step:
            return _("%(value)s ℃ is between two steps: %(bounds)s") % told
        return ""

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).strip()

    def _bounds(self) -> str:
        """Bounds and step of the temperatures this heater takes."""
        writes = self.profile.writes if self.profile else {}
        told = [f"{point_words(name)}: {bounds_of(writes[name])}" for name in TEMPERATURES if name in writes]
        return "; ".join(told) or _("Only for a set temperature.")


def bounds_of(write: Write) -> str:
    if write.range is None:
        return ""
    low, high = (f"{float(bound):g}" for bound in write.range)
    words = _("%(low)s to %(high)s ℃") if write.step is None else _("%(low)s to %(high)s ℃, in steps of %(step)s")
    return words % {"low": low, "high": high, "step": f"{float(write.step or 0):g}"}


class ProfileForm(forms.Form):
    document = forms.CharField(
        label=gettext_lazy("register profile (YAML)"), max_length=MAX_BYTES, strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "class": "mono", "spellcheck": "false"}),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("what changed"), max_length=200, required=False)


class TrialForm(forms.Form):
    """Registers in hex, or a heater to read."""

    registers = forms.CharField(
        label=gettext_lazy("registers in hex"), required=False, max_length=MAX_TEXT, strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy("One line per block: h100: 0190 0154 FFD6, or a whole answer frame."),
    )  # fmt: skip
    heater = forms.CharField(label=gettext_lazy("or the number of a heater"), max_length=12, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("registers", "").strip() or data.get("heater", "").strip()):
            raise ValidationError(_("Paste registers, or name a heater to read."))
        return data


class SampleForm(forms.Form):
    """What the supplier hands in for a docking test (annex 2, item 4)."""

    device_model = forms.ModelChoiceField(DeviceModel.objects.none(), label=gettext_lazy("model"))
    line = forms.CharField(
        label=gettext_lazy("line of the sample"), max_length=120, help_text=gettext_lazy("dtu:<id>, serial:<name> …")
    )
    unit = forms.IntegerField(label=gettext_lazy("unit number"), min_value=1, max_value=65535, initial=1)
    board_firmware = forms.CharField(label=gettext_lazy("firmware of the board"), max_length=60)
    dtu_firmware = forms.CharField(label=gettext_lazy("firmware of the wireless unit"), max_length=60)
    received_on = forms.DateField(
        label=gettext_lazy("sample received on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    protocol = forms.FileField(label=gettext_lazy("document of the protocol"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        released = DeviceModel.objects.filter(profile__state=RegisterProfile.State.RELEASED)
        self.fields["device_model"].queryset = released.select_related("supplier")  # type: ignore[attr-defined]
