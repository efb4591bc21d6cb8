"""Database triggers for the money tables: legal steps only, and what was fixed stays fixed.

They hold whatever program writes: the service layer says the same in kinder words first.
"""

# ruff: noqa: S608 - all SQL below is made of constants of this file and of `states`
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pgtrigger

from accounts.history.triggers import append_only
from subsidies import states
from subsidies.states import Edge

REFUSAL = "PY001"


def _refuse(words: str, *values: str) -> str:
    arguments = "".join(f", {value}" for value in values)
    return f"RAISE EXCEPTION '{words}'{arguments} USING ERRCODE = '{REFUSAL}';"


def _edge_list(edges: Sequence[Edge]) -> str:
    return ", ".join(f"('{source}', '{target}')" for source, target in edges)


def _same(columns: Sequence[str]) -> str:
    old, new = (", ".join(f'{row}."{column}"' for column in columns) for row in ("OLD", "NEW"))
    return f"({new}) IS NOT DISTINCT FROM ({old})"


def _before(name: str, operation: Any, func: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(name=name, when=pgtrigger.Before, operation=operation, func=func)


def legal_edges(edges: Sequence[Edge], first: Sequence[str]) -> list[pgtrigger.Trigger]:
    """`state` begins with one of `first` and moves along `edges` only."""
    begin = ", ".join(f"'{state}'" for state in first)
    return [
        _before(
            "legal_edge",
            pgtrigger.Update,
            f"IF NEW.state IS DISTINCT FROM OLD.state AND (OLD.state, NEW.state) NOT IN ({_edge_list(edges)}) THEN "
            f"{_refuse('payout: % % may not go from % to %', 'TG_TABLE_NAME', 'OLD.id', 'OLD.state', 'NEW.state')} "
            "END IF; RETURN NEW;",
        ),
        _before(
            "legal_start",
            pgtrigger.Insert,
            f"IF NEW.state NOT IN ({begin}) THEN "
            f"{_refuse('payout: % may not begin as %', 'TG_TABLE_NAME', 'NEW.state')} END IF; RETURN NEW;",
        ),
    ]


def no_delete() -> pgtrigger.Trigger:
    return pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete)


def fixed(columns: Sequence[str], unless: str = "FALSE") -> pgtrigger.Trigger:
    """Columns that never change once written, unless the SQL condition `unless` holds."""
    return _before(
        "fixed_content",
        pgtrigger.Update,
        f"IF NOT ({unless}) AND NOT ({_same(columns)}) THEN "
        f"{_refuse('payout: the content of % % is fixed', 'TG_TABLE_NAME', 'OLD.id')} END IF; RETURN NEW;",
    )


POLICY = [
    *legal_edges(states.POLICY_EDGES, ["draft"]),
    fixed(
        ["programme_id", "area_id", "code", "version_no", "document", "options", "sha256", "valid_from",
         "drafted_person_no", "released_person_no", "released_at"],
        "OLD.state = 'draft'",
    ),
    _before(
        "only_shortened", pgtrigger.Update,
        "IF OLD.state <> 'draft' AND NEW.valid_to IS DISTINCT FROM OLD.valid_to "
        "AND NOT COALESCE(NEW.valid_to < COALESCE(OLD.valid_to, 'infinity'::date), FALSE) THEN "
        + _refuse("payout: a released policy may only end earlier")
        + " END IF; RETURN NEW;",
    ),
    _before(
        "released_after_trial", pgtrigger.Update,
        "IF OLD.state = 'draft' AND NEW.state = 'released' AND NOT EXISTS (SELECT 1 FROM subsidies_policytrial t "
        "WHERE t.policy_id = NEW.id AND t.sha256 = NEW.sha256 AND NOT EXISTS (SELECT 1 FROM "
        "jsonb_array_elements(t.cliffs) AS c(cliff) WHERE NOT EXISTS (SELECT 1 FROM subsidies_cliffsignature g "
        "WHERE g.policy_id = NEW.id AND g.key = c.cliff->>'key'))) THEN "
        + _refuse("policy: a version is released after a trial of its content with every jump signed")
        + " END IF; RETURN NEW;",
    ),
    no_delete(),
]  # fmt: skip

NOTICE = [
    *legal_edges(states.NOTICE_EDGES, ["open"]),
    fixed(["programme_id", "area_id", "number", "published_at", "ends_at", "content_hash", "content"]),
    no_delete(),
]

ENTITLEMENT = [
    *legal_edges(states.ENTITLEMENT_EDGES, ["assessed", "payable"]),
    fixed(
        ["programme_id", "area_id", "household_id", "dwelling_id", "task_id", "acceptance_id", "policy_id", "benefit",
         "benefit_kind", "period", "outcome", "reason", "amount_fen", "facts", "steps"],
    ),
    no_delete(),
]  # fmt: skip

_LOCKED_COLUMNS = ["area_id", "round_no", "content_hash", "total_fen", "line_count", "chain"]
BATCH = [
    *legal_edges(states.BATCH_EDGES, ["draft"]),
    fixed(["number", "programme_id", "created_person_no"]),
    _before(
        "fixed_when_locked", pgtrigger.Update,
        f"IF OLD.state <> 'draft' AND NOT ({_same(_LOCKED_COLUMNS)}) "
        "AND NOT (OLD.state = 'returned' AND NEW.state = 'draft') THEN "
        + _refuse("payout: batch % is locked", "OLD.number")
        + " END IF; RETURN NEW;",
    ),
    _before(
        "adds_up", pgtrigger.Update,
        "IF OLD.state = 'draft' AND NEW.state = 'locked' AND (NEW.total_fen, NEW.line_count) <> "
        "(SELECT COALESCE(SUM(amount_fen), 0), COUNT(*) FROM subsidies_payoutline WHERE batch_id = NEW.id "
        "AND state = 'planned') THEN "
        + _refuse("payout: batch % does not add up", "NEW.number")
        + " END IF; RETURN NEW;",
    ),
    _before(
        "signed_by_all", pgtrigger.Update,
        "IF OLD.state = 'approved' AND NEW.state = 'released' AND (SELECT COUNT(*) FROM subsidies_batchsignature s "
        "WHERE s.batch_id = NEW.id AND s.round_no = NEW.round_no AND s.decision = 'agree') "
        "< GREATEST(2, jsonb_array_length(NEW.chain)) THEN "
        + _refuse("payout: batch % is not signed by all of its chain", "NEW.number")
        + " END IF; RETURN NEW;",
    ),
    no_delete(),
]  # fmt: skip

LINE = [
    *legal_edges(states.LINE_EDGES, ["planned"]),
    _before(
        "only_in_draft", pgtrigger.Insert,
        "IF NOT EXISTS (SELECT 1 FROM subsidies_payoutbatch b WHERE b.id = NEW.batch_id AND b.state = 'draft') THEN "
        + _refuse("payout: lines enter a batch only while it is being prepared")
        + " END IF; IF NOT EXISTS (SELECT 1 FROM subsidies_entitlement e WHERE e.id = NEW.entitlement_id "
        "AND e.outcome = 'due' AND e.amount_fen = NEW.amount_fen + NEW.offset_fen) THEN "
        + _refuse("payout: the line does not pay what entitlement % says", "NEW.entitlement_id")
        + " END IF; RETURN NEW;",
    ),
    _before(
        "fixed_when_locked", pgtrigger.Update,
        f"IF NOT ({_same(['batch_id', 'entitlement_id', 'amount_fen', 'offset_fen', 'offsets', 'area_id'])}) OR (NOT "
        f"({_same(['payee_name', 'bank_card', 'card_index', 'line_no'])}) "
        "AND NOT EXISTS (SELECT 1 FROM subsidies_payoutbatch b "
        "WHERE b.id = OLD.batch_id AND b.state = 'draft')) THEN "
        + _refuse("payout: line % is fixed", "OLD.id")
        + " END IF; RETURN NEW;",
    ),
    no_delete(),
]  # fmt: skip

SIGNATURE = [
    _before(
        "signs_what_is_locked", pgtrigger.Insert,
        "IF NOT EXISTS (SELECT 1 FROM subsidies_payoutbatch b WHERE b.id = NEW.batch_id AND b.round_no = NEW.round_no "
        "AND b.content_hash = NEW.content_hash AND b.state IN ('locked', 'reviewed', 'approved')) THEN "
        + _refuse("payout: the signature is not over the locked content")
        + " END IF; IF EXISTS (SELECT 1 FROM subsidies_payoutbatch b WHERE b.id = NEW.batch_id "
        "AND NEW.person_no IN (b.created_person_no, b.locked_person_no)) THEN "
        + _refuse("payout: who prepared a batch does not sign it")
        + " END IF; RETURN NEW;",
    ),
    _before(
        "signs_in_turn", pgtrigger.Insert,
        "IF EXISTS (SELECT 1 FROM subsidies_payoutbatch b WHERE b.id = NEW.batch_id "
        "AND jsonb_array_length(b.chain) > 0 "
        "AND NEW.step IS DISTINCT FROM b.chain->(SELECT COUNT(*)::int FROM subsidies_batchsignature s "
        "WHERE s.batch_id = b.id AND s.round_no = b.round_no)->>'step') THEN "
        + _refuse("payout: the seat % is not the next one", "NEW.step")
        + " END IF; RETURN NEW;",
    ),
    *append_only(),
]  # fmt: skip

HOLD = [
    *legal_edges(states.HOLD_EDGES, ["held", "short"]),
    fixed(["programme_id", "area_id", "roster_row_id", "dwelling_id", "parts", "amount_fen", "sealed_at"]),
    no_delete(),
]

LEDGER = append_only()

CLIFF_SIGNATURE = [
    _before(
        "signed_by_another", pgtrigger.Insert,
        "IF NOT EXISTS (SELECT 1 FROM subsidies_policy p WHERE p.id = NEW.policy_id AND p.state = 'draft' "
        "AND p.drafted_person_no NOT IN ('', NEW.person_no)) THEN "
        + _refuse("policy: who drafted a version does not sign its jumps, and those of a draft only are signed")
        + " END IF; RETURN NEW;",
    ),
    *append_only(),
]  # fmt: skip
