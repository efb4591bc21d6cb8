"""Who looks at the pages, and the boards behind them. Nothing here commits: readings go with the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from tests import people
from tests.telemetry.plant import Plant, running_plant
from tests.telemetry.test_polling import poll
from tests.telemetry.visiting import PLACES, VILLAGE, sign_in


@pytest.fixture
def ops() -> User:
    user = people.user("ops", "370999001")
    User.objects.filter(pk=user.pk).update(language="en")
    user.refresh_from_db()
    return user


@pytest.fixture
def page(ops: User) -> Client:
    return sign_in(ops)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    people.programme("370999", poll_period_s=30, room_temp_min_c=16)
    with running_plant(tmp_path, PLACES, VILLAGE) as made:
        poll()
        yield made
