"""Filters of the list of heat-fee accounts, as they stand in the address."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from heatsupply.models import FeeAccount, Suspension
from heatsupply.services.suspensions import account_index
from heatsupply.terms.fees import seasons_offered
from programmes.chosen import chosen_programme

ALL = _("all")


class SeasonFilter(df.ChoiceFilter):
    """Seasons of the chosen programme. The view has narrowed the rows already; here it is only shown."""

    @property
    def field(self) -> Any:
        programme = chosen_programme(self.parent.request)
        labels = seasons_offered(programme, clock.today()) if programme else []
        self.extra["choices"] = [(label, label) for label in labels]
        return super().field


class FeeFilter(df.FilterSet):
    season = SeasonFilter(label=_("season"), method="as_shown", empty_label=_("latest"), choices=())
    q = df.CharFilter(label=_("account number or compound"), method="search")
    company = df.CharFilter(label=_("company"), field_name="company__name", lookup_expr="contains")
    kind = df.ChoiceFilter(label=_("class of user"), choices=FeeAccount.Kind.choices, empty_label=ALL)
    stands = df.ChoiceFilter(
        label=_("stands"), method="by_standing", empty_label=ALL,
        choices=[("owing", _("owing")), ("settled", _("settled")), ("overpaid", _("to be paid back")),
                 ("suspended", _("heating suspended"))],
    )  # fmt: skip
    arrears = df.ChoiceFilter(label=_("class of arrears"), method="by_class", empty_label=ALL,
                              choices=[("none", _("without a class")), *FeeAccount.Arrears.choices])  # fmt: skip

    class Meta:
        model = FeeAccount
        fields: tuple[str, ...] = ()

    def as_shown(self, rows: QuerySet[FeeAccount], name: str, value: str) -> QuerySet[FeeAccount]:
        return rows

    def search(self, rows: QuerySet[FeeAccount], name: str, value: str) -> QuerySet[FeeAccount]:
        said = value.strip()[:80]
        return rows.filter(Q(account_index=account_index(said)) | Q(compound_name__contains=said))

    def by_standing(self, rows: QuerySet[FeeAccount], name: str, value: str) -> QuerySet[FeeAccount]:
        suspended = Suspension.objects.filter(state=Suspension.State.APPROVED, account__isnull=False)
        wanted = {
            "owing": Q(owing_fen__gt=0), "settled": Q(owing_fen=0), "overpaid": Q(owing_fen__lt=0),
            "suspended": Q(pk__in=suspended.values("account_id")),
        }  # fmt: skip
        return rows.filter(wanted[value])

    def by_class(self, rows: QuerySet[FeeAccount], name: str, value: str) -> QuerySet[FeeAccount]:
        return rows.filter(owing_fen__gt=0, arrears="" if value == "none" else value)
