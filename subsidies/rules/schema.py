"""The JSON Schema of a policy document, built here and published as ``schema.json`` beside this file.

``python -m subsidies.rules.schema`` prints it. A node of the grammar is a mapping with exactly one key, the
construct's name, so a wrong document gives a message at the wrong place and not "matches none of twelve".
"""

from __future__ import annotations

import json
from typing import Any

from subsidies.rules.codes import (
    COMPARABLE_FACTS,
    COSTS,
    EXCLUSION_CODES,
    FACTS,
    GATES,
    MONEY_FACTS,
    NOT_DUE_CODES,
    NUMBER_FACTS,
    OWN_DUE_CODES,
    SHARE_KEYS,
    UNDEFINED_CODES,
    USAGE_FACTS,
    WARNING_CODES,
)
from subsidies.rules.conditions import OPERATORS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 2000}
CLAUSE: Schema = {"type": "string", "maxLength": 200}
CODE: Schema = {"type": "string", "pattern": "^[A-Z][A-Z0-9_]{0,39}$"}
RULE_ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"}
DATE: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
MONTH_DAY: Schema = {"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$"}


def _object(required: list[str], properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _one_of(values: tuple[str, ...] | list[str]) -> Schema:
    return {"enum": sorted(values)}


def _list(items: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": 200}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _node(constructs: Schema, what: str) -> Schema:
    """A mapping with exactly one of the constructs, or ``choose`` among several by an option."""
    properties = {**constructs, "choose": _choose(what)}
    closed: Schema = {
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"type": "object", **closed}


def _choose(what: str) -> Schema:
    cases = {"type": "object", "minProperties": 1, "additionalProperties": _ref(what)}
    return _object(["option", "cases"], {"option": RULE_ID, "cases": cases})


def _switchable(name: str, plain: Schema) -> Schema:
    """A plain value, ``{option: Q6}`` for a free value, or ``{choose: …}``."""
    picked = {"option": RULE_ID, "choose": _choose(name)}
    mapping: Schema = {"type": "object", "properties": picked, "additionalProperties": False}
    mapping |= {"minProperties": 1, "maxProperties": 1}
    return {"if": {"type": "object"}, "then": mapping, "else": plain}


_PER: Schema = {"enum": ["whole", "month"]}

AMOUNTS: Schema = {
    "fixed": _ref("number"),
    "cost": {"enum": ["eligible", "total"]},
    "per_unit": _object(
        ["quantity", "rate"],
        {
            "quantity": _ref("quantity"),
            "rate": _ref("number"),
            "tariff": CODE,
            "base": _ref("number"),
            "base_per": _PER,
            "at_most": _ref("number"),
            "at_most_per": _PER,
        },
    ),
    "share_of": _object(
        ["of"],
        {"of": _ref("amount"), "percent": _ref("number"), "part": _ref("number"), "of_parts": _ref("number")},
    ),
    "cap": _object(["of", "at"], {"of": _ref("amount"), "at": _ref("amount"), "per": _ref("cap_period")}),
    "minimum": _object(["of", "at"], {"of": _ref("amount"), "at": _ref("amount")}),
    "sum": _list(_ref("amount")),
    "steps": _object(["by", "bands"], {"by": _ref("measure"), "bands": _list(_ref("band"))}),
    "marginal": _object(
        ["quantity", "bands"],
        {"quantity": _ref("marginal_quantity"), "tariff": CODE, "per": _PER, "bands": _list(_ref("marginal_band"))},
    ),
    "per_item": _ref("amount"),
    "remaining": _object(["after"], {"after": _list(RULE_ID), "cost": {"enum": ["eligible", "total"]}}),
    "first_of": _list(_ref("case")),
    "by_decision": _one_of(["NO_RATE_DECISION_NEEDED", "BY_DECISION"]),
    "day_share": _object(
        ["of", "days", "shares"],
        {
            "of": _one_of(MONEY_FACTS),
            "days": _one_of(NUMBER_FACTS),
            "whole_days": _ref("flag"),
            "shares": {"type": "object", "propertyNames": CODE, "additionalProperties": _ref("share")},
        },
    ),
    "household_fee": _object(
        ["of", "share", "question"],
        {"of": _one_of(MONEY_FACTS), "share": _ref("share"), "question": _one_of(UNDEFINED_CODES)},
    ),
    "undefined": _one_of(UNDEFINED_CODES),
    "nothing": _one_of(NOT_DUE_CODES),
}

SPLITS: Schema = {
    "whole": CODE,
    "fixed_first": _object(
        ["parts", "rest"],
        {
            "parts": _list(_object(["source", "up_to"], {"source": CODE, "up_to": _ref("amount")})),
            "rest": {"if": {"type": "object"}, "then": _ref("split"), "else": CODE},
        },
    ),
    "ratio": _list(_object(["source", "part"], {"source": CODE, "part": _ref("number")})),
    "first_of": _list(_object(["split"], {"when": _ref("conditions"), "split": _ref("split")})),
}

#: Which keys may stand together is checked in ``building.py``, with a better sentence than a schema has.
CONDITION: Schema = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "fact": _one_of(FACTS),
        "in": _list(CODE),
        "not_in": _list(CODE),
        "is": {"type": "boolean"},
        "operator": _ref("operator"),
        "value": _ref("signed"),
        "from": DATE,
        "until": DATE,
        "any_of": _list(_ref("conditions")),
        "none_of": _list(_ref("conditions")),
    },
}

_REASONED: Schema = {"code": _one_of(OWN_DUE_CODES), "rule": RULE_ID, "clause": CLAUSE}
_CHECK = _object(["when", "otherwise"], {"when": _ref("conditions"), "otherwise": _ref("refusal"), "clause": CLAUSE})
_UNLESS = _object(["code", "when"], {"code": _one_of(EXCLUSION_CODES), "when": _ref("conditions")})
_EXCLUSIVE = _object(
    ["kinds", "clause"],
    {"kinds": _list(CODE, 2), "clause": CLAUSE, "keep": _ref("keep"), "per": _ref("group_period")},
)

DEFS: Schema = {
    "number": _switchable("number", {"type": "number", "minimum": 0, "maximum": 10**12}),
    "signed": _switchable("signed", {"type": "number", "minimum": -(10**12), "maximum": 10**12}),
    "share": _switchable("share", {"type": ["number", "null"], "minimum": 0, "maximum": 1}),
    "flag": _switchable("flag", {"type": "boolean"}),
    "operator": _switchable("operator", _one_of(list(OPERATORS))),
    "cap_period": _switchable("cap_period", {"enum": ["month", "season", "calendar_year", "lifetime"]}),
    "measure": _switchable("measure", _one_of((*COMPARABLE_FACTS, *USAGE_FACTS))),
    "quantity": _switchable("quantity", _one_of((*NUMBER_FACTS, *USAGE_FACTS))),
    "marginal_quantity": _switchable("marginal_quantity", _one_of((*NUMBER_FACTS, *USAGE_FACTS, *COSTS))),
    "scope": _switchable("scope", _list(CODE)),
    "panel": _switchable("panel", _list(CODE)),
    "evidence": _switchable("evidence", _list(CODE, 0)),
    "unless": _switchable("unless", _list(_UNLESS, 0)),
    "exclusive": _switchable("exclusive", _list(_EXCLUSIVE, 0)),
    "counted_from": _switchable("counted_from", {"type": ["string", "integer"]}),
    "month_day": _switchable("month_day", MONTH_DAY),
    "boundary": _switchable("boundary", {"enum": ["linear", "hold"]}),
    "rounding_mode": _switchable("rounding_mode", {"enum": ["half_up", "down"]}),
    "share_key": _switchable("share_key", _one_of(SHARE_KEYS)),
    "keep": _switchable("keep", {"enum": ["first", "highest"]}),
    "group_period": _switchable("group_period", {"enum": ["lifetime", "season"]}),
    "refusal": _one_of(NOT_DUE_CODES),
    "conditions": _list(CONDITION),
    "amount": _node(AMOUNTS, "amount"),
    "split": _node(SPLITS, "split"),
    "band": _object(
        ["amount"],
        {"until": _ref("number"), "inclusive": _ref("flag"), "amount": _ref("amount"), **_REASONED},
    ),
    "marginal_band": _object(["rate"], {"until": _ref("number"), "rate": _ref("number")}),
    "case": _object(["amount"], {"when": _ref("conditions"), "amount": _ref("amount"), **_REASONED}),
}

_OPTION = _object(
    ["question", "default"],
    {
        "question": TEXT,
        "default": {"type": ["string", "number", "boolean", "null"]},
        "choices": _list({"type": ["string", "number", "boolean"]}),
        "clause": CLAUSE,
        "note": TEXT,
        "used_by": {"enum": ["rules", "facts"]},
    },
)

_GATE_EXTRAS: dict[str, tuple[str, Schema]] = {
    "excluded": ("codes", _list(_one_of(EXCLUSION_CODES))),
    "device": ("checks", _list(_CHECK)),
}


#: What a gate may have beside its clause and what it must have.
_GATE_MORE = {"acceptance": ("panel",), "excluded": ("unless",), "own_funds": ("evidence",)}


def _gate(name: str) -> Schema:
    properties: Schema = {"clause": CLAUSE}
    properties |= {more: _ref(more) for more in _GATE_MORE.get(name, ())}
    if name not in _GATE_EXTRAS:
        return _object(["clause"], properties)
    extra, schema = _GATE_EXTRAS[name]
    return _object(["clause", extra], {**properties, extra: schema})


_CODED = _object(["code", "when"], {"code": _one_of(OWN_DUE_CODES), "when": _ref("conditions")})

BENEFIT = _object(
    ["id", "kind", "title", "clause", "amount"],
    {
        "id": RULE_ID,
        "kind": CODE,
        "title": TEXT,
        "clause": CLAUSE,
        "quote": TEXT,
        "note": TEXT,
        "covers": _ref("conditions"),
        "not_covered": _ref("refusal"),
        "gates": _list(_one_of(GATES), 0),
        "requires": _list(_CHECK),
        "cost_scope": _ref("scope"),
        "runs": _object(
            ["counted_from"],
            {"seasons": _ref("number"), "counted_from": _ref("counted_from")},
        ),
        "amount": _ref("amount"),
        "split": _ref("split"),
        "rounding": _object(["to"], {"to": _ref("number"), "mode": _ref("rounding_mode")}),
        "again_after_years": _ref("number"),
        "shared_costs": _ref("share_key"),
        "result_codes": _list(_CODED),
        "warnings": _list(_object(["code", "when"], {"code": _one_of(WARNING_CODES), "when": _ref("conditions")})),
    },
)

_TASK = _object(
    [],
    {
        "when": _ref("conditions"),
        "count": _ref("number"),
        "quantity": _one_of(NUMBER_FACTS),
        "each": _ref("number"),
        "decimals": _ref("number"),
    },
)

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Policy document of the clean-heating portal",
    "type": "object",
    "additionalProperties": False,
    "required": ["policy", "title", "place", "document_number", "valid_from"],
    "properties": {
        "policy": {"type": "string", "pattern": "^[a-z0-9_]{1,60}$"},
        "title": TEXT,
        "place": {"type": "string", "pattern": "^[0-9]{2,15}$"},
        "document_number": {"type": "string", "maxLength": 200},
        "issued_on": DATE,
        "valid_from": DATE,
        "valid_to": DATE,
        "note": TEXT,
        "season": _object(
            ["from", "to"],
            {
                "from": _ref("month_day"),
                "to": _ref("month_day"),
                "boundary": _ref("boundary"),
                "clause": CLAUSE,
            },
        ),
        "sources": _list(CODE),
        "options": {"type": "object", "propertyNames": RULE_ID, "additionalProperties": _OPTION},
        "gates": _object([], {name: _gate(name) for name in GATES}),
        "tasks": _list(_TASK),
        "benefits": _list(BENEFIT, 0),
        "exclusive": _ref("exclusive"),
        "ceilings": _list(
            _object(
                ["kinds", "at", "clause"],
                {"kinds": _list(CODE), "at": _ref("amount"), "clause": CLAUSE, "per": _ref("group_period")},
            )
        ),
    },
    "$defs": DEFS,
}

if __name__ == "__main__":
    print(json.dumps(SCHEMA, ensure_ascii=False, indent=1, sort_keys=True))
