"""The GraphQL schema: one package per noun, each with its types, lists and mutations.

`dsl` is the declaration language that they are written in, `execution` runs operations, and `schema` puts all together.
"""

from app.graph import enums  # noqa: F401 - the domain's enums are described before any field uses one
