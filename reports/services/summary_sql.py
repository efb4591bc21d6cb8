"""The SQL of the summaries, set by set: which dwellings were touched, what their rows say now, what they add up to.

Parameters: `ids` dwelling keys, `since`/`until` numbers of sealed history, `programmes`/`areas` two arrays of pairs,
`second_homes` the programmes in which a second home converted at its owner's cost counts (Q12).
"""

TABLES = [
    "households_household", "households_dwelling", "households_document", "households_rosterscan",
    "households_enrolment", "households_roster", "households_rosterrow", "devices_heater", "retrofits_task",
    "retrofits_installation", "retrofits_costitem", "retrofits_photo", "retrofits_acceptance", "retrofits_contract",
    "subsidies_entitlement", "subsidies_payoutline", "subsidies_policy",
]  # fmt: skip

TOUCHED = """
WITH e AS MATERIALIZED (
    SELECT "table" AS name, row_pk::bigint AS pk,
        (before->>'dwelling_id')::bigint AS old_dwelling, (after->>'dwelling_id')::bigint AS new_dwelling,
        coalesce(after->>'installation_id', before->>'installation_id')::bigint AS installation,
        coalesce(after->>'task_id', before->>'task_id')::bigint AS task
    FROM accounts_auditentry
    WHERE seq > %(since)s AND seq <= %(until)s AND "table" = ANY(%(tables)s)
)
SELECT DISTINCT dwelling FROM (
    SELECT old_dwelling AS dwelling FROM e
    UNION ALL SELECT new_dwelling FROM e
    UNION ALL SELECT t.dwelling_id FROM e JOIN retrofits_task t ON t.id = e.task
    UNION ALL SELECT pk FROM e WHERE name = 'households_dwelling'
    UNION ALL SELECT d.id FROM e JOIN households_dwelling d ON d.household_id = e.pk WHERE name = 'households_household'
    UNION ALL SELECT r.dwelling_id FROM e JOIN households_rosterrow r ON r.roster_id = e.pk
        WHERE name = 'households_roster'
    UNION ALL SELECT r.dwelling_id FROM e JOIN households_rosterrow r ON r.id = e.pk
        WHERE name = 'households_rosterrow'
    UNION ALL SELECT kept.dwelling_id FROM e JOIN households_document kept ON kept.id = e.pk
        WHERE name = 'households_document'
    UNION ALL SELECT r.dwelling_id FROM e JOIN households_rosterscan s ON s.id = e.pk
        JOIN households_rosterpage page ON page.id = s.page_id
        JOIN households_rosterrow r ON r.roster_id = page.roster_id AND r.page_no = page.page_no
        WHERE name = 'households_rosterscan'
    UNION ALL SELECT n.dwelling_id FROM e JOIN households_enrolment n ON n.id = e.pk
        WHERE name = 'households_enrolment'
    UNION ALL SELECT h.dwelling_id FROM e JOIN devices_heater h ON h.id = e.pk WHERE name = 'devices_heater'
    UNION ALL SELECT t.dwelling_id FROM e JOIN retrofits_task t ON t.id = e.pk WHERE name = 'retrofits_task'
    UNION ALL SELECT t.dwelling_id FROM e JOIN retrofits_installation i ON i.id = e.pk
        JOIN retrofits_task t ON t.id = i.task_id WHERE name = 'retrofits_installation'
    UNION ALL SELECT t.dwelling_id FROM e JOIN retrofits_installation i ON i.id = e.installation
        JOIN retrofits_task t ON t.id = i.task_id WHERE name = 'retrofits_costitem'
    UNION ALL SELECT t.dwelling_id FROM e JOIN retrofits_photo p ON p.id = e.pk
        JOIN retrofits_task t ON t.id = p.task_id WHERE name = 'retrofits_photo'
    UNION ALL SELECT t.dwelling_id FROM e JOIN retrofits_acceptance a ON a.id = e.pk
        JOIN retrofits_task t ON t.id = a.task_id WHERE name = 'retrofits_acceptance'
    UNION ALL SELECT n.dwelling_id FROM e JOIN subsidies_entitlement n ON n.id = e.pk
        WHERE name = 'subsidies_entitlement'
    UNION ALL SELECT n.dwelling_id FROM e JOIN subsidies_payoutline l ON l.id = e.pk
        JOIN subsidies_entitlement n ON n.id = l.entitlement_id WHERE name = 'subsidies_payoutline'
    UNION ALL SELECT n.dwelling_id FROM e JOIN subsidies_policy rules ON rules.id = e.pk
        JOIN reports_dwellingsummary n ON n.programme_id = rules.programme_id
            AND (n.claim = 'self_paid' OR n.claim = 'counted_only') WHERE name = 'subsidies_policy'
) touched WHERE dwelling IS NOT NULL
"""

_PAIRS = """
    SELECT programme_id, dwelling_id FROM households_enrolment WHERE dwelling_id = ANY(%(ids)s)
    UNION SELECT programme_id, dwelling_id FROM retrofits_task
        WHERE dwelling_id = ANY(%(ids)s) AND state <> 'withdrawn'
"""

_NOW = f"""
SELECT p.programme_id, d.id AS dwelling_id, d.area_id, d.dwelling_no, h.head_name, h.head_initials, h.id_number_tail,
    coalesce(route.code, '') AS technology, coalesce(route.family, '') AS family, d.heated_area_m2,
    CASE
        WHEN due.rank IS NOT NULL AND due.rank > 0
            THEN (ARRAY['noticed', 'payable', 'batched', 'paid'])[due.rank]
        WHEN task.state = 'reopened' THEN 'rectify'
        WHEN task.state IN ('accepted', 'running') OR due.rank = 0 THEN 'accepted'
        WHEN task.state IN ('installed', 'rectify') THEN task.state
        WHEN task.state = 'listed' OR sealed.yes THEN 'listed'
        ELSE 'registered'
    END AS stage,
    d.exclusion, CASE WHEN plan.year_from = plan.year_to THEN plan.year_from
        WHEN sealed.at IS NOT NULL THEN
            least(greatest(extract(year FROM sealed.at AT TIME ZONE 'Asia/Shanghai'), plan.year_from), plan.year_to)
    END AS year,
    signed.yes IS NOT NULL OR there.papers && ARRAY['contract', 'supply']::varchar[] AS contracted,
    CASE WHEN due.any_due THEN '' WHEN d.is_second_home OR due.second_home THEN
            CASE WHEN p.programme_id = ANY(%(second_homes)s) THEN 'counted_only' ELSE 'self_paid' END
        WHEN due.counted_only THEN 'counted_only' ELSE '' END AS claim,
    cardinality(wanted.papers) AS wanted_papers, papers.missing,
    cardinality(papers.missing) AS missing_papers,
    due.due_fen, coalesce(paid.paid_fen, 0) AS paid_fen, coalesce(due.failed, false) AS payment_failed,
    coalesce(heater.platform_no, '') AS heater_no, heater.room_dc, heater.at AS heard_at,
    greatest(h.created_at, task.opened_at, record.recorded_at, passed.recorded_at, due.assessed_at, paid.settled_at)
        AS changed_at
FROM ({_PAIRS}) p
JOIN programmes_programme plan ON plan.id = p.programme_id
JOIN households_dwelling d ON d.id = p.dwelling_id
JOIN households_household h ON h.id = d.household_id
LEFT JOIN households_enrolment enrolled ON enrolled.programme_id = p.programme_id AND enrolled.dwelling_id = d.id
LEFT JOIN retrofits_task task ON task.programme_id = p.programme_id AND task.dwelling_id = d.id
    AND task.state <> 'withdrawn'
LEFT JOIN programmes_technology route ON route.id = coalesce(task.technology_id, enrolled.technology_id)
LEFT JOIN retrofits_installation record ON record.task_id = task.id
LEFT JOIN LATERAL (
    SELECT true AS yes FROM retrofits_contract c WHERE c.task_id = task.id AND c.cancelled_on IS NULL LIMIT 1
) signed ON true
LEFT JOIN retrofits_acceptance passed ON passed.task_id = task.id AND passed.result = 'passed'
LEFT JOIN LATERAL (
    SELECT true AS yes, list.approved_at AS at
    FROM households_rosterrow r JOIN households_roster list ON list.id = r.roster_id
    WHERE r.dwelling_id = d.id AND r.exclusion = '' AND list.programme_id = p.programme_id AND list.state = 'approved'
    ORDER BY list.approved_at LIMIT 1
) sealed ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT photo.stage) AS stages FROM retrofits_photo photo WHERE photo.task_id = task.id
) photos ON true
LEFT JOIN LATERAL (
    SELECT coalesce(min(step) FILTER (WHERE outcome = 'due' AND period = 'once'),
                    min(step) FILTER (WHERE outcome = 'due')) AS rank,
        sum(amount_fen) AS due_fen, max(assessed_at) AS assessed_at,
        bool_or(outcome = 'due') AS any_due, bool_or(reason = 'SECOND_HOME') AS second_home,
        bool_or(reason = 'URBAN_CENTRAL_TASK_ONLY') AS counted_only,
        bool_or(state NOT IN ('paid', 'batched') AND EXISTS (
            SELECT 1 FROM subsidies_payoutline l WHERE l.entitlement_id = one.id AND l.state = 'failed')) AS failed
    FROM (
        SELECT n.*, CASE n.state WHEN 'paid' THEN 4 WHEN 'batched' THEN 3 WHEN 'payable' THEN 2
            WHEN 'noticed' THEN 1 WHEN 'objected' THEN 1 ELSE 0 END AS step
        FROM subsidies_entitlement n
        WHERE n.dwelling_id = d.id AND n.programme_id = p.programme_id AND n.state <> 'void'
    ) one
) due ON true
LEFT JOIN LATERAL (
    SELECT sum(l.amount_fen) AS paid_fen, max(l.settled_at) AS settled_at
    FROM subsidies_payoutline l JOIN subsidies_entitlement n ON n.id = l.entitlement_id
    WHERE n.dwelling_id = d.id AND n.programme_id = p.programme_id AND l.state = 'paid'
) paid ON true
LEFT JOIN LATERAL (
    SELECT heater.platform_no, latest.room_dc, latest.at
    FROM devices_heater heater LEFT JOIN telemetry_latestreading latest ON latest.heater_id = heater.id
    WHERE heater.dwelling_id = d.id AND heater.removed_on IS NULL ORDER BY heater.id DESC LIMIT 1
) heater ON true
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(asked.paper ORDER BY asked.id), '{{}}') AS papers
    FROM programmes_requiredpaper asked
    WHERE asked.programme_id = p.programme_id AND (NOT asked.heater_only OR coalesce(route.has_heater, false))
) wanted
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT kept.kind) AS kinds FROM households_document kept
    WHERE kept.dwelling_id = d.id AND kept.withdrawn_reason = ''
) files ON true
LEFT JOIN LATERAL (
    SELECT true AS yes FROM households_rosterrow r JOIN households_roster list ON list.id = r.roster_id
    JOIN households_rosterpage page ON page.roster_id = list.id AND page.page_no = r.page_no
    JOIN households_rosterscan scan ON scan.page_id = page.id
    WHERE r.dwelling_id = d.id AND list.programme_id = p.programme_id AND list.state = 'approved'
    LIMIT 1
) stamped ON true
CROSS JOIN LATERAL (
    SELECT array_remove(coalesce(files.kinds, '{{}}')::varchar[] || ARRAY[
        CASE WHEN h.id_number_index <> '' AND h.phone_index <> '' AND h.bank_card_index <> ''
            AND d.heated_area_m2 IS NOT NULL THEN 'basic' END,
        CASE WHEN stamped.yes THEN 'choice' END,
        CASE WHEN photos.stages @> ARRAY['before', 'during', 'after']::varchar[] THEN 'photos' END,
        CASE WHEN record.id IS NOT NULL THEN 'record' END,
        CASE WHEN record.heater_id IS NOT NULL THEN 'connection' END,
        CASE WHEN passed.id IS NOT NULL THEN 'acceptance' END,
        CASE WHEN passed.signature_id IS NOT NULL OR passed.signer_name <> '' THEN 'joint' END,
        CASE WHEN task.self_funds_proven THEN 'self_payment' END,
        CASE WHEN paid.paid_fen > 0 THEN 'payment' END
    ]::varchar[], NULL) AS papers
) there
CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT one FROM unnest(wanted.papers) WITH ORDINALITY asked (one, place)
        WHERE NOT one = ANY(there.papers) ORDER BY place)::varchar[] AS missing
) papers
"""  # noqa: S608 - no value from outside in it

_COLUMNS = [
    "programme_id", "dwelling_id", "area_id", "dwelling_no", "head_name", "head_initials", "id_number_tail",
    "technology", "family", "heated_area_m2", "stage", "exclusion", "year", "contracted", "claim",
    "wanted_papers", "missing", "missing_papers", "due_fen", "paid_fen", "payment_failed", "heater_no", "room_dc",
    "heard_at", "changed_at",
]  # fmt: skip
_SET = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])
_OLD = ", ".join(f"old.{name}" for name in _COLUMNS[2:])
_NEW = ", ".join(f"excluded.{name}" for name in _COLUMNS[2:])

WRITE = f"""
INSERT INTO reports_dwellingsummary AS old ({", ".join(_COLUMNS)}, refreshed_at)
SELECT {", ".join(_COLUMNS)}, statement_timestamp() FROM ({_NOW}) fresh
ON CONFLICT (programme_id, dwelling_id) DO UPDATE SET {_SET}, refreshed_at = excluded.refreshed_at
WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})
"""  # noqa: S608

DROP = f"""
DELETE FROM reports_dwellingsummary s
WHERE s.dwelling_id = ANY(%(ids)s) AND NOT EXISTS (
    SELECT 1 FROM ({_PAIRS}) p WHERE p.programme_id = s.programme_id AND p.dwelling_id = s.dwelling_id)
"""  # noqa: S608

PLACES = "SELECT DISTINCT programme_id, area_id FROM reports_dwellingsummary WHERE dwelling_id = ANY(%(ids)s)"

_THESE = """(programme_id, area_id) IN (SELECT * FROM unnest(%(programmes)s::bigint[], %(areas)s::varchar[]))"""

DROP_TOTALS = f"DELETE FROM reports_summarytotal WHERE {_THESE}"  # noqa: S608
WRITE_TOTALS = f"""
INSERT INTO reports_summarytotal (programme_id, area_id, technology, family, stage, excluded, year, contracted, claim,
    dwellings, due_fen, paid_fen, with_missing, with_failed)
SELECT programme_id, area_id, technology, family, stage, exclusion <> '', year, contracted, claim, count(*),
    coalesce(sum(due_fen), 0), sum(paid_fen), count(*) FILTER (WHERE missing_papers > 0),
    count(*) FILTER (WHERE payment_failed)
FROM reports_dwellingsummary WHERE {_THESE} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608

ROOMS = """
UPDATE reports_dwellingsummary s SET room_dc = latest.room_dc, heard_at = latest.at
FROM telemetry_latestreading latest JOIN devices_heater heater ON heater.id = latest.heater_id
WHERE latest.at > %(since)s AND heater.removed_on IS NULL AND s.dwelling_id = heater.dwelling_id
    AND s.heater_no = heater.platform_no
    AND (s.room_dc IS DISTINCT FROM latest.room_dc OR s.heard_at IS NULL
         OR s.heard_at < latest.at - interval '10 minutes')
"""
