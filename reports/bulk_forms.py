"""What a deed on many dwellings has to be told before it is done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.papers import MAX_BYTES
from households.models import Dwelling
from programmes.chosen import programmes_for
from programmes.models import Technology
from reports.models import BulkRun
from reports.queries.scope import Scope


class DeedForm(forms.Form):
    """`params()` is what the run keeps; `paper()` the file that proves it, if there is one."""

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope

    def params(self) -> dict[str, Any]:
        return {}

    def paper(self) -> tuple[str, bytes] | None:
        return None


class EnrolForm(DeedForm):
    """Which other programme, by which of its routes."""

    technology = forms.ModelChoiceField(
        Technology.objects.none(), label=_("Programme and route"), widget=forms.Select(attrs={"class": "input"})
    )

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(scope, *args, **kwargs)
        others = [one.pk for one in programmes_for(scope.user) if one != scope.programme]
        rows = Technology.objects.filter(programme__in=others).select_related("programme")
        field: Any = self.fields["technology"]
        field.queryset = rows.order_by("-programme__year_from", "programme_id", "pk")
        field.label_from_instance = lambda one: f"{one.programme.name} · {one.name}"

    def params(self) -> dict[str, Any]:
        route = self.cleaned_data["technology"]
        return {"technology": route.pk, "words": f"{route.programme.name} · {route.name}"}


class ExcludeForm(DeedForm):
    """Why, and the paper that proves it: needed for those on an approved list, whose exclusion is asked for."""

    exclusion = forms.ChoiceField(
        label=_("Exclusion"), choices=Dwelling.Exclusion.choices, widget=forms.Select(attrs={"class": "input"})
    )
    note = forms.CharField(
        label=_("Ground of the exclusion"), max_length=200, widget=forms.TextInput(attrs={"class": "input"})
    )
    file = forms.FileField(
        label=_("Paper for all of them"), required=False,
        help_text=_("Households on an approved list need one: a photo or PDF of the plan or the statements."),
    )  # fmt: skip

    def params(self) -> dict[str, Any]:
        data = self.cleaned_data
        words = f"{Dwelling.Exclusion(data['exclusion']).label}: {data['note']}"
        return {"exclusion": data["exclusion"], "note": data["note"], "reason": data["note"], "words": words}

    def paper(self) -> tuple[str, bytes] | None:
        file = self.cleaned_data.get("file")
        return (file.name or "", file.read(MAX_BYTES + 1)) if file else None


FORMS: dict[str, type[DeedForm]] = {
    BulkRun.Deed.ENROL: EnrolForm,
    BulkRun.Deed.EXCLUDE: ExcludeForm,
    BulkRun.Deed.RECHECK: DeedForm,
}
