"""What the import contracts can't see: relations between tables, labels, declarations, commands in the manual."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.core.management import call_command, get_commands
from django.db import models

from accounts.rights import RIGHTS, ROLES
from heating_portal.checks import declaration_of, named_views

ORDER = [
    "core",
    "accounts",
    "jobs",
    "programmes",
    "households",
    "devices",
    "telemetry",
    "retrofits",
    "subsidies",
    "heatsupply",
    "supervision",
    "reports",
]
ROOT = Path(__file__).resolve().parents[2]


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in ORDER]


def test_relations_point_only_to_the_same_or_an_earlier_app() -> None:
    backwards = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.concrete
        and field.is_relation
        and field.related_model._meta.app_label in ORDER
        and ORDER.index(field.related_model._meta.app_label) > ORDER.index(model._meta.app_label)
    ]
    assert backwards == []


def test_no_day_is_taken_from_a_moment_in_utc() -> None:
    """Before eight in the morning its day in UTC is yesterday: `timezone.localdate(moment)` is the one meant."""
    bare = re.compile(r"(_at|\bnow|\bat|\bmoment|now\(\))\.date\(\)")
    sources = [path for app in ORDER for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_every_url_says_who_may_open_it() -> None:
    views = dict(named_views())
    assert len(views) > 10
    assert [name for name, view in views.items() if not declaration_of(view)] == []


def test_every_declared_right_exists_and_some_role_holds_it() -> None:
    declared = {declaration_of(view) for _name, view in named_views()} - {"public", "signed_in"}
    declared = {right for right in declared if " " not in right}
    held = frozenset().union(*(role.rights for role in ROLES.values()))
    assert declared - set(RIGHTS) == set()
    assert set(RIGHTS) - held == set()
    assert held - set(RIGHTS) == set()


def test_area_bound_models_name_the_right_that_shows_them() -> None:
    scoped = [model for model in our_models() if hasattr(model._default_manager, "visible_to")]
    nameless = [
        model._meta.label for model in scoped if not getattr(model, "view_right", "") and model.__name__ != "Area"
    ]
    assert nameless == []


def test_models_bound_to_an_area_are_scoped() -> None:
    unscoped = [
        model._meta.label
        for model in our_models()
        if any(field.name == "area" and field.is_relation for field in model._meta.local_fields)
        and not hasattr(model._default_manager, "visible_to")
    ]
    # Read by the administrators' own pages, through their owner, or by no page at all (tallies, number series).
    assert set(unscoped) <= {
        "accounts.Grant",
        "accounts.AccessLog",
        "jobs.Job",
        "programmes.Target",
        "programmes.StatedSum",
        "programmes.LeadUnit",
        "households.NumberSeries",
        "telemetry.PollCycle",
    }


def test_administrators_see_neither_households_nor_money() -> None:
    business = {right for right in RIGHTS if right.split(".")[0] not in {"users", "grants", "system", "audit", "jobs"}}
    for code, role in ROLES.items():
        if role.admin_kind:
            assert role.rights & business == frozenset(), code


def test_roles_that_approve_need_a_second_factor() -> None:
    weighty = {
        "payouts.approve",
        "payouts.release",
        "payouts.review",
        "rosters.approve",
        "policies.release",
        "grants.manage",
    }
    for code, role in ROLES.items():
        if role.rights & weighty:
            assert role.second_factor, code


def test_our_commands_stand_in_the_manual() -> None:
    ours = [name for name, app in get_commands().items() if app in [*ORDER, "heating_portal"]]
    manual = (ROOT / "docs" / "commands.md").read_text()
    assert [name for name in ours if f"`{name}" not in manual] == []


def test_plain_modules_load_without_django() -> None:
    import subprocess
    import sys

    modules = "core.money, core.seasons, core.areas, core.workbooks.read, subsidies.rules, devices.protocol"
    code = f"import sys\nimport {modules}\nassert not any(name.split('.')[0] == 'django' for name in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_pages_of_the_tables_are_up_to_date() -> None:
    call_command("document_models", check=True)
