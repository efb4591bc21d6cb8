"""Filters of the lists, as they stand in the address."""

from __future__ import annotations

import django_filters as df
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.history.actors import acted_by
from accounts.history.queries import ADMIN_TABLES
from accounts.models import AuditEntry, Grant, User
from accounts.rights import ROLE_CHOICES

TABLE_WORDS = {
    "accounts_user": _("accounts"),
    "accounts_grant": _("roles given and ended"),
    "accounts_membership": _("accounts bound to organisations"),
    "accounts_area": _("places"),
    "accounts_signin": _("sign-ins"),
    "accounts_totpdevice": _("authenticators"),
}


class UserFilter(df.FilterSet):
    q = df.CharFilter(label=_("account, name or staff number"), method="search")
    role = df.ChoiceFilter(label=_("Role"), choices=ROLE_CHOICES, method="with_role")
    state = df.ChoiceFilter(
        label=_("State"), choices=[("open", _("active")), ("closed", _("closed"))], method="with_state"
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        text = value.strip()[:40]
        return rows.filter(Q(username__startswith=text) | Q(person_name__contains=text) | Q(person_no=text))

    def with_role(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(pk__in=Grant.objects.active().filter(role=value).values("user"))

    def with_state(self, rows: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return rows.filter(is_active=value == "open")


class LogFilter(df.FilterSet):
    """The administrators' log, by kind of record and by person."""

    table = df.ChoiceFilter(label=_("What"), choices=[(name, TABLE_WORDS[name]) for name in ADMIN_TABLES])
    who = df.CharFilter(label=_("Who"), method="acted")

    class Meta:
        model = AuditEntry
        fields: tuple[str, ...] = ()

    def acted(self, rows: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        return rows.filter(acted_by(value.strip()[:80]))
