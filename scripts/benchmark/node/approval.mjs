// The approval of a credential in one hand-written transaction, with the rows that the service writes.
import { createHash, randomBytes } from "node:crypto";

const CLAIM_KEY = `
  INSERT INTO idempotency_keys (organization_id, actor_id, id, digest, outcome, created_at)
  VALUES ($1, $2, $3, $4, $5::jsonb, $6) ON CONFLICT DO NOTHING RETURNING id`;
const LOCK = `
  SELECT c.worker_id, c.applicant_id, c.archived_at, c.deleted_at, c.status AS "verification.status",
         c.eligibility AS "verification.eligibility", c.status_detail AS "verification.statusDetail",
         c.intake AS "intake.status", v.approval AS "approval.status", v.reason AS "approval.reason",
         v.notes AS "approval.notes", v.id AS version_id, v.number, v.issue_date, v.expiry_date
  FROM credentials c
  JOIN credential_versions v ON v.organization_id = c.organization_id AND v.id = c.latest_version_id
  WHERE c.organization_id = $1 AND c.id = $2 FOR UPDATE OF c`;
const DECIDE = `
  UPDATE credential_versions
  SET approval = 'APPROVED', decided_by = $3, decided_at = $4, reason = $5, notes = NULL
  WHERE organization_id = $1 AND id = $2`;
const SETTLE = `
  UPDATE credentials
  SET status = 'ACTIVE', eligibility = 'MAY_ENGAGE', status_detail = 'VALID', latest_approval = 'APPROVED',
      effective_version_id = $3, valid_from = $4, expires_on = coalesce($5, 'infinity'::date),
      intake = CASE WHEN intake = 'SUBMITTED' THEN 'COMPLETED' ELSE intake END,
      revision = revision + 1, updated_at = $6
  WHERE organization_id = $1 AND id = $2`;
const RECORD = `
  INSERT INTO events (organization_id, id, kind, subject_id, worker_id, actor_kind, actor_id, actor_name, changes,
                      occurred_at, request_id)
  VALUES ($1, $2, 'credential.approved', $3, $4, 'SERVICE', $5, $6, $7::jsonb, $8, $9)`;
const KEEP = `
  INSERT INTO history (organization_id, id, kind, row_id, worker_id, recorded_at, "values")
  SELECT organization_id, $3, 'credentials', id, worker_id, updated_at, jsonb_build_object(
      'worker_id', worker_id, 'applicant_id', applicant_id, 'credential_type_id', credential_type_id,
      'category', category, 'jurisdiction', jurisdiction, 'intake', intake, 'status', status,
      'eligibility', eligibility, 'latest_approval', latest_approval, 'effective_version_id', effective_version_id,
      'valid_from', valid_from, 'expires_on', least(expires_on, '9999-12-31'), 'archived_at', archived_at,
      'deleted_at', deleted_at)
  FROM credentials WHERE organization_id = $1 AND id = $2`;
const MARK = "INSERT INTO unsettled (organization_id, id, owner_id) VALUES ($1, $2, $3)";
const REVIEWABLE = new Set(["DIRECT", "SUBMITTED", "COMPLETED"]);

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// Approve the latest version in the caller's transaction. Throws Refused.
export async function approve(client, caller, id, reason, once) {
  const now = new Date();
  const run = (name, text, ...values) => client.query({ name, text, values });
  const tenant = caller.organization;
  const digest = createHash("sha256").update(JSON.stringify(["credentialApprove", { id, reason }])).digest("hex");
  const outcome = JSON.stringify({ record: "credentials", id });
  const claimed = await run("claim", CLAIM_KEY, tenant, caller.key, once, digest, outcome, now);
  if (!claimed.rows.length) throw new Refused("IDEMPOTENCY_MISMATCH", "this idempotencyKey was used");
  const row = (await run("lock", LOCK, tenant, id)).rows[0];
  if (!row) throw new Refused("NOT_FOUND", `id: there is no credential ${id}`);
  if (row.deleted_at || row.archived_at || !REVIEWABLE.has(row["intake.status"]))
    throw new Refused("NOT_REVIEWABLE", "nobody can decide about it");
  if (row["approval.status"] === "APPROVED") throw new Refused("ALREADY_APPROVED", "the version is already approved");
  await run("decide", DECIDE, tenant, row.version_id, caller.key, now, reason);
  await run("settle", SETTLE, tenant, id, row.version_id, row.issue_date, row.expiry_date, now);
  await run(
    "record", RECORD, tenant, newId("evt"), id, row.worker_id, caller.key, caller.name,
    JSON.stringify(changesOf(row, reason)), now, newId("req"),
  );
  await run("keep", KEEP, tenant, id, newId("hist"));
  for (const owner of [row.worker_id, row.applicant_id])
    if (owner !== null) await run("mark", MARK, tenant, newId("uns"), owner);
}

// The changes of the decision, as the event records them.
function changesOf(row, reason) {
  const after = {
    "verification.status": "ACTIVE",
    "verification.eligibility": "MAY_ENGAGE",
    "verification.statusDetail": "VALID",
    "intake.status": row["intake.status"] === "SUBMITTED" ? "COMPLETED" : row["intake.status"],
    "approval.status": "APPROVED",
    "approval.reason": reason,
    "approval.notes": null,
  };
  const changed = Object.entries(after).filter(([name, to]) => row[name] !== to);
  const changes = Object.fromEntries(changed.map(([name, to]) => [name, { from: row[name], to }]));
  return { ...changes, number: { from: row.number, to: row.number } };
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// An id in the service's format: microseconds in nine characters, and seven random characters.
function newId(prefix) {
  let time = "";
  for (let rest = BigInt(Date.now()) * 1000n; time.length < 9; rest /= 62n) time = ALPHABET[Number(rest % 62n)] + time;
  const chance = Array.from(randomBytes(7), (byte) => ALPHABET[byte % 62]).join("");
  return `${prefix}_${time}${chance}`;
}
