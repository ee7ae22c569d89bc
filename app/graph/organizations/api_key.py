"""The `ApiKey` type, its queries and its mutations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, query
from app.graph.dsl.filter_inputs import StringFilter, where_input
from app.graph.dsl.mutation_input import MutationInput
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member, scalar
from app.graph.node import Node
from app.graph.type_references import ORG_UNIT
from app.organizations import api_keys, queries

MANAGE: dict[str, Any] = {"scope": Scope.KEYS_MANAGE}


@node(queries.key_by_id, **MANAGE)
class ApiKey(Node):
    """A key for a program to call the API. Its token is shown once, when the key is created or rotated."""

    name: str = scalar("The name of the key, which says its purpose.")
    scopes: list[Scope] = scalar(
        "The scopes of the key.", derived=lambda key: [Scope(scope) for scope in key.scopes], reads=("scopes",)
    )
    org_unit: ORG_UNIT | None = edge(
        queries.unit_by_id,
        "The org unit that the key is restricted to, with the units below it; null if unrestricted.",
        key="org_unit_id",
        scope=Scope.WORKERS_READ,
    )
    created_by: str = scalar("The id of the API key or person that created the key.")
    created_at: datetime = scalar("The time the key was created.")
    expires_at: datetime | None = scalar("The time the key expires; null if it does not.")
    revoked_at: datetime | None = scalar("The time the key was revoked; null if it was not.")
    last_used_at: datetime | None = scalar("The time of the last use, to the minute.")
    previous_expires_at: datetime | None = scalar(
        "The time the secret from before the last rotation expires; null if there is none."
    )


@where_input
class ApiKeyWhere:
    """Filters for API keys."""

    name: StringFilter | None = member("Match the name.")
    active: bool | None = member(
        "If true, match keys that are neither revoked nor expired; if false, match the others."
    )


class ApiKeyOrderField(StrEnum):
    """The fields that API keys can be sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"


enum(
    ApiKeyOrderField,
    NAME="Sort by name, ignoring case and accents.",
    CREATED_AT="Sort by time of creation. The default, latest first.",
)
ApiKeyOrder = sort_key(ApiKeyOrderField, "API keys")


@input
class ApiKeyCreateInput(MutationInput):
    """The fields of the new API key."""

    name: str | None = member("The name, which says the key's purpose. Required.")
    scopes: list[Scope] | None = member("The scopes of the key, among the viewer's own. Required.")
    expires_at: datetime | None = member("The time the key expires. By default it does not.")
    org_unit: strawberry.ID | None = member("The id of an org unit to restrict the key to, with the units below it.")


@input
class ApiKeyRotateInput(MutationInput):
    """The API key to rotate."""

    id: strawberry.ID = member("The id of the key.", default=...)
    overlap_minutes: int | None = member("The minutes for which the old secret still works: 0 to 1440. Defaults to 0.")


@input
class ApiKeyRevokeInput(MutationInput):
    """The API key to revoke."""

    id: strawberry.ID = member("The id of the key.", default=...)


def _key(_context: Context, _actor: Actor, id: str) -> ApiKey | None:
    return defer_load(queries.key_by_id, id)


QUERIES = [
    query(
        "apiKey",
        _key,
        "Look up an API key by id; null if there is none.",
        id=(strawberry.ID, "The key's id."),
        **MANAGE,
    ),
    listing(
        "apiKeys",
        queries.keys,
        ApiKey,
        "List the organization's API keys.",
        where=ApiKeyWhere,
        order=ApiKeyOrder,
        **MANAGE,
    ),
]

ISSUED_KEY_PAYLOAD: dict[str, Any] = {
    "api_key": (ApiKey, "The key after the mutation; null if refused."),
    "token": (str, "The key's token, shown only once: null if refused, and null in the result of a repeated call."),
}
MUTATIONS = [
    mutation("apiKeyCreate", api_keys.create, ApiKeyCreateInput, "Create an API key.", **MANAGE, **ISSUED_KEY_PAYLOAD),
    mutation(
        "apiKeyRotate",
        api_keys.rotate,
        ApiKeyRotateInput,
        "Rotate an API key: replace its secret. It takes every scope that the key has.",
        **MANAGE,
        **ISSUED_KEY_PAYLOAD,
    ),
    mutation(
        "apiKeyRevoke",
        api_keys.revoke,
        ApiKeyRevokeInput,
        "Revoke an API key. It stops working at once, and so do the temporary URLs that it requested. It takes every "
        "scope that the key has.",
        **MANAGE,
        api_key=(ApiKey, "The key after the mutation; null if refused."),
    ),
]
