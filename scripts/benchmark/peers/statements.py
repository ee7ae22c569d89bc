"""The handler's reads in SQL. Each is restricted to the caller's organization."""

WORKER = """
    SELECT id, display_name, first_name, last_name, work_email, phone, job_title, worker_type, start_date, revision,
           updated_at
    FROM workers WHERE organization_id = $1 AND id = $2
"""
WORKERS = """
    SELECT id, display_name, job_title FROM workers
    WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY display_name_key, id LIMIT $2
"""
CREDENTIALS_OF = """
    SELECT c.* FROM unnest($2::text[]) AS parent (id) CROSS JOIN LATERAL (
        SELECT worker_id, id, display_name, category, reference_number, status FROM credentials
        WHERE organization_id = $1 AND worker_id = parent.id AND deleted_at IS NULL AND archived_at IS NULL
        ORDER BY updated_at DESC, id DESC LIMIT $3
    ) c
"""
VERSIONS_OF = """
    SELECT v.* FROM unnest($2::text[]) AS parent (id) CROSS JOIN LATERAL (
        SELECT credential_id, id, number, issue_date, expiry_date FROM credential_versions
        WHERE organization_id = $1 AND credential_id = parent.id ORDER BY number DESC, id DESC LIMIT $3
    ) v
"""
FILTERED = """
    SELECT c.id, c.display_name, c.reference_number, c.issue_date, c.expiry_date, c.status, c.eligibility,
           w.id AS worker_id, w.display_name AS worker_name
    FROM credentials c LEFT JOIN workers w ON w.organization_id = c.organization_id AND w.id = c.worker_id
    WHERE c.organization_id = $1 AND c.type_code = $2 AND c.status = 'ACTIVE'
      AND c.deleted_at IS NULL AND c.archived_at IS NULL
    ORDER BY c.expires_on, c.id LIMIT $3
"""
OF_TYPE = """
    SELECT id, display_name, category, reference_number, issuing_authority, jurisdiction, issue_date, expiry_date,
           status, eligibility, revision, updated_at
    FROM credentials
    WHERE organization_id = $1 AND type_code = $2 AND deleted_at IS NULL AND archived_at IS NULL
    ORDER BY updated_at DESC, id DESC LIMIT $3
"""
COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM credentials
        WHERE organization_id = $1 AND status = $2 AND deleted_at IS NULL AND archived_at IS NULL LIMIT 10001
    ) counted
"""
_EXPIRING = """
    c.organization_id = $1 AND c.status = 'ACTIVE' AND c.expires_on >= $2 AND c.expires_on < $3
    AND c.deleted_at IS NULL AND c.archived_at IS NULL
"""
EXPIRING = f"""
    SELECT c.id, c.display_name, c.expiry_date, w.id AS worker_id, w.display_name AS worker_name
    FROM credentials c LEFT JOIN workers w ON w.organization_id = c.organization_id AND w.id = c.worker_id
    WHERE {_EXPIRING} ORDER BY c.expires_on, c.id LIMIT 10
"""
EXPIRING_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM credentials c WHERE {_EXPIRING} LIMIT 10001) counted"
_WAITING = """
    c.organization_id = $1 AND (c.latest_approval = 'PENDING' OR c.eligibility = 'REVIEW_REQUIRED')
    AND c.intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED') AND c.deleted_at IS NULL AND c.archived_at IS NULL
"""
QUEUE = f"""
    SELECT c.id, c.display_name, c.category, c.reference_number, c.type_code, t.name AS type_name, c.jurisdiction,
           c.issue_date, c.expiry_date, c.status, c.eligibility, c.revision, v.id AS version_id, v.number, v.approval,
           v.created_by AS version_created_by, v.created_at AS version_created_at, w.id AS worker_id,
           w.display_name AS worker_name, w.job_title, u.id AS unit_id, u.name AS unit_name
    FROM (SELECT * FROM credentials c WHERE {_WAITING} ORDER BY latest_version_at, id LIMIT $2) c
    JOIN credential_types t ON t.organization_id = c.organization_id AND t.id = c.credential_type_id
    JOIN credential_versions v ON v.organization_id = c.organization_id AND v.id = c.latest_version_id
    LEFT JOIN workers w ON w.organization_id = c.organization_id AND w.id = c.worker_id
    LEFT JOIN org_units u ON u.organization_id = w.organization_id AND u.id = w.org_unit_id
    ORDER BY c.latest_version_at, c.id
"""
QUEUE_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM credentials c WHERE {_WAITING} LIMIT 10001) counted"
_EVENTS = "SELECT id, kind, subject_id, occurred_at, actor_name FROM events WHERE organization_id = $1"
ACTIVITY = f"{_EVENTS} ORDER BY occurred_at DESC, id DESC LIMIT 10"
WORKER_ACTIVITY = f"{_EVENTS} AND worker_id = $2 ORDER BY occurred_at DESC, id DESC LIMIT 10"
PROFILE = """
    SELECT w.id, w.display_name, w.first_name, w.last_name, w.birth_date, w.work_email, w.phone, w.job_title,
           w.worker_type, w.start_date, w.team, w.department, w.revision, u.id AS unit_id, u.name AS unit_name,
           m.id AS manager_id, m.display_name AS manager_name
    FROM workers w
    LEFT JOIN org_units u ON u.organization_id = w.organization_id AND u.id = w.org_unit_id
    LEFT JOIN workers m ON m.organization_id = w.organization_id AND m.id = w.manager_id
    WHERE w.organization_id = $1 AND w.id = $2
"""
# 'No expiry' is the last day of the calendar, which the driver stores as infinity.
PROFILE_CREDENTIALS = """
    SELECT c.id, c.display_name, c.category, c.reference_number, c.status, c.eligibility, c.status_detail,
           c.last_verified_at, v.id AS version_id, v.number, v.issue_date AS version_issue_date,
           v.expiry_date AS version_expiry_date, v.approval, v.decided_at,
           CASE WHEN c.valid_from > day.today THEN 'NOT_YET_VALID'
                WHEN c.expires_on = 'infinity' THEN 'NO_EXPIRY'
                WHEN c.expires_on < day.today THEN 'EXPIRED'
                WHEN c.expires_on <= day.today + coalesce(t.expiring_soon_days, $3) THEN 'EXPIRING_SOON'
                ELSE 'VALID' END AS validity
    FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) day
    JOIN credentials c ON true
    JOIN credential_types t ON t.organization_id = c.organization_id AND t.id = c.credential_type_id
    JOIN credential_versions v ON v.organization_id = c.organization_id AND v.id = c.latest_version_id
    WHERE c.organization_id = $1 AND c.worker_id = $2 AND c.deleted_at IS NULL AND c.archived_at IS NULL
    ORDER BY c.updated_at DESC, c.id DESC LIMIT 25
"""
# The sums of the whole organization today.
SUMMARY = """
    SELECT dimension, value, sum(number)::int AS number FROM tallies
    WHERE organization_id = $1 AND org_unit_id = '' AND day <= (now() AT TIME ZONE 'UTC')::date
      AND dimension IN ('TOTAL', 'STATUS', 'CATEGORY', 'JURISDICTION', 'ELIGIBILITY', 'VALIDITY', 'STANDING')
    GROUP BY dimension, value HAVING sum(number) <> 0
"""
SETTLED = """
    SELECT NOT EXISTS (SELECT 1 FROM unsettled WHERE organization_id = $1) AND NOT EXISTS (
        SELECT 1 FROM settled WHERE organization_id = $1 AND recheck_on <= (now() AT TIME ZONE 'UTC')::date)
"""
