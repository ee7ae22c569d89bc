// The rules of graphql-eslint for schemas, with an argument for each one that is off or relaxed.
import graphql from "@graphql-eslint/eslint-plugin";

const recommended = graphql.configs["flat/schema-recommended"].rules;
const relay = graphql.configs["flat/schema-relay"].rules;
const [severity, conventions] = recommended["@graphql-eslint/naming-convention"];

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: "schema.graphql" } } },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...recommended,
      ...relay,
      "@graphql-eslint/naming-convention": [
        severity,
        {
          ...conventions,
          // The operators of a filter are in capitals, to stand apart from the fields that it filters by.
          InputValueDefinition: { style: "camelCase", ignorePattern: "^(AND|OR|NOT)$" },
          // A credential type is a noun of the domain.
          "ObjectTypeDefinition,ObjectTypeExtension": {
            forbiddenPrefixes: ["Type"],
            forbiddenSuffixes: ["Type"],
            ignorePattern: "^CredentialType$",
          },
        },
      ],
      // Embedded objects, payloads and counts belong to what holds them, and have no identity. Records implement Node.
      "@graphql-eslint/strict-id-in-types": "off",
      // The terms of the field that it reports are no repetition: `issuing.issuingAuthority`, `source.sourceSystem`.
      "@graphql-eslint/no-typename-prefix": "off",
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          // `nodes` is the short way to the items of a page, and bounded lists of embedded objects are no connections.
          listTypeCanWrapOnlyEdgeType: false,
          // The rows of a roll-up are computed: they hold a worker or a rule, and have no id of their own.
          shouldImplementNode: false,
        },
      ],
    },
  },
];
