// The peer that generates its schema from the tables: PostGraphile, with the additions that the operations need.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { sideEffectWithPgClientTransaction } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { access, constant, context, object } from "postgraphile/grafast";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { extendSchema, gql, jsonPgSmartTags } from "postgraphile/utils";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

import { approve } from "./approval.mjs";
import { callerOf } from "./keys.mjs";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });

// Derived fields are database functions, as PostGraphile's users write them.
await pool.query(`
  CREATE OR REPLACE FUNCTION credentials_validity(c credentials) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN c.valid_from > day.today THEN 'NOT_YET_VALID'
                WHEN c.expires_on = 'infinity' THEN 'NO_EXPIRY'
                WHEN c.expires_on < day.today THEN 'EXPIRED'
                WHEN c.expires_on <= day.today + coalesce(t.expiring_soon_days, o.expiring_soon_days)
                THEN 'EXPIRING_SOON'
                ELSE 'VALID' END
    FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) day, credential_types t, organizations o
    WHERE t.organization_id = c.organization_id AND t.id = c.credential_type_id
      AND o.organization_id = c.organization_id
  $$`);

// Two references that the tables do not declare as foreign keys.
const References = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      credentials: {
        tags: {
          foreignKey:
            "(organization_id, latest_version_id) references credential_versions (organization_id, id)" +
            "|@fieldName latestVersion|@foreignFieldName latestOf",
        },
      },
      events: {
        tags: {
          foreignKey:
            "(organization_id, worker_id) references workers (organization_id, id)" +
            "|@fieldName worker|@foreignFieldName activity",
        },
      },
    },
  },
});

const Approve = extendSchema((build) => {
  const { credentials } = build.pgResources;
  return {
    typeDefs: gql`
      type Problem { code: String! message: String! path: [String!]! }
      type CredentialApprovePayload { credential: Credential errors: [Problem!]! }
      extend type Mutation {
        credentialApprove(id: String!, reason: String!, idempotencyKey: String!): CredentialApprovePayload
      }
    `,
    objects: {
      Mutation: {
        plans: {
          credentialApprove(_, { $id, $reason, $idempotencyKey }) {
            const $caller = context().get("caller");
            const $asked = object({ id: $id, reason: $reason, key: $idempotencyKey, caller: $caller });
            return sideEffectWithPgClientTransaction(credentials.executor, $asked, async (client, asked) => {
              await approve(client, asked.caller, asked.id, asked.reason, asked.key);
              return { id: asked.id, organization: asked.caller.organization };
            });
          },
        },
      },
      CredentialApprovePayload: {
        plans: {
          credential: ($done) =>
            credentials.get({ organization_id: access($done, "organization"), id: access($done, "id") }),
          // A refusal is thrown, so that the transaction is rolled back and the operation has an error.
          errors: () => constant([]),
        },
      },
    },
  };
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  plugins: [References, Approve],
  // PostGraphile hides filters and orders that no index starts with; here all indexes start with the organization.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { context: (request) => ({ caller: request.node.req.caller }) },
});

const server = createServer();
await instance.createServ(grafserv).addTo(server);
const [answer] = server.listeners("request");
server.removeAllListeners("request");
server.on("request", async (request, response) => {
  const started = performance.now();
  request.caller = await callerOf(pool, request.headers.authorization);
  if (!request.caller) return response.writeHead(401).end('{"errors": [{"message": "unauthenticated"}]}');
  response.on("finish", () => {
    const { method, url } = request;
    const line = { method, url, status: response.statusCode, ms: performance.now() - started };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  });
  return answer(request, response);
});
server.listen(Number(process.argv[2]), "127.0.0.1");
