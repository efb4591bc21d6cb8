"""Forms of the room: what is asked for, how it is worded; services judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from devices.models import DeviceModel, ModelSample, Supplier
from retrofits.works_forms import INPUT, day, number, one_of, pick, text, tick, whole
from supervision.kinds import CATEGORIES, GROUPS, Category, Group, Kind, Source
from supervision.models import (
    EnergyCompany,
    MaintenanceVisit,
    NetworkPoint,
    SafetyEvent,
    SafetyPost,
    ServedPlace,
    ServiceOutlet,
    SpotCheckLine,
)

PHOTO_TYPES = "image/jpeg,image/png,image/webp"


def long_text(
    label: Any, *, required: bool = True, rows: int = 4, limit: int = 2000, help_text: Any = ""
) -> forms.CharField:
    widget = forms.Textarea(attrs={**INPUT, "rows": rows})
    return forms.CharField(label=label, max_length=limit, required=required, help_text=help_text, widget=widget)


def company_pick(label: Any) -> forms.CharField:
    """A heating or energy company as "kind:key"; `supervision.companies` judges what is chosen."""
    return forms.CharField(label=label, max_length=30, required=False, widget=forms.Select(attrs=INPUT))


class PhotoField(forms.FileField):
    """One photo; a phone opens its camera. `capture` is a wish: the gallery stays reachable where the camera fails."""

    def __init__(self, label: Any) -> None:
        widget = forms.ClearableFileInput(attrs={**INPUT, "accept": PHOTO_TYPES, "capture": "environment"})
        super().__init__(label=label, required=False, widget=widget)


UNCHOSEN = ("", "---------")
"""Where a wrong first choice does harm nothing is chosen beforehand."""


def choices_of(kinds: tuple[str, ...]) -> list[tuple[str, Any]]:
    """The categories of these kinds, each once, in the order of the list."""
    wanted = {category for kind in kinds for category in CATEGORIES[kind]}
    return [(code, label) for code, label in Category.choices if code in wanted]


class CaseForm(forms.Form):
    """A new case of one group. The place is a village or town of the person's; the dwelling is named by its number."""

    kind = forms.ChoiceField(label=_("kind"), widget=forms.Select(attrs=INPUT))
    category = forms.ChoiceField(label=_("category"), widget=forms.Select(attrs=INPUT))
    source = forms.ChoiceField(label=_("reported through"), widget=forms.Select(attrs=INPUT))
    area = one_of(_("place"), Area.objects.none())
    title = text(_("in short"), 80)
    words = long_text(_("what it is about"), required=False)
    photo = PhotoField(_("photo"))
    place_words = text(_("where exactly"), 200, required=False)
    dwelling_no = text(_("dwelling number"), 40, required=False)
    supplier = one_of(_("enterprise"), Supplier.objects.order_by("name"), required=False)
    outlet = one_of(_("service outlet"), ServiceOutlet.objects.filter(closed_on=None), required=False)
    responsible = text(_("responsible unit"), 80, required=False)
    company = company_pick(_("heating or energy company"))
    reporter_name = text(_("reported by"), 40, required=False)
    reporter_phone = text(_("phone"), 30, required=False)
    due_on = day(_("due on"), required=False)
    is_sensitive = tick(_("sensitive: few may read it"))

    #: Fields that a group does not ask for.
    WITHOUT = {
        "complaints": ("supplier", "outlet", "responsible", "company"),
        "tickets": ("responsible", "company", "is_sensitive", "due_on"),
        "hazards": ("outlet", "is_sensitive"),
        "coal": ("supplier", "outlet", "company", "is_sensitive", "reporter_name", "reporter_phone"),
        "measures": ("supplier", "outlet", "company", "dwelling_no", "reporter_name", "reporter_phone", "is_sensitive"),
    }

    def __init__(self, *args: Any, group: Group, places: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("kind", [(kind, Kind(kind).label) for kind in group.kinds])
        self._offer("category", [UNCHOSEN, *choices_of(group.kinds)])
        self._offer("source", [(source, Source(source).label) for source in group.sources])
        self.fields["area"].queryset = places  # type: ignore[attr-defined]
        for name in self.WITHOUT[group.code]:
            del self.fields[name]
        if len(group.kinds) == 1:
            self.fields["kind"].widget = forms.HiddenInput()
            self.initial["kind"] = group.kinds[0]

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """Words and a photo of one step."""

    words = long_text(_("words"), required=False, rows=3)
    photo = PhotoField(_("photo"))
    due_on = day(_("new day"), required=False)


class DraftForm(forms.Form):
    """An order before it is sent."""

    title = text(_("in short"), 80)
    words = long_text(_("words"), rows=8)
    responsible = text(_("responsible unit"), 80, required=False)
    due_on = day(_("due on"), required=False)


class AskForm(forms.Form):
    """The public page: nothing in it is looked up anywhere, so it can't tell who is on a roster."""

    kind = pick(_("kind"), [(Kind.COMPLAINT, Kind.COMPLAINT.label), (Kind.QUESTION, Kind.QUESTION.label)])
    category = pick(_("category"), [UNCHOSEN, *choices_of(GROUPS["complaints"].kinds)])
    area = one_of(_("town"), Area.objects.none())
    place_words = text(_("village and door"), 200, required=False)
    words = long_text(_("what it is about"), rows=6)
    reporter_name = text(_("your name"), 40, required=False, help_text=_("May stay empty: you need not give a name."))
    reporter_phone = text(_("your phone"), 30, required=False)
    website = forms.CharField(required=False, widget=forms.HiddenInput)  # filled by robots only

    def __init__(self, *args: Any, towns: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = towns  # type: ignore[attr-defined]
        self.fields["area"].label_from_instance = lambda area: f"{area.parent.name} · {area.name}"  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    number = text(_("number"), 20)
    code = text(_("look-up code"), 20)


class RateForm(AnswerForm):
    satisfaction = pick(_("how content are you"), [UNCHOSEN, *((n, str(n)) for n in (5, 4, 3, 2, 1))])
    words = long_text(_("words"), required=False, rows=3)


class PostForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    kind = pick(_("kind"), SafetyPost.Kind.choices)
    body_name = text(_("body"), 80, required=False)
    person_name = text(_("responsible person"), 40)
    phone = text(_("phone"), 30, required=False)
    since = day(_("since"))


class EventForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    kind = pick(_("kind"), SafetyEvent.Kind.choices)
    on = day(_("day"))
    topic = text(_("topic"))
    partners = text(_("with whom"), required=False)
    version = text(_("version"), 20, required=False)
    findings = whole(_("hazards found"), required=False, high=10_000)
    everybody = tick(_("all safety officers of the place attended"))


class PublicityForm(forms.Form):
    area = one_of(_("village"), Area.objects.none())
    material = text(_("material"), 80)
    on = day(_("day"))


class PointForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    code = forms.SlugField(label=_("point"), max_length=40, widget=forms.TextInput(attrs=INPUT))
    name = text(_("name"), 80)
    kind = pick(_("kind"), NetworkPoint.Kind.choices)
    unit = text(_("unit"), 12)
    company = company_pick(_("operating company"))
    low = forms.DecimalField(label=_("at least"), required=False, max_digits=10, decimal_places=3,
                             widget=forms.TextInput(attrs={**INPUT, "inputmode": "decimal"}))  # fmt: skip
    high = forms.DecimalField(label=_("at most"), required=False, max_digits=10, decimal_places=3,
                              widget=forms.TextInput(attrs={**INPUT, "inputmode": "decimal"}))  # fmt: skip


class CompanyForm(forms.Form):
    """An energy company; with `known` one that is there gets another name, place or phone."""

    known = one_of(_("instead of"), EnergyCompany.objects.none(), required=False)
    area = one_of(_("place"), Area.objects.none())
    carrier = pick(_("energy"), EnergyCompany.Carrier.choices)
    name = text(_("energy company"), 80)
    phone = text(_("service phone"), 30, required=False)


class ServeForm(forms.Form):
    """Which villages a company serves: all of a place, or no more."""

    company = one_of(_("energy company"), EnergyCompany.objects.none())
    area = one_of(_("place"), Area.objects.none())
    serves = pick(
        _("from now on"), [("yes", _("it serves the villages of the place")), ("no", _("it serves them no more"))]
    )


class CapacityForm(forms.Form):
    """What a company says of villages it serves."""

    company = one_of(_("energy company"), EnergyCompany.objects.none())
    area = one_of(_("village, or all of a town"), Area.objects.none())
    has_capacity = pick(_("capacity for heating"), [UNCHOSEN, ("yes", _("suffices")), ("no", _("does not suffice"))])
    works = pick(_("works on the network"), [("", "—"), *ServedPlace.Works.choices], required=False)
    works_on = day(_("works done by"), required=False)
    words = text(_("by which paper, or what is lacking"), 300)


class SiteForm(forms.Form):
    """Where a supplier makes or sells its heaters in the programme's places (J-54)."""

    supplier = one_of(_("enterprise"), Supplier.objects.order_by("name"))
    area = one_of(_("place"), Area.objects.none())
    address = text(_("address"))
    makes = tick(_("makes heaters here"))
    sells = tick(_("sells heaters here"))
    seen_on = day(_("seen on"))


class ValuesForm(forms.Form):
    """Lines “point, moment, value” as a control room's table is copied."""

    values = long_text(_("values"), rows=6, limit=200_000, help_text=_("One line each: point, moment, value."))


class OutletForm(forms.Form):
    supplier = one_of(_("enterprise"), Supplier.objects.order_by("name"))
    area = one_of(_("place"), Area.objects.none())
    name = text(_("name"), 80)
    address = text(_("address"))
    phone = text(_("service phone"), 30)
    team_size = whole(_("service people"), high=1000)


class ArrivalForm(forms.Form):
    """Heaters that came in: received by the town or village (T-48)."""

    area = one_of(_("place"), Area.objects.none())
    device_model = one_of(_("product"), DeviceModel.objects.select_related("supplier").order_by("model_no"))
    arrived_on = day(_("arrived on"))
    quantity = whole(_("number of heaters"), high=100_000)
    is_whole = tick(_("complete and undamaged"))
    received_by = text(_("received by"), 40)
    words = text(_("what was arranged"), 300, required=False)


class VisitForm(forms.Form):
    platform_no = text(_("heater"), 12)
    visited_on = day(_("day"))
    result = pick(_("result"), [UNCHOSEN, *MaintenanceVisit.Result.choices])
    is_safe = forms.NullBooleanField(
        label=_("runs safely"), required=False, widget=forms.NullBooleanSelect(attrs=INPUT)
    )
    words = text(_("what was found"), 300, required=False)


class SampleForm(forms.Form):
    device_model = one_of(_("product"), DeviceModel.objects.select_related("supplier").order_by("model_no"))
    batch_no = text(_("batch"), 60)
    report_no = text(_("number of the report"), 60)
    laboratory = text(_("laboratory"))
    sampled_on = day(_("sampled on"))
    result = pick(_("result"), ModelSample.Result.choices)
    findings = text(_("what was found"), 300, required=False)


class SealForm(forms.Form):
    name = text(_("name"), 80)
    area = one_of(_("place"), Area.objects.none())
    planned_on = day(_("planned for"))
    size = whole(_("sample size"), high=200)


class LookForm(forms.Form):
    verdict = pick(_("what was found"), SpotCheckLine.Verdict.choices)
    words = text(_("words"), 300, required=False)


class ScoreForm(forms.Form):
    """Points with one decimal place; the fields come from the components."""

    area = one_of(_("town"), Area.objects.none())
    year = whole(_("year"), high=2100)
    words = text(_("remark"), 300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from supervision.scores import Component

        super().__init__(*args, **kwargs)
        for one in Component:
            self.fields[one.code] = number(f"{one.label} (≤ {one.most_tenths // 10})")

    def points(self) -> dict[str, int]:
        """Tenths of points by component."""
        from supervision.scores import Component

        return {one.code: int(self.cleaned_data[one.code] * 10) for one in Component}
