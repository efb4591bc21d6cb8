"""Policies: two people, frozen once released, versions that do not overlap, read from presets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from core.refusals import Refused
from heating_portal.presets import FOLDER
from subsidies.loading import load_policy
from subsidies.models import Policy
from subsidies.rules.loading import load_policy as read
from subsidies.sentences import benefit_rows, option_rows
from subsidies.services import policies
from tests import people
from tests.subsidies.conftest import POLICY, Money, make_ready, release

pytestmark = pytest.mark.django_db


def later(day: str = "2022-01-01") -> str:
    return POLICY.replace("valid_from: 2021-01-01", f"valid_from: {day}")


def test_the_drafter_does_not_release(money: Money) -> None:
    both = people.user("finance", "370999")
    draft = policies.draft_policy(programme=money.programme, document=later(), by=both)
    second_account = people.user("finance_review", "370999", person_no=both.person_no)
    with pytest.raises(Refused, match="SAME_PERSON"):
        policies.release_policy(policy=draft, sha256=draft.sha256, by=second_account)
    with pytest.raises(DatabaseError, match="after a trial"), transaction.atomic():
        Policy.objects.filter(pk=draft.pk).update(state="released", released_person_no="P-other")
    make_ready(draft, money.reviewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.filter(pk=draft.pk).update(state="released", released_person_no=both.person_no)


def test_a_commands_draft_needs_a_person_first(money: Money, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(later(), encoding="utf-8")
    draft = load_policy(path=path, programme=money.programme, by="load_policy")
    with pytest.raises(Refused, match="NO_DRAFTER"):
        policies.release_policy(policy=draft, sha256=draft.sha256, by=money.reviewer)
    policies.take_over_draft(policy=draft, by=money.maker)
    make_ready(draft, money.reviewer)
    assert policies.release_policy(policy=draft, sha256=draft.sha256, by=money.reviewer).state == "released"


def test_loading_the_same_content_again_changes_nothing(money: Money, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(later(), encoding="utf-8")
    call_command("load_policy", str(path), "--programme", money.programme.code)
    call_command("load_policy", str(path), "--programme", money.programme.code)
    assert Policy.objects.count() == 2


def test_the_command_lists_all_problems(money: Money, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY.replace("fixed: 3000", "fixd: 3000"), encoding="utf-8")
    with pytest.raises(CommandError, match="fixd"):
        call_command("load_policy", str(path))


def test_what_is_released_is_what_was_shown(money: Money) -> None:
    draft = policies.draft_policy(programme=money.programme, document=later(), by=money.maker)
    with pytest.raises(Refused, match="CONTENT_CHANGED"):
        policies.release_policy(policy=draft, sha256="0" * 64, by=money.reviewer)


@pytest.mark.parametrize(
    "change", ["document = 'x'", "options = '{}'::jsonb || '{\"Q1\": \"flat\"}'", "valid_to = NULL"]
)
def test_a_released_version_is_frozen(money: Money, change: str) -> None:
    from django.db import connection

    with (
        pytest.raises(DatabaseError, match=r"fixed|only end earlier"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE subsidies_policy SET {change}")


def test_a_new_version_ends_the_old_one_the_day_before(money: Money) -> None:
    release(money.programme, later("2021-12-01"))
    old, new = Policy.objects.order_by("version_no")
    assert (old.valid_to, new.valid_from, old.state) == (dt.date(2021, 11, 30), dt.date(2021, 12, 1), "released")


def test_a_correction_from_the_same_day_replaces_it(money: Money) -> None:
    release(money.programme, POLICY.replace("6000", "5000"))
    assert list(Policy.objects.order_by("version_no").values_list("state", flat=True)) == ["retired", "released"]


def test_options_are_part_of_what_is_released(money: Money) -> None:
    flat = policies.draft_policy(programme=money.programme, document=POLICY, options={"Q1": "flat"}, by=money.maker)
    assert flat.version_no == 2
    assert policies.rules_of(flat).options["Q1"].value == "flat"


def test_a_scan_is_kept_by_all_that_decides_what_a_version_pays(money: Money) -> None:
    policy = Policy.objects.get()
    first = policies.scan_of(policy)
    assert policies.scan_of(Policy.objects.get()) is first and {one.rule for one in first.curves} == {"S-1", "S-2"}
    flat = policies.draft_policy(programme=money.programme, document=POLICY, options={"Q1": "flat"}, by=money.maker)
    assert policies.scan_of(flat) != first
    policy.programme.settings = {"policies": ["S-2"]}
    assert {one.rule for one in policies.scan_of(policy).curves} == {"S-2"}


def test_a_policy_for_another_place_is_refused(money: Money) -> None:
    with pytest.raises(Refused, match="PLACE_OUTSIDE"):
        policies.draft_policy(programme=money.programme, document=POLICY.replace("370999", "370902"), by=money.maker)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/policy.yaml")), ids=lambda path: path.parent.name)
def test_every_preset_can_be_said_in_sentences(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rows = benefit_rows(text, {}, None)
    assert len(rows) == len(read(text).benefits) and all(row["pays"] for row in rows)
    assert all(row["value"] for row in option_rows(read(text)))
