"""The open questions of a policy's text: answered by a person with a reason, always in a new draft version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from subsidies.models import OptionDecision, Policy
from subsidies.rules.policy import Option
from subsidies.rules.switches import case_name
from subsidies.services.policies import draft_policy, read_policy

MAX_TEXT = 40


@transaction.atomic
def answer_questions(
    *, policy: Policy, answers: Mapping[str, str], reason: str, by: User, now: dt.datetime | None = None
) -> Policy:
    """A new draft like `policy` with these switches set; the version itself stays as it is, whatever its state.

    `answers`: switch → what was entered; those that say what holds already change nothing. Raises Refused
    REASON_NEEDED, NO_CHANGE, WRONG_ANSWER, `PolicyFaults`.
    """
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    declared = read_policy(policy.document, policy.options).options
    changed = _changed(declared, answers)
    if not changed:
        raise Refused("NO_CHANGE", _("No answer differs from those of this version."))
    options = {**policy.options, **changed}
    draft = draft_policy(programme=policy.programme, document=policy.document, options=options, by=by)
    at = now or clock.now()
    for name, value in changed.items():
        values = {
            "area_id": draft.area_id, "before": plain(declared[name].value), "after": value,
            "reason": reason.strip()[:300], "decided_by": by, "person_no": by.person_no, "decided_at": at,
        }  # fmt: skip
        OptionDecision.objects.get_or_create(policy=draft, option=name, defaults=values)
    return draft


def decisions_of(policy: Policy) -> QuerySet[OptionDecision]:
    """The decisions of this version and those before it, the newest last."""
    found = OptionDecision.objects.filter(
        policy__programme=policy.programme_id, policy__code=policy.code, policy__version_no__lte=policy.version_no
    )
    return found.select_related("decided_by", "policy").order_by("id")


def kept_options(document: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those answers that still fit a changed document. Raises `PolicyFaults`."""
    declared = read_policy(document).options
    return {
        name: value
        for name, value in options.items()
        if name in declared and (not declared[name].choices or value in map(plain, declared[name].choices))
    }


def plain(value: Any) -> Any:
    """A switch's value as JSON: an exact number as int or shortest decimal, everything else as it is."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def parse_answer(option: Option, text: str) -> Any:
    """What was entered as a value of this switch. Raises Refused WRONG_ANSWER."""
    text = text.strip()
    if option.choices:
        return _one_of(option, text)
    if option.default is None:
        return _number(option, text) if text else None
    if isinstance(option.default, Decimal | int) and not isinstance(option.default, bool):
        return _number(option, text)
    if not text or len(text) > MAX_TEXT:
        raise _wrong(option, text)
    return text


def _changed(declared: Mapping[str, Option], answers: Mapping[str, str]) -> dict[str, Any]:
    read = {name: parse_answer(declared[name], text) for name, text in answers.items() if name in declared}
    return {name: plain(value) for name, value in read.items() if value != declared[name].value}


def _one_of(option: Option, text: str) -> Any:
    for choice in option.choices:
        if case_name(choice) == text:
            return choice
    raise _wrong(option, text)


def _number(option: Option, text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise _wrong(option, text) from None
    if not number.is_finite() or number < 0 or Decimal(repr(float(number))) != number or number > 10**9:
        raise _wrong(option, text)
    return number


def _wrong(option: Option, text: str) -> Refused:
    words = _("“%(text)s” is no answer to %(option)s.")
    return Refused("WRONG_ANSWER", words, text=text[:MAX_TEXT], option=option.id)
