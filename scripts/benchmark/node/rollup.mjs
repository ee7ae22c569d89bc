// The compliance summary: kept counts ordered by value, with null last.
const SUMMARY = `
  SELECT dimension, value, sum(number)::int AS number FROM tallies
  WHERE organization_id = $1 AND org_unit_id = '' AND day <= (now() AT TIME ZONE 'UTC')::date
    AND dimension IN ('TOTAL', 'STATUS', 'CATEGORY', 'JURISDICTION', 'ELIGIBILITY', 'VALIDITY', 'STANDING')
  GROUP BY dimension, value HAVING sum(number) <> 0`;
const SETTLED = `
  SELECT NOT EXISTS (SELECT 1 FROM unsettled WHERE organization_id = $1) AND NOT EXISTS (
    SELECT 1 FROM settled WHERE organization_id = $1 AND recheck_on <= (now() AT TIME ZONE 'UTC')::date) AS settled`;
const ORDER = {
  STATUS: ["PENDING", "ACTIVE", "EXPIRED", "SUSPENDED", "REVOKED"],
  CATEGORY: ["SCREENING", "GOVERNMENT_ID", "LICENSE", "CERTIFICATION"],
  JURISDICTION: null,
  ELIGIBILITY: ["MAY_ENGAGE", "MAY_NOT_ENGAGE", "REVIEW_REQUIRED", "IN_PROGRESS", "ERROR"],
  VALIDITY: ["NO_EXPIRY", "NOT_YET_VALID", "VALID", "EXPIRING_SOON", "EXPIRED"],
  STANDING: ["COMPLIANT", "AT_RISK", "NON_COMPLIANT"],
};

export async function summarize(rowsOf, organization) {
  const [{ settled }] = await rowsOf("settled", SETTLED, [organization]);
  const sums = {};
  for (const { dimension, value, number } of await rowsOf("summary", SUMMARY, [organization]))
    (sums[dimension] ??= new Map()).set(value, number);
  const summary = { settled, total: sums.TOTAL?.get("") ?? 0 };
  for (const [dimension, known] of Object.entries(ORDER)) {
    const of = sums[dimension] ?? new Map();
    const values = (known ?? [...of.keys()].sort()).filter((value) => value && of.has(value));
    const counted = values.map((value) => ({ value, count: of.get(value) }));
    if (of.has("")) counted.push({ value: null, count: of.get("") });
    summary[`by${dimension[0]}${dimension.slice(1).toLowerCase()}`] = counted;
  }
  return summary;
}
