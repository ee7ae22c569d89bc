// API keys of the Node peers: looked up by the public part of a token, compared by hash, cached for some seconds.
import { createHash, timingSafeEqual } from "node:crypto";

const REMEMBERED_MS = 5_000;
const TOKEN = /^Bearer cgk_([0-9A-Za-z]{16})([0-9A-Za-z]{16})_([0-9A-Za-z]{43})$/;
const KEY = `
  SELECT k.id, k.name, k.secret_hash, k.organization_id, o.expiring_soon_days
  FROM api_keys k JOIN organizations o USING (organization_id)
  WHERE k.organization_id = $1 AND k.id = $2 AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > now())`;

let known = new Map();

// The caller of an Authorization header; null if the key is not valid.
export async function callerOf(pool, header = "") {
  const found = known.get(header);
  if (found && found.until > Date.now()) return found.caller;
  const match = TOKEN.exec(header);
  if (!match) return null;
  const { rows } = await pool.query({ name: "key", text: KEY, values: [`org_${match[1]}`, `key_${match[2]}`] });
  const digest = createHash("sha256").update(match[3]).digest("hex");
  if (!rows.length || !timingSafeEqual(Buffer.from(digest), Buffer.from(rows[0].secret_hash))) return null;
  const row = rows[0];
  const caller = {
    organization: row.organization_id,
    key: row.id,
    name: row.name,
    expiringSoonDays: row.expiring_soon_days,
  };
  known = new Map([[header, { until: Date.now() + REMEMBERED_MS, caller }]]);
  return caller;
}
