"""A page that holds sums against each other reads them of one moment, whatever is committed while it is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.utils import InternalError
from django.test import Client

from accounts.acting import acting
from accounts.models import Area, User
from core.together import in_one_moment
from reports.services.summaries import refresh_summaries
from subsidies.models import PayoutLine
from tests.reports.test_trace import full_path
from tests.reports.world import A2, World

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[User], Client]


class PaidInBetween:
    """Pays one household more, and takes it into the sums, right before the `nth` question for them."""

    def __init__(self, world: World, nth: int) -> None:
        self.world, self.left = world, nth

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "reports_tracetotal" in sql:
            self.left -= 1
            if not self.left:
                elsewhere = threading.Thread(target=self._pay)
                elsewhere.start()
                elsewhere.join()
        return execute(sql, params, many, context)

    def _pay(self) -> None:
        with acting("the bank answers"):
            self.world.dwelling(A2, "paid", amount_fen=510_000)
            refresh_summaries()
        connection.close()


def test_a_payment_taken_in_while_the_page_is_made_is_no_difference(world: World, sign_in: SignIn) -> None:
    world.dwelling(A2, "paid", amount_fen=600_000)
    refresh_summaries()
    client, path = sign_in(world.staff["auditor"]), full_path(PayoutLine.objects.get()).query()
    paying = PaidInBetween(world, nth=2)
    with connection.execute_wrapper(paying):
        page = client.get(path).content.decode()
    assert paying.left <= 0 and PayoutLine.objects.count() == 2, "it was paid in between"
    assert "✗" not in page and "✓" in page


def test_nothing_is_written_in_one_moment() -> None:
    with pytest.raises(InternalError, match="read-only"), in_one_moment():
        Area.objects.create(code="37", name="甲省", level="province")
