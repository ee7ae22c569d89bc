// The peer on Fastify: Mercurius with graphql-jit and its loaders, and hand-written SQL with pg.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

import { Refused, approve } from "./approval.mjs";
import { callerOf } from "./keys.mjs";
import { summarize } from "./rollup.mjs";

// Dates stay text as PostgreSQL writes them: a JavaScript Date has a time of day and a time zone.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });

const schema = `
  scalar Date
  scalar DateTime
  type CredentialType { code: String! name: String! }
  type OrgUnit { id: ID! name: String! }
  type Event { id: ID! kind: String! subjectId: ID! occurredAt: DateTime! actorName: String! }
  type Version {
    id: ID! number: Int! issueDate: Date expiryDate: Date approval: String! reason: String decidedAt: DateTime
    createdBy: String! createdAt: DateTime!
  }
  type Worker {
    id: ID! displayName: String! firstName: String lastName: String birthDate: Date workEmail: String phone: String
    jobTitle: String workerType: String! startDate: Date team: String department: String revision: Int!
    updatedAt: DateTime! orgUnit: OrgUnit manager: Worker
    credentials(first: Int!): [Credential!]!
    activity(first: Int!): [Event!]!
  }
  type Credential {
    id: ID! displayName: String! category: String! referenceNumber: String issuingAuthority: String
    jurisdiction: String issueDate: Date expiryDate: Date status: String! eligibility: String statusDetail: String
    lastVerifiedAt: DateTime revision: Int! updatedAt: DateTime! validity: String!
    credentialType: CredentialType worker: Worker latestVersion: Version
    versions(first: Int!): [Version!]!
  }
  type WorkerPage { nodes: [Worker!]! hasNextPage: Boolean! }
  type CredentialPage { nodes: [Credential!]! hasNextPage: Boolean! totalCount: Int! }
  type Count { value: String count: Int! }
  type ComplianceSummary {
    settled: Boolean! total: Int! byStatus: [Count!]! byCategory: [Count!]! byJurisdiction: [Count!]!
    byEligibility: [Count!]! byValidity: [Count!]! byStanding: [Count!]!
  }
  input CredentialWhere { type: String status: String expiringBefore: Date expiringFrom: Date }
  enum CredentialOrder { EXPIRY_DATE }
  type Problem { code: String! message: String! path: [String!]! }
  type ApprovePayload { credential: Credential errors: [Problem!]! }
  type Query {
    worker(id: ID!): Worker
    workers(first: Int!): WorkerPage!
    credentials(first: Int!, where: CredentialWhere!, orderBy: CredentialOrder): CredentialPage!
    reviewQueue(first: Int!): CredentialPage!
    activity(first: Int!): [Event!]!
    complianceSummary: ComplianceSummary!
  }
  type Mutation { credentialApprove(id: ID!, reason: String!, idempotencyKey: String!): ApprovePayload! }
`;

// The columns of a table with their names in the schema.
const as = (alias, ...columns) =>
  columns
    .map((name) => `${alias}.${name} AS "${name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())}"`)
    .join(", ");
const WORKER = as(
  "w", "id", "display_name", "first_name", "last_name", "birth_date", "work_email", "phone", "job_title",
  "worker_type", "start_date", "team", "department", "revision", "updated_at", "org_unit_id", "manager_id",
);
const CREDENTIAL = as(
  "c", "id", "display_name", "category", "reference_number", "issuing_authority", "jurisdiction", "issue_date",
  "expiry_date", "status", "eligibility", "status_detail", "last_verified_at", "revision", "updated_at", "worker_id",
  "credential_type_id", "latest_version_id", "valid_from", "expires_on",
);
const VERSION = as(
  "v", "id", "number", "issue_date", "expiry_date", "approval", "reason", "decided_at", "created_by", "created_at",
  "credential_id",
);
const EVENT = as("e", "id", "kind", "subject_id", "occurred_at", "actor_name", "worker_id");
const SHOWN = "c.deleted_at IS NULL AND c.archived_at IS NULL";
const WAITING = `(c.latest_approval = 'PENDING' OR c.eligibility = 'REVIEW_REQUIRED')
  AND c.intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')`;

const rowsOf = async (name, text, values) => (await pool.query({ name, text, values })).rows;

// One row for each key.
function one(name, text, key) {
  return async (queries, context) => {
    const keys = queries.map(({ obj }) => obj[key]);
    const rows = await rowsOf(name, text, [context.caller.organization, keys.filter((found) => found !== null)]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return keys.map((value) => found.get(value) ?? null);
  };
}

// The first rows of each parent; `parent` is the column with the parent's id.
function many(name, text, parent) {
  return async (queries, context) => {
    const keys = queries.map(({ obj }) => obj.id);
    const groups = new Map(keys.map((key) => [key, []]));
    for (const row of await rowsOf(name, text, [context.caller.organization, keys, queries[0].params.first]))
      groups.get(row[parent]).push(row);
    return keys.map((key) => groups.get(key));
  };
}

const lateral = (inner) => `SELECT f.* FROM unnest($2::text[]) AS p (id) CROSS JOIN LATERAL (${inner} LIMIT $3) f`;
const WORKERS_BY_ID = `SELECT ${WORKER} FROM workers w WHERE w.organization_id = $1 AND w.id = ANY($2::text[])`;
const TYPES_BY_ID = `SELECT t.id, t.code, t.name, t.expiring_soon_days FROM credential_types t
  WHERE t.organization_id = $1 AND t.id = ANY($2::text[])`;

const loaders = {
  Worker: {
    orgUnit: one(
      "units", "SELECT id, name FROM org_units WHERE organization_id = $1 AND id = ANY($2::text[])", "orgUnitId",
    ),
    manager: one("workers", WORKERS_BY_ID, "managerId"),
    credentials: many(
      "credentials",
      lateral(`SELECT ${CREDENTIAL} FROM credentials c WHERE c.organization_id = $1 AND c.worker_id = p.id AND ${SHOWN}
        ORDER BY c.updated_at DESC, c.id DESC`),
      "workerId",
    ),
    activity: many(
      "activity of",
      lateral(`SELECT ${EVENT} FROM events e WHERE e.organization_id = $1 AND e.worker_id = p.id
        ORDER BY e.occurred_at DESC, e.id DESC`),
      "workerId",
    ),
  },
  Credential: {
    worker: one("workers", WORKERS_BY_ID, "workerId"),
    credentialType: one("types", TYPES_BY_ID, "credentialTypeId"),
    latestVersion: one(
      "version",
      `SELECT ${VERSION} FROM credential_versions v WHERE v.organization_id = $1 AND v.id = ANY($2::text[])`,
      "latestVersionId",
    ),
    versions: many(
      "versions",
      lateral(`SELECT ${VERSION} FROM credential_versions v WHERE v.organization_id = $1 AND v.credential_id = p.id
        ORDER BY v.number DESC, v.id DESC`),
      "credentialId",
    ),
    async validity(queries, context) {
      const kinds = await one("types", TYPES_BY_ID, "credentialTypeId")(queries, context);
      return queries.map(({ obj }, index) => validity(obj, kinds[index], context.caller.expiringSoonDays));
    },
  },
};

const DAY_MS = 86_400_000;

function validity(credential, kind, usualDays) {
  const now = Date.now();
  const today = new Date(now).toISOString().slice(0, 10);
  const soon = new Date(now + (kind.expiring_soon_days ?? usualDays) * DAY_MS).toISOString().slice(0, 10);
  if (credential.validFrom !== null && today < credential.validFrom) return "NOT_YET_VALID";
  if (credential.expiresOn === "infinity") return "NO_EXPIRY";
  if (credential.expiresOn < today) return "EXPIRED";
  return credential.expiresOn <= soon ? "EXPIRING_SOON" : "VALID";
}

// One page of credentials, with the condition that its count needs if it is selected.
async function page(name, context, first, condition, order, values) {
  const given = [context.caller.organization, ...values];
  const from = `FROM credentials c WHERE c.organization_id = $1 AND ${SHOWN} AND ${condition}`;
  const rows = await rowsOf(
    name, `SELECT ${CREDENTIAL} ${from} ORDER BY ${order} LIMIT $${given.length + 1}`, [...given, first + 1],
  );
  return {
    nodes: rows.slice(0, first),
    hasNextPage: rows.length > first,
    counting: {
      name: `count ${name}`,
      text: `SELECT count(*) AS count FROM (SELECT 1 ${from} LIMIT 10001) counted`,
      given,
    },
  };
}

const FILTERS = {
  type: "c.type_code =", status: "c.status =", expiringBefore: "c.expires_on <", expiringFrom: "c.expires_on >=",
};

const resolvers = {
  CredentialPage: {
    async totalCount({ counting }) {
      return (await rowsOf(counting.name, counting.text, counting.given))[0].count;
    },
  },
  Query: {
    async worker(_, { id }, { caller }) {
      return (await rowsOf("workers", WORKERS_BY_ID, [caller.organization, [id]]))[0] ?? null;
    },
    async workers(_, { first }, { caller }) {
      const text = `SELECT ${WORKER} FROM workers w WHERE w.organization_id = $1 AND w.deleted_at IS NULL
        ORDER BY w.display_name_key, w.id LIMIT $2`;
      const rows = await rowsOf("workers page", text, [caller.organization, first + 1]);
      return { nodes: rows.slice(0, first), hasNextPage: rows.length > first };
    },
    credentials(_, { first, where, orderBy }, context) {
      const names = Object.keys(where);
      const condition = names.map((name, index) => `${FILTERS[name]} $${index + 2}`).join(" AND ");
      const order = orderBy === "EXPIRY_DATE" ? "c.expires_on, c.id" : "c.updated_at DESC, c.id DESC";
      return page(`page ${names} ${orderBy}`, context, first, condition, order, Object.values(where));
    },
    reviewQueue(_, { first }, context) {
      return page("queue", context, first, WAITING, "c.latest_version_at, c.id", []);
    },
    activity(_, { first }, { caller }) {
      const text = `SELECT ${EVENT} FROM events e WHERE e.organization_id = $1
        ORDER BY e.occurred_at DESC, e.id DESC LIMIT $2`;
      return rowsOf("activity", text, [caller.organization, first]);
    },
    complianceSummary: (_, _asked, { caller }) => summarize(rowsOf, caller.organization),
  },
  Mutation: {
    async credentialApprove(_, { id, reason, idempotencyKey }, { caller }) {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        await approve(client, caller, id, reason, idempotencyKey);
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        if (!(error instanceof Refused)) throw error;
        return { credential: null, errors: [{ code: error.code, message: error.message, path: ["id"] }] };
      } finally {
        client.release();
      }
      const text = `SELECT ${CREDENTIAL} FROM credentials c WHERE c.organization_id = $1 AND c.id = $2`;
      return { credential: (await rowsOf("credential", text, [caller.organization, id]))[0], errors: [] };
    },
  },
};

const app = Fastify({ logger: true, disableRequestLogging: true });
app.addHook("onRequest", async (request, reply) => {
  request.caller = await callerOf(pool, request.headers.authorization);
  if (!request.caller) await reply.code(401).send({ errors: [{ message: "unauthenticated" }] });
});
app.addHook("onResponse", async (request, reply) => {
  const { method, url, id } = request;
  request.log.info({ method, url, id, status: reply.statusCode, ms: reply.elapsedTime }, "request");
});
app.register(mercurius, { schema, resolvers, loaders, jit: 1, context: (request) => ({ caller: request.caller }) });
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
