"""The SQL of the trace: which payments a stretch of history touched, what is kept of them, what it adds up to.

Parameters: `lines` keys of payments, `since`/`until` numbers of sealed history, `programmes`/`places`/`lows`/`highs`
arrays that belong together: a programme, a place's code and the range of codes inside it.
"""

from core.areas import CODE_LENGTHS, TOWN, VILLAGE

#: Beside the tables of the summaries: what a payment's shares and the links of its chain are made of.
TABLES = [
    "subsidies_entitlementline", "subsidies_clawbackentry", "subsidies_notice", "subsidies_payoutbatch",
    "subsidies_batchsignature", "subsidies_batchround", "households_rosterseal", "retrofits_photo",
    "retrofits_costitem", "accounts_grant", "accounts_user", "programmes_programme",
]  # fmt: skip

LINES_OF = """
SELECT l.id FROM subsidies_payoutline l JOIN subsidies_entitlement n ON n.id = l.entitlement_id
WHERE n.dwelling_id = ANY(%(ids)s)
"""

#: What a row of these belongs to. A new row says it, a deleted one said it; a changed one is asked, because history
#: keeps what changed.
PARENTS = {
    "subsidies_entitlementline": "entitlement_id", "subsidies_clawbackentry": "clawback_id",
    "subsidies_batchsignature": "batch_id", "subsidies_batchround": "batch_id", "households_rosterseal": "roster_id",
    "retrofits_photo": "document_id", "retrofits_costitem": "installation_id", "accounts_grant": "user_id",
}  # fmt: skip
_SAID = "CASE e.name " + " ".join(f"WHEN '{name}' THEN '{column}'" for name, column in PARENTS.items()) + " END"
_ASKED = "\n    ".join(
    f"UNION SELECT e.name, e.new, e.was, c.{column} FROM e JOIN {name} c ON c.id = e.pk WHERE e.name = '{name}'"  # noqa: S608
    for name, column in PARENTS.items()
)

# Each step joins by one key and is made by itself: the planner knows nothing of how little a stretch touches.
TOUCHED = f"""
WITH e AS MATERIALIZED (
    SELECT "table" AS name, row_pk::bigint AS pk, operation, coalesce(before, '{{}}') AS was,
        coalesce(after, '{{}}') AS new
    FROM accounts_auditentry WHERE seq > %(since)s AND seq <= %(until)s AND "table" = ANY(%(tables)s)
), parent AS MATERIALIZED (
    SELECT e.name, e.new, e.was, (e.new->>{_SAID})::bigint AS id FROM e
    UNION SELECT e.name, e.new, e.was, (e.was->>{_SAID})::bigint FROM e
    {_ASKED}
), same AS MATERIALIZED (
    SELECT DISTINCT d.sha256 FROM parent p JOIN households_document d ON d.id = p.id WHERE p.name = 'retrofits_photo'
), task AS MATERIALIZED (
    SELECT t.id FROM parent p JOIN households_rosterrow r ON r.roster_id = p.id
        JOIN retrofits_task t ON t.roster_row_id = r.id WHERE p.name = 'households_rosterseal'
    UNION SELECT photo.task_id FROM same JOIN households_document d ON d.sha256 = same.sha256
        JOIN retrofits_photo photo ON photo.document_id = d.id
    UNION SELECT (e.was->>'task_id')::bigint FROM e WHERE e.name = 'retrofits_photo'
    UNION SELECT i.task_id FROM parent p JOIN retrofits_installation i ON i.id = p.id
        WHERE p.name = 'retrofits_costitem'
    UNION SELECT a.task_id FROM parent p JOIN retrofits_acceptance a ON a.inspector_id = p.id
        WHERE p.name = 'accounts_grant' AND 'supplier' IN (p.new->>'role', p.was->>'role')
    UNION SELECT i.task_id FROM e JOIN retrofits_installation i ON i.recorded_by_id = e.pk
        WHERE e.name = 'accounts_user' AND e.new ? 'person_name' AND e.operation = 'U'
), due AS MATERIALIZED (
    SELECT p.id FROM parent p WHERE p.name = 'subsidies_entitlementline'
    UNION SELECT c.entitlement_id FROM parent p JOIN subsidies_clawback c ON c.id = p.id
        WHERE p.name = 'subsidies_clawbackentry'
    UNION SELECT n.id FROM e JOIN subsidies_entitlement n ON n.notice_id = e.pk WHERE e.name = 'subsidies_notice'
    UNION SELECT n.id FROM e JOIN subsidies_entitlement n ON n.programme_id = e.pk AND n.notice_id IS NULL
        WHERE e.name = 'programmes_programme' AND e.new ? 'notice_required' AND e.operation = 'U'
    UNION SELECT n.id FROM task JOIN subsidies_entitlement n ON n.task_id = task.id
), batch AS MATERIALIZED (
    SELECT p.id FROM parent p WHERE p.name IN ('subsidies_batchsignature', 'subsidies_batchround')
    UNION SELECT e.pk FROM e
        WHERE e.name = 'subsidies_payoutbatch' AND e.operation = 'U' AND e.new ?| ARRAY['content_hash', 'round_no']
)
SELECT l.id FROM due JOIN subsidies_payoutline l ON l.entitlement_id = due.id
UNION SELECT l.id FROM batch JOIN subsidies_payoutline l ON l.batch_id = batch.id
"""  # noqa: S608 - no value from outside in any of these

VILLAGES = f"""
SELECT DISTINCT programme_id, left(area_id, {CODE_LENGTHS[VILLAGE]}) FROM reports_tracedpayment
WHERE line_id = ANY(%(lines)s)
"""  # noqa: S608

DROP = (
    "DELETE FROM reports_chainfault WHERE payment_id = ANY(%(lines)s)",
    "DELETE FROM reports_tracedshare WHERE payment_id = ANY(%(lines)s)",
    "DELETE FROM reports_tracedpayment WHERE line_id = ANY(%(lines)s)",
)

_PAID = """unnest(%(lines)s::bigint[]) AS wanted (id)
JOIN subsidies_payoutline l ON l.id = wanted.id AND l.state = 'paid'
JOIN subsidies_payoutbatch b ON b.id = l.batch_id
JOIN subsidies_entitlement n ON n.id = l.entitlement_id
JOIN households_dwelling d ON d.id = n.dwelling_id"""
_BACK = """SELECT sum(came.amount_fen) AS fen FROM subsidies_clawback c
    JOIN subsidies_clawbackentry came ON came.clawback_id = c.id WHERE c.entitlement_id = n.id"""

# One statement, so that a payment and its shares are of the same moment whatever is committed meanwhile.
WRITE = f"""
WITH payments AS (
    INSERT INTO reports_tracedpayment (line_id, programme_id, area_id, dwelling_no, head_name, payee_name,
        id_number_tail, amount_fen, back_fen, settled_at)
    SELECT l.id, b.programme_id, l.area_id, d.dwelling_no, h.head_name, l.payee_name, h.id_number_tail, l.amount_fen,
        coalesce(back.fen, 0), l.settled_at
    FROM {_PAID}
    JOIN households_household h ON h.id = n.household_id
    LEFT JOIN LATERAL ({_BACK}) back ON true
)
INSERT INTO reports_tracedshare (payment_id, programme_id, area_id, source, dwelling_no, paid_fen, back_fen)
SELECT l.id, b.programme_id, l.area_id, s.source, d.dwelling_no, s.amount_fen - coalesce(kept.fen, 0),
    coalesce(back.fen, 0)
FROM {_PAID}
JOIN subsidies_entitlementline s ON s.entitlement_id = n.id
LEFT JOIN LATERAL (SELECT sum((part->>2)::bigint) AS fen FROM jsonb_array_elements(l.offsets) part
    WHERE part->>1 = s.source) kept ON l.offset_fen > 0
LEFT JOIN LATERAL ({_BACK} AND came.source = s.source) back ON true
"""  # noqa: S608

_INSIDE = """unnest(%(programmes)s::bigint[], %(places)s::varchar[], %(lows)s::varchar[], %(highs)s::varchar[])
    AS p (programme_id, area_id, low, high)"""
_TOTAL = "INSERT INTO reports_tracetotal (programme_id, area_id, level, kind, key, number, paid_fen, back_fen)"
_HERE = f"""t.programme_id = p.programme_id AND t.area_id >= p.low AND t.area_id < p.high
    AND left(t.area_id, {CODE_LENGTHS[VILLAGE]}) = p.area_id"""

DROP_TOTALS = f"""
DELETE FROM reports_tracetotal t USING {_INSIDE}
WHERE t.level = %(level)s AND t.programme_id = p.programme_id AND t.area_id = p.area_id
"""  # noqa: S608

WRITE_VILLAGES = f"""
{_TOTAL}
SELECT p.programme_id, p.area_id, 'village', 'payments', '', count(*), sum(t.amount_fen), sum(t.back_fen)
FROM {_INSIDE} JOIN reports_tracedpayment t ON {_HERE} GROUP BY 1, 2
UNION ALL
SELECT p.programme_id, p.area_id, 'village', 'day', (t.settled_at AT TIME ZONE 'Asia/Shanghai')::date::text, count(*),
    sum(t.amount_fen), sum(t.back_fen)
FROM {_INSIDE} JOIN reports_tracedpayment t ON {_HERE} WHERE t.settled_at IS NOT NULL GROUP BY 1, 2, 5
UNION ALL
SELECT p.programme_id, p.area_id, 'village', 'source', t.source, count(DISTINCT t.dwelling_no), sum(t.paid_fen),
    sum(t.back_fen)
FROM {_INSIDE} JOIN reports_tracedshare t ON {_HERE} GROUP BY 1, 2, 5
UNION ALL
SELECT p.programme_id, p.area_id, 'village', 'fault', t.fault, count(*), 0, 0
FROM {_INSIDE} JOIN reports_chainfault t ON {_HERE} GROUP BY 1, 2, 5
"""  # noqa: S608

WRITE_TOWNS = f"""
{_TOTAL}
SELECT p.programme_id, p.area_id, 'town', t.kind, t.key, sum(t.number), sum(t.paid_fen), sum(t.back_fen)
FROM {_INSIDE} JOIN reports_tracetotal t
    ON t.level = 'village' AND t.programme_id = p.programme_id AND t.area_id >= p.low AND t.area_id < p.high
    AND left(t.area_id, {CODE_LENGTHS[TOWN]}) = p.area_id
GROUP BY 1, 2, 4, 5
"""  # noqa: S608
