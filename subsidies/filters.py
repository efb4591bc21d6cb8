"""What lists of the money room can be narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from subsidies.evidence import LABELS
from subsidies.models import Entitlement, FundHold, PayoutBatch, PayoutLine
from subsidies.wording import rule_choices


class EntitlementFilter(filters.FilterSet):
    search = filters.CharFilter(method="by_text", label=_("Name or dwelling number"))
    outcome = filters.ChoiceFilter(choices=Entitlement.Outcome.choices, label=_("Outcome"))
    state = filters.ChoiceFilter(choices=Entitlement.State.choices, label=_("State"))
    benefit = filters.ChoiceFilter(choices=[], label=_("Rule"))

    class Meta:
        model = Entitlement
        fields = ["search", "outcome", "state", "benefit"]

    def __init__(self, *args: Any, titles: Mapping[str, str], **kwargs: Any) -> None:
        """`titles`: code of each rule → its title."""
        super().__init__(*args, **kwargs)
        self.filters["benefit"].extra["choices"] = rule_choices(titles)

    def by_text(self, rows: QuerySet[Entitlement], name: str, value: str) -> QuerySet[Entitlement]:
        number = Q(dwelling__dwelling_no__istartswith=value)
        return rows.filter(number | Q(household__head_name__icontains=value))


class BatchFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=PayoutBatch.State.choices, label=_("State"))

    class Meta:
        model = PayoutBatch
        fields = ["state"]


class LineFilter(filters.FilterSet):
    search = filters.CharFilter(method="by_text", label=_("Name or dwelling number"))
    state = filters.ChoiceFilter(choices=PayoutLine.State.choices, label=_("State"))

    missing = filters.ChoiceFilter(choices=list(LABELS.items()), method="by_missing", label=_("Missing evidence"))

    class Meta:
        model = PayoutLine
        fields = ["search", "state", "missing"]

    def by_missing(self, rows: QuerySet[PayoutLine], name: str, value: str) -> QuerySet[PayoutLine]:
        return rows.filter(**{f"has_{value}": False})

    def by_text(self, rows: QuerySet[PayoutLine], name: str, value: str) -> QuerySet[PayoutLine]:
        number = Q(entitlement__dwelling__dwelling_no__istartswith=value)
        return rows.filter(number | Q(payee_name__icontains=value))


class HoldFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="dwelling__dwelling_no", lookup_expr="istartswith", label=_("Dwelling"))
    state = filters.ChoiceFilter(choices=FundHold.State.choices, label=_("State"))

    class Meta:
        model = FundHold
        fields = ["search", "state"]
