"""``assess --policy FILE --cases FILE --json``: amounts, splits, reasons and steps, without the database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from subsidies.rules.cases import Case, read_cases, run_case
from subsidies.rules.documents import MAX_BYTES, DocumentError, read_document
from subsidies.rules.encoding import decode_steps
from subsidies.rules.loading import load_policy
from subsidies.wording import problem_sentence, reason_sentence, step_sentence

MAX_OPTION_SETS = 100


class Command(BaseCommand):
    help = "Assess cases under a policy document: amounts, splits, reasons and steps. Touches no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--policy", required=True, help="policy document (YAML)")
        parser.add_argument("--cases", required=True, help="cases (YAML or JSON), see docs/policies.md")
        parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")
        parser.add_argument("--option", action="append", default=[], help="set an option: Q2=proportional")

    def handle(self, *args: Any, **options: Any) -> None:
        policy_text, cases_text = _read(options["policy"]), _read(options["cases"])
        chosen = dict(_option(text) for text in options["option"])
        cases = _loaded(options["cases"], lambda: read_cases(cases_text))
        _check_options(options["cases"], cases)
        answers = [_answer(options["policy"], policy_text, chosen, case) for case in cases]
        self.stdout.write(_as_json(answers) if options["json"] else "\n\n".join(map(_as_text, answers)))


def _check_options(path: str, cases: tuple[Case, ...]) -> None:
    """Every set of options is a policy to be read and checked by itself."""
    sets = {repr(sorted(case.options.items())) for case in cases}
    if len(sets) > MAX_OPTION_SETS:
        raise CommandError(f"{path} has {len(sets)} different sets of options; at most {MAX_OPTION_SETS} are read.")


def _answer(path: str, policy_text: bytes, chosen: dict[str, Any], case: Case) -> dict[str, Any]:
    policy = _loaded(path, lambda: _policy(policy_text, {**chosen, **case.options}))
    return run_case(policy, case)


_policies: dict[tuple[bytes, str], Any] = {}


def _policy(text: bytes, chosen: dict[str, Any]) -> Any:
    """Cases with the same options share one loaded policy."""
    key = (text, repr(sorted(chosen.items())))
    if key not in _policies:
        _policies[key] = load_policy(text, chosen)
    return _policies[key]


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from None


def _loaded(path: str, load: Any) -> Any:
    try:
        return load()
    except DocumentError as error:
        lines = "\n".join(f"  {problem_sentence(each)}" for each in error.problems)
        raise CommandError(f"{path} has {len(error.problems)} problem(s):\n{lines}") from None


def _option(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise CommandError(f"--option {text}: write it as NAME=VALUE.")
    return name, _loaded(f"--option {name}", lambda: read_document(value))


def _as_json(answers: list[dict[str, Any]]) -> str:
    return json.dumps({"cases": answers}, ensure_ascii=False, indent=2)


def _as_text(answer: dict[str, Any]) -> str:
    amount = answer["amount"] or "–"
    split = ", ".join(f"{source} {fen}" for source, fen in answer["split"].items())
    head = f"{answer['id']}  {amount}  {split}  {reason_sentence(answer['reason'], answer.get('params'))}"
    steps = [f"    {step_sentence(step)}" for step in decode_steps(answer.get("steps", ()))]
    return "\n".join([head, *steps])
