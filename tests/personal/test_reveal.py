"""A full number: for a reason, inside one's area, written down first, not too often."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts import reveal as service
from accounts.models import AccessLog, User
from core.refusals import Refused
from tests.personal.conftest import ID, Place

pytestmark = pytest.mark.django_db


def show(place: Place, by: User, **more: Any) -> service.Revealed:
    asked = {
        "table": "households.household",
        "pk": str(place.household.pk),
        "field": "id_number",
        "reason": "check_paper",
        **more,
    }
    return service.reveal(by=by, **asked)


def test_the_value_comes_with_a_log_entry(place: Place) -> None:
    assert show(place, place.inside).value == ID
    entry = AccessLog.objects.get()
    assert (entry.user, entry.field, entry.reason, entry.area_id) == (
        place.inside,
        "id_number",
        "check_paper",
        "370902",
    )
    assert ID not in str(vars(entry))


def test_outside_is_absent_and_inside_without_the_right_is_forbidden(place: Place) -> None:
    with pytest.raises(Http404):
        show(place, place.outside)
    with pytest.raises(PermissionDenied):
        show(place, place.reader)
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"reason": ""}, "REASON_NEEDED"),
        ({"reason": "curious"}, "REASON_NEEDED"),
        ({"field": "head_name"}, "NOT_REVEALABLE"),
        ({"field": "id_number_index"}, "NOT_REVEALABLE"),
        ({"table": "accounts.user", "field": "password"}, "NOT_REVEALABLE"),
        ({"table": "x"}, "NOT_REVEALABLE"),
    ],
)
def test_only_known_reasons_and_personal_fields(place: Place, wrong: dict[str, str], code: str) -> None:
    with pytest.raises(Refused, match=code):
        show(place, place.inside, **wrong)
    assert not AccessLog.objects.exists()


def test_looking_too_often_ends_for_the_hour(place: Place, settings: Any) -> None:
    settings.REVEALS_PER_HOUR = 2
    show(place, place.inside)
    show(place, place.inside)
    with pytest.raises(Refused, match="TOO_MANY_REVEALS"):
        show(place, place.inside)
    assert AccessLog.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_no_value_is_shown_whose_log_entry_could_be_rolled_back(place: Place) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        show(place, place.inside)


def test_the_page_posts_and_nothing_is_kept_in_caches(place: Place, client: Client) -> None:
    client.force_login(place.inside)
    asked = {"table": "households.household", "pk": place.household.pk, "field": "id_number", "reason": "audit"}
    answer = client.post(reverse("accounts:reveal"), asked)
    assert answer.status_code == 200
    assert ID in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert client.get(reverse("accounts:reveal"), asked).status_code == 405
    refused = client.post(reverse("accounts:reveal"), {**asked, "reason": ""})
    assert refused.status_code == 422
    assert ID not in refused.content.decode()
