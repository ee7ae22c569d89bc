// Approving a credential in one hand-written transaction, with the rows that the service writes.
import { createHash, randomBytes } from "node:crypto";

const CLAIM_KEY = `
  INSERT INTO idempotency_keys (organization_id, actor_id, id, digest, outcome, created_at)
  VALUES ($1, $2, $3, $4, $5::jsonb, $6) ON CONFLICT DO NOTHING RETURNING id`;
const LOCK = `
  SELECT c.worker_id, c.intake, c.archived_at, c.deleted_at, c.latest_approval, v.id AS version_id, v.number,
         v.issue_date, v.expiry_date
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
      revision = revision + 1, last_updated = $6
  WHERE organization_id = $1 AND id = $2`;
const RECORD = `
  INSERT INTO events (organization_id, id, kind, subject_id, worker_id, actor_kind, actor_id, actor_name, changes,
                      occurred_at, request_id)
  VALUES ($1, $2, 'credential.approved', $3, $4, 'SERVICE', $5, $6, $7::jsonb, $8, $9)`;
const REVIEWABLE = new Set(["DIRECT", "SUBMITTED", "COMPLETED"]);

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// Approve the latest version, inside a transaction of the caller's. Throws Refused.
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
  if (row.deleted_at || row.archived_at || !REVIEWABLE.has(row.intake))
    throw new Refused("NOT_REVIEWABLE", "nobody can decide about it");
  if (row.latest_approval === "APPROVED") throw new Refused("ALREADY_APPROVED", "the version is already approved");
  await run("decide", DECIDE, tenant, row.version_id, caller.key, now, reason);
  await run("settle", SETTLE, tenant, id, row.version_id, row.issue_date, row.expiry_date, now);
  const changes = { number: { from: row.number, to: row.number }, reason: { from: null, to: reason } };
  await run(
    "record", RECORD, tenant, newId("evt"), id, row.worker_id, caller.key, caller.name, JSON.stringify(changes), now,
    newId("req"),
  );
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// An id such as the service makes: microseconds in nine characters, and seven of chance.
function newId(prefix) {
  let time = "";
  for (let rest = BigInt(Date.now()) * 1000n; time.length < 9; rest /= 62n) time = ALPHABET[Number(rest % 62n)] + time;
  const chance = Array.from(randomBytes(7), (byte) => ALPHABET[byte % 62]).join("");
  return `${prefix}_${time}${chance}`;
}
