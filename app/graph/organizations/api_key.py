"""API keys in the graph."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, query
from app.graph.dsl.filter_inputs import StringFilter
from app.graph.dsl.mutation_input import MutationInput
from app.graph.dsl.node_types import find
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member, scalar
from app.graph.node import Node
from app.graph.references import ORG_UNIT
from app.organizations import api_keys, queries

MANAGE: dict[str, Any] = {"scope": Scope.KEYS_MANAGE}


@node(queries.key_by_id, **MANAGE)
class ApiKey(Node):
    """A program's key to the service. Its token is shown once, when it is made or rotated."""

    name: str = scalar("What it is for.")
    scopes: list[Scope] = scalar(
        "What it may do.", derived=lambda key: [Scope(scope) for scope in key.scopes], reads=("scopes",)
    )
    org_unit: ORG_UNIT | None = edge(
        queries.unit_by_id,
        "The unit that it is restricted to, with its subtree.",
        key="org_unit_id",
        scope=Scope.WORKERS_READ,
    )
    created_by: str = scalar("The id of the key or person that made it.")
    created_at: datetime = scalar("When it was made.")
    expires_at: datetime | None = scalar("When it expires, if it does.")
    revoked_at: datetime | None = scalar("When it was revoked, if it was.")
    last_used_at: datetime | None = scalar("When it was last used, to the minute.")
    previous_expires_at: datetime | None = scalar("Until when the secret from before its rotation still works.")


@input
class ApiKeyWhere:
    """Which API keys. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["ApiKeyWhere"] | None = member("All of these must hold.")
    OR: list["ApiKeyWhere"] | None = member("One of these must hold.")
    NOT: "ApiKeyWhere | None" = member("This must not hold.")
    name: StringFilter | None = member("What it is for.")
    is_active: bool | None = member("Whether it works: neither revoked nor expired.")


class ApiKeyOrderField(StrEnum):
    """What API keys can be sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"


enum(
    ApiKeyOrderField,
    NAME="What it is for, ignoring case.",
    CREATED_AT="When it was made. The default, latest first.",
)
ApiKeyOrder = sort_key(ApiKeyOrderField, "API keys")


@input
class ApiKeyCreateInput(MutationInput):
    """A new API key."""

    name: str | None = member("What it is for. Required.")
    scopes: list[Scope] | None = member("What it may do; no more than you may. Required.")
    expires_at: datetime | None = member("When it expires; never when not given.")
    org_unit: strawberry.ID | None = member("A unit to restrict it to, with its subtree.")


@input
class ApiKeyRotateInput(MutationInput):
    """An API key to give a new secret."""

    id: strawberry.ID = member("The key.", default=...)
    overlap_minutes: int | None = member("How long the old secret still works: 0 to 1440, 0 when not given.")


@input
class ApiKeyRevokeInput(MutationInput):
    """An API key to end."""

    id: strawberry.ID = member("The key.", default=...)


def _key(_context: Context, _actor: Actor, id: str) -> ApiKey | None:
    return find(queries.key_by_id, id)


QUERIES = [
    query("apiKey", _key, "One API key; null when there is none.", id=(strawberry.ID, "Its id."), **MANAGE),
    listing(
        "apiKeys",
        queries.keys,
        ApiKey,
        "The organization's API keys.",
        where=ApiKeyWhere,
        order=ApiKeyOrder,
        **MANAGE,
    ),
]

_ISSUED: dict[str, Any] = {
    "api_key": (ApiKey, "The key; null when refused."),
    "token": (str, "The token, shown this once; null when refused, and when an idempotent call is repeated."),
}
MUTATIONS = [
    mutation("apiKeyCreate", api_keys.create, ApiKeyCreateInput, "Makes an API key.", **MANAGE, **_ISSUED),
    mutation("apiKeyRotate", api_keys.rotate, ApiKeyRotateInput, "Gives an API key a new secret.", **MANAGE, **_ISSUED),
    mutation(
        "apiKeyRevoke",
        api_keys.revoke,
        ApiKeyRevokeInput,
        "Ends an API key at once.",
        **MANAGE,
        api_key=(ApiKey, "The key as it is now; null when refused."),
    ),
]
