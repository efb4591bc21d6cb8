"""What lists of the policy desk can be narrowed by."""

from __future__ import annotations

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from subsidies.models import PolicyTrialRow


class TrialRowFilter(filters.FilterSet):
    search = filters.CharFilter(method="by_text", label=_("Name or dwelling number"))
    change = filters.ChoiceFilter(
        choices=[("gain", _("Gain")), ("lose", _("Lose")), ("unclear", _("Not to be compared"))],
        method="by_change",
        label=_("Change"),
    )

    class Meta:
        model = PolicyTrialRow
        fields = ["search", "change"]

    def by_text(self, rows: QuerySet[PolicyTrialRow], name: str, value: str) -> QuerySet[PolicyTrialRow]:
        number = Q(dwelling__dwelling_no__istartswith=value)
        return rows.filter(number | Q(household__head_name__icontains=value))

    def by_change(self, rows: QuerySet[PolicyTrialRow], name: str, value: str) -> QuerySet[PolicyTrialRow]:
        wanted = {"gain": Q(change_fen__gt=0), "lose": Q(change_fen__lt=0), "unclear": Q(change_fen__isnull=True)}
        return rows.filter(wanted[value])
