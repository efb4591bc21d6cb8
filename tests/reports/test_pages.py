"""Every page for every role that may open it: no errors, no other town, not too many queries, not too heavy."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.history.queries import log_for
from accounts.models import User
from devices.models import Heater
from reports.models import DwellingSummary
from reports.services.summaries import refresh_summaries
from subsidies.models import PayoutLine
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, B1, World

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

# Own queries of the page and those of session, person, grants and shell together. Raise one only knowing why.
QUERIES = {
    "home": 30, "reports:overview": 26, "reports:household-list": 12, "reports:search": 11, "reports:ledger-list": 9,
    "reports:audit-trace": 18,
}  # fmt: skip


def urls(number: str) -> list[str]:
    return [
        "/", reverse("reports:home-part"), reverse("reports:overview"), reverse("reports:overview-part"),
        reverse("reports:overview-curve"), reverse("reports:overview-online"), reverse("reports:search") + "?q=T0",
        reverse("reports:household-list"), reverse("reports:household-list") + "?stage=paid&missing=any&q=zsl",
        reverse("reports:household-detail", args=[number]), reverse("reports:household-heater", args=[number]),
        reverse("reports:ledger-list"), *(reverse("reports:ledger-detail", args=[kind]) for kind in (
            "payout", "installation", "completion", "household")), reverse("reports:ledger-export", args=["payout"]),
        reverse("reports:audit-trace"), reverse("reports:audit-trace") + f"?dwelling={number}",
        reverse("reports:audit-log"), reverse("reports:look-log"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "role", ["office", "finance", "finance_review", "auditor", "inspector", "supplier", "ops", "city_viewer",
             "leading_group", "town_staff", "village_staff", "system_admin", "security_admin", "audit_admin"],
)  # fmt: skip
def test_no_page_breaks_for_any_role(county: World, sign_in: SignIn, role: str) -> None:
    from tests import people

    client = sign_in(people.user(role, "370999"))
    number = DwellingSummary.objects.filter(stage="paid").first().dwelling_no
    answers = {url: client.get(url).status_code for url in urls(number)}
    assert {url: code for url, code in answers.items() if code not in (200, 302, 403, 404)} == {}
    assert answers["/"] == 200


def test_a_stranger_sees_nothing(county: World) -> None:
    number = DwellingSummary.objects.first().dwelling_no
    for url in urls(number):
        assert Client().get(url).status_code == 302, url


def test_a_chart_of_heaters_where_there_are_any(world: World, sign_in: SignIn) -> None:
    client, chart = sign_in(world.staff["office"]), reverse("reports:overview-online")
    for heaters in (0, 1):
        world.dwelling(A1, "installed")
        if not heaters:
            Heater.objects.update(removed_on=dt.date(2021, 10, 1))
        refresh_summaries()
        page = client.get("/overview/").content.decode()
        assert (chart in page, reverse("reports:overview-curve") in page) == (heaters > 0, True)


def test_another_towns_marker_is_in_no_answer(county: World, sign_in: SignIn) -> None:
    """Names, numbers and tails of town B are seeded; the clerk of town A asks for every page and never meets them."""
    from tests import people

    own = county.dwelling(A1, "paid")
    owner = people.household(B1, head_name="金丝雀", household_no="CANARY-77", id_number_tail="9X9X")
    other = county.dwelling(B1, "paid", household=owner)
    refresh_summaries()
    client = sign_in(county.staff["clerk_a"])
    asked = [*urls(own.dwelling_no), *(f"/search/?q={q}" for q in ("金丝雀", "CANARY", "9X9X"))]
    asked += [f"/households/?q={q}" for q in ("金丝雀", "CANARY-77", "9X9X")] + ["/households/?town=370999002"]
    for url in asked:
        assert not _marked_beyond_box(client.get(url, follow=True).content.decode()), url
    for url in (f"/households/{other.dwelling_no}/", f"/households/{other.dwelling_no}/heater/"):
        assert client.get(url).status_code == 404


def _marked_beyond_box(text: str) -> bool:
    """Whether the marker stands anywhere but in what the person typed (box, title, chip, addresses)."""
    stripped = re.sub(r'value="[^"]*"|href="[^"]*"|hx-get="[^"]*"|“[^”]*”|<span class="chip">.*?</span>', "", text)
    return "金丝雀" in stripped or "CANARY-77-" in stripped


def test_full_numbers_are_on_no_page_and_looking_changes_nothing(county: World, sign_in: SignIn) -> None:
    from tests.canaries import seeded_in

    client = sign_in(county.staff["auditor"])
    seeded = [
        str(v) for line in PayoutLine.objects.all() for v in (line.bank_card, line.entitlement.household.id_number)
    ]
    number = DwellingSummary.objects.filter(stage="paid").first().dwelling_no
    with CaptureQueriesContext(connection) as asked:
        for url in urls(number):
            assert seeded_in(client.get(url).content.decode(), seeded) == [], url
    writes = [q["sql"] for q in asked if re.match(r"(?i)\s*(insert|update|delete)", q["sql"])]
    assert [sql for sql in writes if "django_session" not in sql] == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_page_asks_no_more_than_its_baseline(county: World, sign_in: SignIn, name: str) -> None:
    client = sign_in(county.staff["office"])
    client.get(reverse(name))
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse(name) + ("?q=T0" if name.endswith("search") else ""))
    assert len(asked) <= QUERIES[name], [q["sql"][:110] for q in asked]


def test_the_list_asks_as_much_for_a_hundred_rows_as_for_ten(county: World, sign_in: SignIn) -> None:
    from reports.services.summaries import refresh_summaries

    client = sign_in(county.staff["clerk_a"])

    def asked() -> int:
        refresh_summaries()
        client.get("/households/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/households/?per=100").status_code == 200
        return len(captured)

    few = asked()
    for _ in range(40):
        county.dwelling(A1, "registered")
    assert asked() == few


def test_pages_keep_their_weight(county: World, sign_in: SignIn) -> None:
    """HTML over the line (UX 6.7): list of 50 at most 30 KB, file at most 40 KB."""
    for _ in range(45):
        county.dwelling(A1, "accepted")
    from reports.services.summaries import refresh_summaries

    refresh_summaries()
    client = sign_in(county.staff["office"])
    number = DwellingSummary.objects.filter(stage="paid").first().dwelling_no
    for url, limit in (("/households/", 30), (f"/households/{number}/", 40), ("/overview/", 30), ("/trace/", 40)):
        weight = len(gzip.compress(client.get(url).content))
        assert weight <= limit * 1024, (url, weight)


def test_the_log_speaks_of_titles_and_names_and_every_change_can_be_reached(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    task = PayoutLine.objects.first().entitlement.dwelling.tasks.first()
    query = {"table": "retrofits_task", "row": str(task.pk), "operation": "I"}
    page = client.get(reverse("reports:audit-log"), query).content.decode()
    cell = page[page.index('<ul class="changes small">') :]
    assert "<details" in cell
    for words in ("方案", "状态", task.programme.name, task.area.name, "待安装"):
        assert words in cell, words
    for code in ("programme", "listed", "+00:00"):
        assert code not in cell[: cell.index("</details>")], code


@pytest.mark.parametrize("page", ["1", "2", "9999999999999", "-1", "x", "1²"])
def test_the_log_is_counted_and_paged_in_one_question(county: World, sign_in: SignIn, page: str) -> None:
    client = sign_in(county.staff["auditor"])
    with CaptureQueriesContext(connection) as asked:
        table = client.get(reverse("reports:audit-log"), {"per": "20", "page": page}).context["table"]
    assert table.page.number in (1, 2, table.page.paginator.num_pages)
    assert len(table.rows) == min(20, table.count) or table.page.number == table.page.paginator.num_pages
    entries = log_for(county.staff["auditor"])
    first = (table.page.number - 1) * 20
    assert [row.item.pk for row in table.rows] == [entry.pk for entry in entries[first : first + 20]]
    assert table.count == entries.count()
    assert len([one for one in asked if "accounts_auditentry" in one["sql"]]) <= (1 if page in ("1", "2", "x") else 2)


def test_the_log_is_narrowed_by_days_of_a_calendar_and_by_kinds_people_know(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    page = client.get(reverse("reports:audit-log"), {"since": "2021-01-05", "table": "retrofits_task"})
    shown = page.content.decode()
    for name, label, value in (("since", "起始日", ' value="2021-01-05"'), ("until", "截止日", "")):
        field = rf'<label[^>]*><span class="muted">{label}</span><input type="date" name="{name}"{value}'
        assert re.search(field, shown), name
    assert re.search(r'<option value="retrofits_task" selected>[^<a-z_]+</option>', shown)
    assert {row.item.table for row in page.context["table"].rows} == {"retrofits_task"}
