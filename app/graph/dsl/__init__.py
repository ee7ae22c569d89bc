"""The declaration language of the schema. A module of a noun reads as a list of its types, fields and mutations.

- Types: `output`, `interface`, `input`, `one_of` and `enum` (`types`), and `node` for a type with an id (`fields`).
- Fields read from a row: `scalar`, `flag` and `embedded`; input fields: `member` (`types`).
- Fields that fetch: `edge`, `any_node` and `permission`; root fields: `query`, `listing` and `mutation` (`fields`).
- Lists: `Connection` (`connections`), `page_arguments`, `cursors`, `filter_inputs` and `sort_inputs`.
- Mutations: `mutation_input`, `bulk_payload` and `user_errors`.

Each of these stores a declaration on its field (`declarations`). The executor compiles declarations into plans;
`resolvers` serves the operations that fall back to graphql-core. Both work in the `context` of one operation.
"""
