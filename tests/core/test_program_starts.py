"""What a program loads at its start, and that the shortcuts there leave out nothing that is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pgtrigger import registry

from core.trigger_registry import Registry
from heating_portal.celery import app
from heating_portal.timetable import TIMETABLE

ROOT = Path(__file__).resolve().parents[2]
BEAT = """
import heating_portal.beat as beat, sys
beat.app.loader.init_worker()
beat.app.finalize()
print(len(beat.app.conf.beat_schedule), "accounts" in sys.modules, "rich" in sys.modules, sep="\\n")
"""


def test_beat_knows_the_times_and_loads_no_tasks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEAT], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(len(TIMETABLE)), "False", "False"]


def test_workers_know_every_task_of_the_timetable() -> None:
    app.loader.import_default_modules()
    assert {one["task"] for one in TIMETABLE.values()} - set(app.tasks) == set()


def test_the_list_of_triggers_says_what_the_librarys_would() -> None:
    ours = registry._registry
    assert isinstance(ours, Registry) and len(ours) > 100
    theirs = registry._Registry.by_db_table.fget(ours), registry._Registry.pg_function_names.fget(ours)  # type: ignore[attr-defined]
    assert (ours.by_db_table, ours.pg_function_names) == theirs


def test_a_second_trigger_of_that_name_is_refused_until_the_first_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Registry()
    monkeypatch.setattr(registry, "_registry", ours)
    first, second = trigger("one"), trigger("one")
    ours["app.Model:one"] = (MODEL, first)
    ours["app.Model:one"] = (MODEL, first)
    with pytest.raises(KeyError, match="already used"):
        ours["app.Model:one"] = (MODEL, second)
    del ours["app.Model:one"]
    assert (ours.by_db_table, ours.pg_function_names) == ({}, set())
    ours["app.Model:one"] = (MODEL, second)
    assert ours.by_db_table == {("app_model", "one"): second}


MODEL: Any = SimpleNamespace(
    _meta=SimpleNamespace(label="app.Model", db_table="app_model", triggers=[], original_attrs={})
)


def trigger(name: str) -> Any:
    return SimpleNamespace(name=name, get_pgid=lambda model: f"pgtrigger_{name}")
