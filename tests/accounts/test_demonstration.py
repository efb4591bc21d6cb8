"""One click into every role: in the demonstration, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import checks, demonstration, services
from accounts.models import User
from accounts.rights import ROLES
from core.strict_yaml import read_yaml
from tests import people

pytestmark = pytest.mark.django_db
PRESETS = Path(__file__).parents[2] / "presets"


@pytest.fixture
def actor() -> User:
    user = people.user("finance_release", "370999", username="finance_demo")
    demonstration.give_device(user)
    return user


@pytest.fixture
def demo(settings: Any) -> None:
    settings.DEMONSTRATION = True


def door(user: User) -> str:
    return reverse("accounts:login-demo", args=[user.username])


def test_one_click_leads_to_the_workbench_with_the_second_factor(client: Client, actor: User, demo: None) -> None:
    assert client.post(door(actor))["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert client.session["otp_device_id"]


def test_the_door_is_no_link(client: Client, actor: User, demo: None) -> None:
    assert client.get(door(actor)).status_code == 405


def test_there_is_no_door_outside_the_demonstration(client: Client, actor: User) -> None:
    assert client.post(door(actor)).status_code == 404
    assert "finance_demo" not in client.get(reverse("accounts:login")).content.decode()
    assert demonstration.accounts() == []


def test_an_account_of_a_real_person_has_no_door(client: Client, actor: User, demo: None) -> None:
    real = people.user("office", "370999")
    assert client.post(door(real)).status_code == 404
    User.objects.filter(pk=actor.pk).update(is_active=False)
    assert client.post(door(actor)).status_code == 404


def test_the_login_page_names_role_person_and_place(client: Client, actor: User, demo: None) -> None:
    page = client.get(reverse("accounts:login")).content.decode()
    assert door(actor) in page
    assert f"{actor.person_name} · 示例县 · finance_demo" in page
    assert "财政局支付" in page


def test_a_visitor_playing_administrator_shuts_no_door(client: Client, actor: User, demo: None) -> None:
    services.give_temporary_password(user=actor, by=None)
    services.reset_second_factor(user=actor, by=None)
    assert client.post(door(actor)).status_code == 302
    assert client.get(reverse("home")).status_code == 200


def test_production_refuses_to_be_a_demonstration(settings: Any) -> None:
    settings.PRODUCTION = True
    assert checks.production_is_not_a_demonstration(None) == []
    settings.DEMONSTRATION = True
    assert [error.id for error in checks.production_is_not_a_demonstration(None)] == ["accounts.E001"]


def test_production_refuses_a_database_with_demonstration_people(settings: Any, actor: User) -> None:
    ask = checks.production_has_no_demonstration_people
    assert ask(None, databases=["default"]) == []
    settings.PRODUCTION = True
    found = ask(None, databases=["default"])
    assert [error.id for error in found] == ["accounts.E002"]
    assert "finance_demo" in found[0].msg
    actor.totpdevice_set.all().delete()
    assert ask(None, databases=["default"]) == []


def test_production_makes_no_demonstration_account(settings: Any, actor: User) -> None:
    settings.PRODUCTION = True
    with pytest.raises(RuntimeError):
        demonstration.give_device(actor)


@pytest.mark.parametrize("preset", sorted(path.parent.name for path in PRESETS.glob("*/accounts.yaml")))
def test_every_county_of_the_demonstration_has_its_three_administrators(preset: str) -> None:
    """Three people, each of one kind, over the programme's whole place."""
    place = read_yaml((PRESETS / preset / "programme.yaml").read_text(encoding="utf-8"))["programme"]["area"]
    entries = read_yaml((PRESETS / preset / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    held = {
        (grant["role"], entry["person_no"])
        for entry in entries
        for grant in entry["grants"]
        if ROLES[grant["role"]].admin_kind and str(grant["area"]) == str(place)
    }
    assert sorted(role for role, _who in held) == ["audit_admin", "security_admin", "system_admin"]
    assert len({who for _role, who in held}) == 3
