"""`./portal prove requirements`: every test that holds the portal to a clause must fail without the service it names.

Each such test runs once per named service, with the code of that service replaced by one that does nothing while the
body of the test runs (its fixtures still have it). A test that passes all the same held nothing: it is reported as
failed.
"""

import importlib
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

import pytest

PROVING = os.environ.get("PORTAL_SIZE") == "large" and os.environ.get("PORTAL_PROVE") == "requirements"
OFF = "service_switched_off"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    services = services_of(metafunc.definition)
    if PROVING and services:
        metafunc.fixturenames.append(OFF)
        metafunc.parametrize(OFF, sorted(set(services)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with switched_off(service_of(item)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if call.when == "call" and service_of(item):
        turn_round(report, service_of(item))
    return report


def service_of(item: pytest.Item) -> str:
    """What is switched off in this run of the test; a mark on one parameter names it for that parameter alone."""
    if not PROVING:
        return ""
    callspec = getattr(item, "callspec", None)
    chosen = callspec.params.get(OFF, "") if callspec else ""
    return str(chosen or next(iter(services_of(item)), ""))


def services_of(node: pytest.Item) -> list[str]:
    return [str(mark.kwargs["serves"]) for mark in node.iter_markers("clause")]


def turn_round(report: Any, service: str) -> None:
    if report.outcome == "failed":
        report.outcome, report.longrepr = "passed", None
    elif report.outcome == "passed":
        report.outcome, report.longrepr = "failed", f"passed although {service} did nothing"


def named_function(path: str) -> Callable[..., Any]:
    """The function behind "package.module:name" or "package.module:Class.name", without its decorators."""
    module, _, name = path.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return inspect.unwrap(found)


@contextmanager
def switched_off(path: str) -> Iterator[None]:
    """Its code, not its name, is replaced: whoever imported the function by name gets the empty one too."""
    if not path:
        yield
        return
    function: Any = named_function(path)
    kept = function.__code__
    function.__code__ = does_nothing(kept.co_freevars)
    try:
        yield
    finally:
        function.__code__ = kept


def does_nothing(captured: tuple[str, ...]) -> CodeType:
    """Code that takes anything and returns nothing; it must capture as many variables as the code it stands in for."""
    names = ", ".join(captured)
    source = f"def outer({names}):\n def inner(*given, **named):\n  ({names})\n return inner\n"
    space: dict[str, FunctionType] = {}
    exec(source, space)
    return space["outer"](*captured).__code__  # type: ignore[no-any-return]
