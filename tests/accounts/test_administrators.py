"""Three administrators: what each may do, what none may do, and what the history keeps of it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services, tasks
from accounts.history.queries import ADMIN_TABLES, log_for
from accounts.models import AuditEntry, Grant, TOTPDevice, User
from accounts.rights import ROLES
from core import clock
from core.refusals import Refused
from tests import people
from tests.accounts.conftest import Make, sign_in

pytestmark = pytest.mark.django_db

COUNTY = "370999"
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
Inside = Callable[[User], Client]
NEW = {"username": "clerk_new", "person_name": "王测试", "person_no": "N001", "unit": "甲镇人民政府"}


def post(client: Client, name: str, pk: int, **data: str) -> Any:
    return client.post(reverse(f"accounts:{name}", args=[pk]), {"reason": "示例 1 号函", **data})


# who may press which button


@pytest.mark.parametrize("role", ADMINISTRATORS)
@pytest.mark.parametrize(
    ("deed", "allowed"),
    [
        ("user-close", "system_admin"),
        ("user-reopen", "system_admin"),
        ("user-password", "system_admin"),
        ("user-second-factor", "security_admin"),
        ("grant-create", "security_admin"),
        ("grant-end", "security_admin"),
    ],
)
def test_each_deed_belongs_to_one_administrator(role: str, deed: str, allowed: str, inside: Inside) -> None:
    target = people.user("town_staff", "370999001")
    pk = target.grants.get().pk if deed == "grant-end" else target.pk
    answer = post(inside(people.user(role, COUNTY)), deed, pk, role="village_staff", area="370999001")
    assert (answer.status_code in (200, 302)) is (role == allowed)
    assert answer.status_code in ((200, 302) if role == allowed else (403,))


@pytest.mark.parametrize("role", sorted(set(ROLES) - set(ADMINISTRATORS)))
def test_nobody_else_sees_accounts(role: str, inside: Inside) -> None:
    assert inside(people.user(role, COUNTY)).get(reverse("accounts:user-list")).status_code == 403


def test_administrators_hold_no_right_to_households_or_money() -> None:
    forbidden = ("households", "rosters", "entitlements", "payouts", "funds", "ledgers", "notices", "audit.trace")
    for role in ADMINISTRATORS:
        assert not [right for right in ROLES[role].rights if right.startswith(forbidden)]


# accounts


def test_a_new_account_signs_in_with_the_password_shown_once(inside: Inside) -> None:
    admin = inside(people.user("system_admin", COUNTY))
    page = admin.post(reverse("accounts:user-create"), NEW)
    password = page.context["password"]
    assert password in page.content.decode()
    user = User.objects.get(username="clerk_new")
    assert password not in admin.get(reverse("accounts:user-detail", args=[user.pk])).content.decode()
    assert sign_in(Client(), user, password)["Location"] == reverse("accounts:change-password")
    assert user.rights == frozenset()


@pytest.mark.parametrize(
    "wrong", [{"username": ""}, {"username": "Zhang San"}, {"username": "taken_name"}, {"person_no": ""}, {"unit": ""}]
)
def test_a_wrong_account_is_422_with_the_field_named(wrong: dict[str, str], inside: Inside) -> None:
    people.user("town_staff", COUNTY, username="taken_name")
    answer = inside(people.user("system_admin", COUNTY)).post(reverse("accounts:user-create"), NEW | wrong)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert not User.objects.filter(person_no="N001").exists()


def test_closing_and_reopening(inside: Inside, person: Make) -> None:
    user, client = person(), Client()
    admin = inside(people.user("system_admin", COUNTY))
    post(admin, "user-close", user.pk)
    assert sign_in(client, user).status_code == 422
    post(admin, "user-reopen", user.pk)
    assert sign_in(client, user).status_code == 302


def test_every_deed_needs_a_reason_and_the_history_keeps_it(inside: Inside) -> None:
    user = people.user("town_staff", "370999001")
    admin_user = people.user("system_admin", COUNTY)
    admin = inside(admin_user)
    assert post(admin, "user-close", user.pk, reason="").status_code == 422
    assert User.objects.get(pk=user.pk).is_active
    post(admin, "user-close", user.pk)
    entry = AuditEntry.objects.filter(table="accounts_user", row_pk=str(user.pk)).latest("id")
    assert (entry.reason, entry.actor_id, entry.after["is_active"]) == ("示例 1 号函", admin_user.pk, False)


def test_a_temporary_password_stands_in_no_history(inside: Inside) -> None:
    user = people.user("town_staff", "370999001")
    page = post(inside(people.user("system_admin", COUNTY)), "user-password", user.pk)
    password = page.context["password"]
    stored = "".join(str(row) for row in AuditEntry.objects.values_list("before", "after"))
    assert password not in stored
    assert "argon2" not in stored


def test_taking_over_an_approver_needs_both_administrators(inside: Inside, person: Make) -> None:
    """The system administrator alone gets as far as the second factor of the other person, and no further."""
    victim = person("finance_release", COUNTY)
    TOTPDevice.objects.create(user=victim, name="totp", confirmed=True)
    password = post(inside(people.user("system_admin", COUNTY)), "user-password", victim.pk).context["password"]
    thief = Client()
    sign_in(thief, victim, password)
    thief.post(reverse("accounts:second-factor-enrol"))
    assert TOTPDevice.objects.filter(user=victim).count() == 1
    assert thief.get(reverse("home")).status_code == 302


# roles


def test_a_role_given_until_a_day(inside: Inside) -> None:
    user = people.user("village_staff", "370999001001")
    day = clock.today() + dt.timedelta(days=30)
    admin = inside(people.user("security_admin", COUNTY))
    answer = post(admin, "grant-create", user.pk, role="town_staff", area="370999001", expires_on=day.isoformat())
    assert answer.status_code == 302
    grant = Grant.objects.get(user=user, role="town_staff")
    assert (grant.area_id, grant.expires_on, grant.granted_by.grants.get().role) == ("370999001", day, "security_admin")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"area": "110101"}, "area"),
        ({"area": ""}, "area"),
        ({"role": "superuser"}, "role"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_wrong_grant_is_422(wrong: dict[str, str], field: str, inside: Inside) -> None:
    user = people.user("village_staff", "370999001001")
    data = {"role": "town_staff", "area": "370999001"} | wrong
    answer = post(inside(people.user("security_admin", COUNTY)), "grant-create", user.pk, **data)
    assert answer.status_code == 422
    assert field in answer.context["grant_form"].errors
    assert user.grants.count() == 1


def test_an_area_outside_the_administrators_own_is_not_given(inside: Inside) -> None:
    people.area("370998")
    user = people.user("village_staff", "370999001001")
    admin = inside(people.user("security_admin", COUNTY))
    assert post(admin, "grant-create", user.pk, role="town_staff", area="370998").status_code == 422
    offered = admin.get(reverse("accounts:user-detail", args=[user.pk])).content.decode()
    assert '<option value="370999001">' in offered and '<option value="370998">' not in offered


def test_nobody_gives_rights_to_himself_even_with_a_second_account(inside: Inside) -> None:
    admin = people.user("security_admin", COUNTY, person_no="SAME")
    second = User.objects.create(username="second", person_name="同一人", person_no="SAME")
    client = inside(admin)
    for target in (admin, second):
        for role in ("finance_release", "security_admin"):  # the second one only this rule forbids
            assert post(client, "grant-create", target.pk, role=role, area=COUNTY).status_code == 422
    assert list(Grant.objects.values_list("user", "role")) == [(admin.pk, "security_admin")]


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations((*ADMINISTRATORS, "finance"), 2)))
def test_two_kinds_never_meet_in_one_person(first: str, second: str) -> None:
    """All pairs, over two accounts of one person, through the service and past it."""
    holder = people.user(first, COUNTY, person_no="ONE")
    other = User.objects.create(username="other", person_name="同一人", person_no="ONE")
    for user in (holder, other):
        with pytest.raises(Refused, match="ADMIN_KINDS_MIXED"):
            services.grant_role(user=user, role=second, area=people.area(COUNTY), by=None)
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(user=user, role=second, area=people.area(COUNTY))


def test_an_account_that_reaches_beyond_is_not_ours(inside: Inside) -> None:
    people.area("370998")
    user = people.user("office", COUNTY)
    Grant.objects.create(user=user, role="office", area=people.area("370998"))
    admin = inside(people.user("system_admin", COUNTY))
    assert admin.get(reverse("accounts:user-detail", args=[user.pk])).status_code == 404
    assert post(admin, "user-close", user.pk).status_code == 404
    assert user.username not in admin.get(reverse("accounts:user-list")).content.decode()


def test_an_accounts_page_shows_no_button_to_its_owner(inside: Inside) -> None:
    admin = people.user("system_admin", COUNTY)
    client = inside(admin)
    assert "formaction" not in client.get(reverse("accounts:user-detail", args=[admin.pk])).content.decode()
    assert post(client, "user-close", admin.pk).status_code == 422


def test_the_list_asks_the_same_number_of_questions_however_long(
    inside: Inside, django_assert_max_num_queries: Any
) -> None:
    client = inside(people.user("system_admin", COUNTY))
    for n in range(30):
        people.user("town_staff", f"37099900{1 + n % 2}")
    with django_assert_max_num_queries(14):
        assert "30" in client.get(reverse("accounts:user-list")).content.decode()


# the logs


def test_only_the_audit_administrator_reads_what_administrators_did(inside: Inside) -> None:
    target = people.user("town_staff", "370999001")
    services.close_account(user=target, by=None, reason="示例 2 号函")
    log = reverse("accounts:admin-log")
    for role in ("system_admin", "security_admin", "auditor", "office"):
        assert inside(people.user(role, COUNTY)).get(log).status_code == 403
    client = inside(people.user("audit_admin", COUNTY))
    assert "示例 2 号函" in client.get(log).content.decode()
    entry = AuditEntry.objects.filter(reason="示例 2 号函").latest("id")
    assert client.get(reverse("accounts:admin-entry", args=[entry.pk])).status_code == 200


def test_the_audit_administrator_reads_nothing_of_households(inside: Inside) -> None:
    household = people.household()
    entry = AuditEntry.objects.filter(table="households_household").latest("id")
    client = inside(people.user("audit_admin", COUNTY))
    assert client.get(reverse("accounts:admin-entry", args=[entry.pk])).status_code == 404
    assert household.household_no not in client.get(reverse("accounts:admin-log")).content.decode()


def test_the_auditor_reads_the_business_of_his_area_and_no_account() -> None:
    here, there = people.household("370999001001"), people.household("370999002001")
    log = log_for(people.user("auditor", "370999001"))
    seen = set(log.values_list("table", "row_pk"))
    assert ("households_household", str(here.pk)) in seen
    assert ("households_household", str(there.pk)) not in seen
    assert not {table for table, _pk in seen} & set(ADMIN_TABLES)


def test_the_alert_of_two_places_reaches_the_audit_administrator(inside: Inside, person: Make) -> None:
    user = person()
    for address in ("10.1.1.1", "10.1.1.2"):
        sign_in(Client(), user, REMOTE_ADDR=address)
    page = inside(people.user("audit_admin", COUNTY)).get(reverse("accounts:admin-log")).content.decode()
    assert "10.1.1.2" in page
    assert user.username in page


# accounts nobody uses


def test_accounts_unused_for_90_days_are_closed(person: Make) -> None:
    now = timezone.now()
    used, unused, never, reopened = (person() for _n in range(4))
    User.objects.filter(pk=used.pk).update(last_login=now - dt.timedelta(days=89))
    User.objects.filter(pk=unused.pk).update(last_login=now - dt.timedelta(days=91))
    User.objects.update(created_at=now - dt.timedelta(days=200))
    services.reopen_account(user=reopened, by=None, now=now - dt.timedelta(days=1))
    assert set(services.close_idle_accounts(now=now)) == {unused.username, never.username}
    assert services.close_idle_accounts(now=now) == []
    entry = AuditEntry.objects.filter(table="accounts_user", row_pk=str(unused.pk)).latest("id")
    assert entry.reason == "not used for 90 days"


def test_the_last_administrator_of_a_kind_stays(person: Make) -> None:
    first, second = person("system_admin", COUNTY), person("system_admin", COUNTY)
    User.objects.update(created_at=timezone.now() - dt.timedelta(days=200))
    assert services.close_idle_accounts() == [first.username]
    assert User.objects.get(pk=second.pk).is_active


def test_the_daily_task_does_it_and_spares_the_demonstration(person: Make, settings: Any) -> None:
    from heating_portal.celery import app

    user = person()
    User.objects.update(created_at=timezone.now() - dt.timedelta(days=200))
    settings.DEMONSTRATION = True
    assert tasks.close_idle_accounts() == []
    settings.DEMONSTRATION = False
    assert tasks.close_idle_accounts() == [user.username]
    assert "accounts.tasks.close_idle_accounts" in {entry["task"] for entry in app.conf.beat_schedule.values()}


# a fresh site

THREE = ["--system-admin", "sys:罗示例:A1", "--security-admin", "sec:梁示例:A2", "--audit-admin", "aud:宋示例:A3"]


def test_a_fresh_site_gets_three_administrators(capsys: Any) -> None:
    people.area(COUNTY)
    call_command("create_administrators", "--area", COUNTY, *THREE)
    told = capsys.readouterr().out
    passwords = [line.split()[-1] for line in told.splitlines()]
    for name, password in zip(("sys", "sec", "aud"), passwords, strict=True):
        assert sign_in(Client(), name, password)["Location"] == reverse("accounts:change-password")
    assert list(Grant.objects.order_by("id").values_list("role", flat=True)) == list(ADMINISTRATORS)


def test_three_administrators_are_three_people() -> None:
    people.area(COUNTY)
    same = [word.replace(":A2", ":A1") for word in THREE]
    with pytest.raises(CommandError, match="three people"):
        call_command("create_administrators", "--area", COUNTY, *same)
    assert not User.objects.exists()
