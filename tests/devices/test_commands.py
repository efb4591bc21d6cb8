"""The three commands as an operator starts them: processes, signals, sentences."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from devices.hub.client import HubClient
from devices.hub.config import split_address
from tests.databases import database_url

LINE = "dtu:861990000000018"


def start_hub(folder: Path, *, listen: int = 0, control: int = 0, shard: int = 0) -> subprocess.Popen[str]:
    """`manage.py dtu_hub`, one of two hubs, with its lease in this test's database."""
    command = [sys.executable, "manage.py", "dtu_hub", "--number", str(shard), "--of", "2"]
    command += ["--listen", f"127.0.0.1:{listen}", "--control", f"127.0.0.1:{control}"]
    own = {"PORTAL_MODE": "test", "PORTAL_VAR": str(folder), "DATABASE_URL": database_url()}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | own)


@contextmanager
def hub_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict]]:
    """A hub on free ports; yields it and its first log line."""
    process = start_hub(folder)
    try:
        first = process.stdout.readline()
        assert first, process.stderr.read()
        yield process, json.loads(first)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.django_db(transaction=True)
def test_the_hub_logs_json_and_ends_cleanly_on_sigterm(tmp_path: Path, settings) -> None:
    with hub_process(tmp_path) as (process, started):
        assert started["event"] == "hub_started"
        with HubClient("127.0.0.1", started["control"], settings.HUB_SECRET.encode()) as client:
            assert client.ping()
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
        assert process.returncode == 0, errors
        assert json.loads(rest.splitlines()[-1])["event"] == "hub_stopped"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("port", ["listen", "control"])
def test_a_taken_port_is_one_sentence(port: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        hub = start_hub(tmp_path, shard=1, **{port: taken.getsockname()[1]})
        try:
            _, errors = hub.communicate(timeout=60)
        finally:
            hub.kill()
    assert hub.returncode == 1
    assert "can't listen on" in errors and len(errors.splitlines()) == 1, errors


def test_faults_are_switched_in_the_control_file(tmp_path: Path) -> None:
    control, out = tmp_path / "faults.json", StringIO()
    call_command("simulate_heaters", unplug=f"{LINE}/1", control_file=control, stdout=out)
    call_command("simulate_heaters", fault=["bad_crc", f"{LINE}/2"], control_file=control, stdout=out)
    assert json.loads(control.read_text()) == {f"{LINE}/1": "unplugged", f"{LINE}/2": "bad_crc"}
    call_command("simulate_heaters", plug=f"{LINE}/1", control_file=control, stdout=out)
    assert json.loads(control.read_text()) == {f"{LINE}/2": "bad_crc"}
    assert f"{LINE}/1: normal" in out.getvalue()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Say which heaters"),
        ({"unplug": "dtu861"}, "wanted a line and a unit"),
        ({"fault": ["melted", f"{LINE}/1"]}, "'melted' is not one of"),
        ({"fleet": "/no/such/file"}, "No such file"),
        ({"demo": True, "listen_to": "nowhere"}, "not an address"),
    ],
)
def test_wrong_orders_get_a_sentence(options: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("simulate_heaters", control_file=tmp_path / "faults.json", **options)


def test_the_docking_test_of_a_dead_line_fails(capsys) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="not passed"):
        call_command(
            "conformance",
            profile="linshi-ashp-08",
            url="serial:/dev/no-such-port",
            unit=1,
            reads=2,
            json=True,
            stdout=out,
        )
    report = json.loads(out.getvalue())
    assert report["passed"] is False and [step["passed"] for step in report["steps"]] == [True, False]
    with pytest.raises(CommandError, match="no such profile; there are: linshi-ashp-08"):
        call_command("conformance", profile="none", url="tcp:127.0.0.1:1", unit=1)


def test_addresses_are_checked() -> None:
    assert split_address("[::1]:7502") == ("::1", 7502)
    with pytest.raises(ValueError, match="not an address"):
        split_address("7502")
