"""What must always hold about the money (TRUST I1–I10, I14, I15): each query gives the rows that break it, none if all
is well. Run after every fault in tests, nightly in production, and by `check_invariants`.
"""

# ruff: noqa: S608 - all SQL below is made of constants of this file and of `states`
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from subsidies import states
from subsidies.models import PayoutBatch
from subsidies.services.batches import content_hash, lines_to_hash
from subsidies.states import Edge


def _balance(account: str) -> str:
    """What the entries say is in an account: what entered less what left."""
    sums = (f"COALESCE(SUM(n.amount_fen) FILTER (WHERE n.{side} = '{account}'), 0)" for side in ("debit", "credit"))
    return " - ".join(sums)


_BALANCES = ", ".join(map(_balance, ("granted", "held", "batches", "paid", "returned", "recovered", "free")))
QUERIES: Mapping[str, str] = {
    # What was paid for one dwelling, benefit and period is never more than what was due; a line and what it keeps back
    # are the amount; claims never ask for more than the amount, and never more comes back than a confirmed one asks.
    "I1": """
        SELECT e.id, e.amount_fen, SUM(l.amount_fen) FROM subsidies_entitlement e
        JOIN subsidies_payoutline l ON l.entitlement_id = e.id AND l.state = 'paid'
        GROUP BY e.id HAVING e.amount_fen IS NULL OR SUM(l.amount_fen) > e.amount_fen
        UNION ALL SELECT l.id, e.amount_fen, l.amount_fen + l.offset_fen FROM subsidies_payoutline l
        JOIN subsidies_entitlement e ON e.id = l.entitlement_id WHERE l.amount_fen + l.offset_fen <> e.amount_fen
            OR l.offset_fen <> (SELECT COALESCE(SUM((p->>2)::bigint), 0) FROM jsonb_array_elements(l.offsets) p)
        UNION ALL SELECT e.id, e.amount_fen, SUM(c.amount_fen) FROM subsidies_entitlement e
        JOIN subsidies_clawback c ON c.entitlement_id = e.id AND c.state <> 'dropped'
        GROUP BY e.id HAVING SUM(c.amount_fen) > e.amount_fen
        UNION ALL SELECT c.id, s.value::bigint, b.fen FROM subsidies_clawback c, jsonb_each_text(c.shares) s,
            LATERAL (SELECT COALESCE((SELECT SUM(r.amount_fen) FROM subsidies_clawbackentry r
                WHERE r.clawback_id = c.id AND r.source = s.key), 0) + COALESCE((SELECT SUM((p->>2)::bigint)
                FROM subsidies_payoutline l JOIN subsidies_entitlement e ON e.id = l.entitlement_id,
                jsonb_array_elements(l.offsets) p WHERE e.dwelling_id = c.dwelling_id AND l.offset_fen > 0
                AND l.state NOT IN ('failed', 'dropped') AND p->>1 = s.key
                AND p->>0 = 'ZH-' || lpad(c.id::text, greatest(5, length(c.id::text)), '0')), 0) AS fen) b
        WHERE b.fen > CASE c.state WHEN 'confirmed' THEN s.value::bigint ELSE 0 END""",
    # One subsidised dwelling per household, one technology per dwelling (一户一宅).
    "I2": """
        SELECT household_id, benefit_kind, COUNT(DISTINCT dwelling_id) FROM subsidies_entitlement
        WHERE outcome = 'due' AND state <> 'void' GROUP BY household_id, benefit_kind, period
        HAVING COUNT(DISTINCT dwelling_id) > 1""",
    # Behind every line sent or paid stand: acceptance before the first signature, approved roster, released policy.
    "I3": """
        SELECT l.id FROM subsidies_payoutline l
        JOIN subsidies_entitlement e ON e.id = l.entitlement_id
        JOIN subsidies_payoutbatch b ON b.id = l.batch_id
        JOIN subsidies_policy p ON p.id = e.policy_id
        LEFT JOIN retrofits_acceptance a ON a.id = e.acceptance_id AND a.result = 'passed'
        LEFT JOIN retrofits_task t ON t.id = e.task_id
        LEFT JOIN households_rosterrow r ON r.id = t.roster_row_id
        LEFT JOIN households_roster o ON o.id = r.roster_id AND o.state = 'approved'
        WHERE l.state IN ('sent', 'paid', 'failed') AND (a.id IS NULL OR o.id IS NULL OR p.state = 'draft'
            OR e.outcome <> 'due' OR a.accepted_on > (SELECT (MIN(s.at) AT TIME ZONE 'Asia/Shanghai')::date
                FROM subsidies_batchsignature s WHERE s.batch_id = b.id AND s.round_no = b.round_no)
            OR NOT EXISTS (SELECT 1 FROM subsidies_batchsignature s WHERE s.batch_id = b.id
                AND s.round_no = b.round_no AND s.step = 'release' AND s.decision = 'agree'))""",
    # Shares are not negative and add up exactly; no envelope is exceeded.
    "I4": """
        SELECT e.id, e.amount_fen, SUM(s.amount_fen) FROM subsidies_entitlement e
        LEFT JOIN subsidies_entitlementline s ON s.entitlement_id = e.id GROUP BY e.id
        HAVING COALESCE(SUM(s.amount_fen), 0) <> COALESCE(e.amount_fen, 0) OR MIN(s.amount_fen) < 0
        UNION ALL SELECT id, received_fen, reserved_fen + paid_fen FROM subsidies_fund
        WHERE received_fen + clawed_fen < held_fen + reserved_fen + paid_fen + returned_fen""",
    # Running totals of every fund are the sums of its entries; a settled batch holds no reservation.
    "I5": f"""
        SELECT f.id, 'fund' FROM subsidies_fund f LEFT JOIN subsidies_fundentry n ON n.fund_id = f.id
        GROUP BY f.id HAVING (f.granted_fen - f.received_fen, f.held_fen, f.reserved_fen, f.paid_fen, f.returned_fen,
            -f.clawed_fen, f.received_fen + f.clawed_fen - f.held_fen - f.reserved_fen - f.paid_fen - f.returned_fen)
            IS DISTINCT FROM ({_BALANCES})
        UNION ALL SELECT f.id, 'held' FROM subsidies_fund f WHERE f.held_fen <> (
            SELECT COALESCE(SUM((p->>2)::bigint), 0) FROM subsidies_fundhold h,
            jsonb_array_elements(h.parts) p WHERE h.programme_id = f.programme_id
            AND h.state = 'held' AND p->>0 = f.source AND (p->>1)::int = f.budget_year)
        UNION ALL SELECT id, 'no document' FROM subsidies_fundentry WHERE kind IN ('paid', 'bounced')
            AND document_no = ''
        UNION ALL
        SELECT b.id, 'batch' FROM subsidies_payoutbatch b LEFT JOIN subsidies_fundentry n ON n.batch_id = b.id
            AND n.kind IN ('reserved', 'released', 'paid')
        GROUP BY b.id HAVING COALESCE(SUM(CASE WHEN n.kind = 'reserved' THEN n.amount_fen ELSE -n.amount_fen END), 0)
            <> CASE WHEN b.state IN ('locked', 'reviewed', 'approved', 'released') THEN b.total_fen
                - COALESCE((SELECT SUM(l.amount_fen) FROM subsidies_payoutline l WHERE l.batch_id = b.id
                    AND l.state IN ('paid', 'failed')), 0) ELSE 0 END
        UNION ALL
        SELECT b.id, 'paid' FROM subsidies_payoutbatch b WHERE
            COALESCE((SELECT SUM(CASE n.kind WHEN 'paid' THEN n.amount_fen ELSE -n.amount_fen END)
                FROM subsidies_fundentry n WHERE n.batch_id = b.id AND n.kind IN ('paid', 'bounced')), 0)
            <> COALESCE((SELECT SUM(l.amount_fen) FROM subsidies_payoutline l WHERE l.batch_id = b.id
                AND l.state = 'paid'), 0)""",
    # Maker, checker and releaser are different persons.
    "I6": """
        SELECT b.id FROM subsidies_payoutbatch b JOIN subsidies_batchsignature s ON s.batch_id = b.id
        WHERE s.round_no = b.round_no AND s.person_no IN (b.created_person_no, b.locked_person_no)
        UNION ALL SELECT batch_id FROM subsidies_batchsignature GROUP BY batch_id, round_no, person_no
        HAVING COUNT(*) > 1
        UNION ALL SELECT b.id FROM subsidies_payoutbatch b WHERE b.state IN ('released', 'settled')
            AND jsonb_array_length(b.chain) > 0 AND (SELECT jsonb_agg(c->'step' ORDER BY n)
                FROM jsonb_array_elements(b.chain) WITH ORDINALITY x(c, n)) IS DISTINCT FROM (SELECT
                jsonb_agg(to_jsonb(s.step) ORDER BY s.id) FROM subsidies_batchsignature s WHERE s.batch_id = b.id
                AND s.round_no = b.round_no AND s.decision = 'agree')""",
    # Policy versions in use were released by two persons; the days of one document's versions do not overlap.
    "I7": """
        SELECT p.id FROM subsidies_policy p WHERE EXISTS
            (SELECT 1 FROM subsidies_entitlement e WHERE e.policy_id = p.id AND e.state <> 'void')
            AND (p.state = 'draft' OR p.drafted_person_no = '' OR p.drafted_person_no = p.released_person_no)
        UNION ALL SELECT p.id FROM subsidies_policy p JOIN subsidies_policy q ON q.programme_id = p.programme_id
            AND q.code = p.code AND q.id > p.id AND p.state = 'released' AND q.state = 'released'
            AND daterange(p.valid_from, p.valid_to, '[]') && daterange(q.valid_from, q.valid_to, '[]')""",
    # The file that went to the bank is the batch: sum, count and hash.
    "I8": """
        SELECT f.id FROM subsidies_bankfile f JOIN subsidies_payoutbatch b ON b.id = f.batch_id
        JOIN households_document d ON d.id = f.document_id
        WHERE (f.total_fen, f.line_count) IS DISTINCT FROM (b.total_fen, b.line_count) OR f.sha256 <> d.sha256
            OR f.total_fen <> (SELECT SUM(l.amount_fen) FROM subsidies_payoutline l
                WHERE l.batch_id = b.id AND l.state <> 'dropped')""",
    # One live payment per entitlement, and states of line and entitlement agree.
    "I9": """
        SELECT entitlement_id, 'twice' FROM subsidies_payoutline WHERE state NOT IN ('failed', 'dropped')
        GROUP BY entitlement_id HAVING COUNT(*) > 1
        UNION ALL SELECT e.id, e.state FROM subsidies_entitlement e
        LEFT JOIN subsidies_payoutline l ON l.entitlement_id = e.id AND l.state NOT IN ('failed', 'dropped')
        WHERE e.state <> CASE WHEN l.state = 'paid' THEN 'paid' WHEN l.id IS NOT NULL THEN 'batched' ELSE e.state END
            OR (e.state IN ('batched', 'paid') AND l.id IS NULL)""",
    # Seasonal money: only by season, within the cap and the number of seasons its own steps name.
    "I10": """
        SELECT e.id FROM subsidies_entitlement e WHERE e.benefit_kind = 'RUNNING' AND e.state <> 'void' AND (
            left(e.period, 4) = 'once'
            OR e.amount_fen > (jsonb_path_query_first(e.steps,
                '$[*] ? (@.code == "CAPPED" || @.code == "NOT_CAPPED").params.cap_fen')#>>'{}')::numeric
            OR (e.outcome = 'due' AND (jsonb_path_query_first(e.steps,
                '$[*] ? (@.code == "SEASON_NUMBER").params.number')#>>'{}')::int
                > (jsonb_path_query_first(e.steps,
                '$[*] ? (@.code == "SEASON_NUMBER").params.of')#>>'{}')::int))""",
}


def _illegal_steps(table: str, edges: Sequence[Edge]) -> str:
    """Changes of state in the history that are no legal edge."""
    legal = ", ".join(f"('{source}', '{target}')" for source, target in edges)
    return f"""
        SELECT id, "table", before->>'state', after->>'state' FROM accounts_auditentry
        WHERE "table" = '{table}' AND operation = 'U' AND before ? 'state'
            AND (before->>'state', after->>'state') NOT IN ({legal})"""


HISTORY = {
    "subsidies_payoutbatch": states.BATCH_EDGES,
    "subsidies_payoutline": states.LINE_EDGES,
    "subsidies_fundhold": states.HOLD_EDGES,
    "subsidies_entitlement": states.ENTITLEMENT_EDGES,
    "subsidies_notice": states.NOTICE_EDGES,
    "subsidies_policy": states.POLICY_EDGES,
}
ALL: Mapping[str, str] = {
    **QUERIES,
    "I14": " UNION ALL ".join(_illegal_steps(table, edges) for table, edges in HISTORY.items()),
}


def broken(names: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Invariants that do not hold now, with the rows that break them (at most 20 each); empty when all is well."""
    found = {name: _rows(sql) for name, sql in ALL.items() if not names or name in names}
    if not names or "I15" in names:
        found["I15"] = _changed_content()
    return {name: rows for name, rows in found.items() if rows}


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchmany(20)


def _changed_content() -> list[tuple[Any, ...]]:
    """I15: payee, card and amount on the lines are those that were locked and signed."""
    sealed = PayoutBatch.objects.filter(state__in=[*states.SIGNING, *states.SEALED])
    return [
        (batch.pk, batch.number)
        for batch in sealed
        if content_hash(batch, lines_to_hash(batch)) != batch.content_hash
        or batch.signatures.filter(round_no=batch.round_no).exclude(content_hash=batch.content_hash).exists()
    ][:20]
