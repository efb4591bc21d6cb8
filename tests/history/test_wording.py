"""The history as people read it: every column has its title in both languages, every machine its words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.functional import Promise

from accounts.acting import acting
from accounts.history.actors import DEEDS, MACHINES, acted_by, actor_words, reason_words
from accounts.history.naming import Names
from accounts.history.queries import Change, changes_of, history_of
from accounts.history.triggers import excluded_columns, is_tracked
from accounts.models import AuditEntry
from core.checks import own_models
from tests import people

ROOT = Path(__file__).resolve().parents[2]


def untitled() -> Iterator[tuple[str, str]]:
    """Columns with a history whose field has no title of its own, with the words made of their name."""
    for model in own_models():
        kept = set(excluded_columns(model)) if is_tracked(model) else None
        for field in model._meta.concrete_fields if kept is not None else ():
            if field.column not in (kept or ()) and not isinstance(field.verbose_name, Promise):
                yield f"{model._meta.label}.{field.name}", str(field.verbose_name).removesuffix(" fen")


def test_every_column_of_the_history_has_a_chinese_title() -> None:
    part = polib.pofile(str(Path(settings.LOCALE_PATHS[0]) / "parts" / "columns.po"))
    known = {entry.msgid for entry in part if entry.msgctxt == "column" and entry.msgstr}
    assert {where: words for where, words in untitled() if words not in known} == {}


def test_every_machine_that_acts_has_words() -> None:
    acts = re.compile(r"""acting\(\s*(?:by or )?"([^"]+)\"""")
    apps = [path.parent for path in ROOT.glob("*/apps.py")]
    named = {name for app in apps for path in app.rglob("*.py") for name in acts.findall(path.read_text())}
    machines = {name for name in named if not name.startswith("command ") and name != "sweeper"}
    assert len(machines) > 15
    assert machines - set(MACHINES) == set()


def test_machines_and_jobs_are_told_in_chinese() -> None:
    with translation.override("zh-hans"):
        assert actor_words("poller") == "系统：采集取暖设备数据"
        assert actor_words("job devices.run_docking") == "后台任务：运行对接检测步骤"
        assert actor_words("command check_trace") == "命令 check_trace"
        assert actor_words("李样本") == reason_words("李样本") == "李样本"
        words = [*MACHINES.values(), *DEEDS.values()]
        assert [str(one) for one in words if str(one).isascii()] == []


def told(row: Any, user: Any) -> dict[str, Change]:
    """The last entry of `row` as `user` reads it: column → change."""
    entry = history_of(row).first()
    assert entry is not None
    return {change.column: change for change in changes_of(entry, Names(user))}


@pytest.mark.django_db
def test_values_are_words_and_times_are_local() -> None:
    auditor, home = people.user("auditor", "370999"), people.dwelling()
    batch_moment = dt.datetime(2021, 11, 1, 1, 30, tzinfo=dt.UTC)
    home.household.beneficiary_classes, home.household.created_at = ["DESTITUTE"], batch_moment
    home.household.income_class, home.household.phone = "low", "13900000000"
    home.household.save()
    with translation.override("zh-hans"):
        changes = told(home.household, auditor)
        assert str(changes["beneficiary_classes"].after) == "特困户"
        assert str(changes["created_at"].after) == "2021-11-01 09:30:00"
        assert changes["created_at"].label == "建立时间"
        assert changes["phone"].hidden
        assert changes["income_class"].hidden
        assert "13900000000" not in str(changes)


@pytest.mark.django_db
def test_keys_read_as_names_of_what_the_reader_may_see_in_one_question() -> None:
    here, there = people.user("auditor", "370999"), people.user("auditor", "370998")
    programme = people.programme(name="示例方案")
    first, second = people.area("370999001001"), people.area("370999001002")
    technology = people.technology(programme)
    home = people.dwelling(area=first.code)
    home.area = second
    home.save()
    entries = [history_of(one).first() for one in (home, technology, programme)]
    names = Names(here)
    assert here.has_right("programmes.view")  # its roles are known to a page already
    changes = [change for entry in entries if entry for change in changes_of(entry, names)]
    with CaptureQueriesContext(connection) as asked:
        words = {change.column: (str(change.before), str(change.after)) for change in changes}
    assert len(asked) == 1
    assert words["programme_id"] == ("None", "示例方案")
    moved = told(home, here)["area_id"]
    assert (str(moved.before), str(moved.after)) == (first.name, second.name)
    with translation.override("zh-hans"):
        assert str(told(home, there)["area_id"].after) == "不在您的范围内或已不存在"
        assert "示例方案" not in str(told(technology, there)["programme_id"].after)


@pytest.mark.django_db
def test_the_log_is_searched_by_the_words_it_shows() -> None:
    with acting("poller"):
        village = people.area("370999001001")
        village.name = "示例村"
        village.save()
    with translation.override("zh-hans"):
        found = AuditEntry.objects.filter(acted_by("采集"), table="accounts_area", operation="U")
    assert [entry.row_pk for entry in found] == [village.pk]
