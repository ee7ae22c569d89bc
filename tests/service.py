"""Clients of the service for tests: HTTP calls of the GraphQL endpoint as an organization with an API key."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from app.access import ALL_SCOPES, ROLES, Actor, ActorKind, Role, Scope
from app.credential_types import catalogue
from app.db.database import Database
from app.organizations import api_keys, founding
from tests import rows

STARTER_TYPES = frozenset({"NPI", "PASSPORT", "WWCC_NSW", "WWCC_VIC"})
"""The credential types of a test's organization: a few of the starter catalogue. No test needs them all."""


@dataclass(frozen=True)
class GraphQLResponse:
    """A response of the GraphQL endpoint."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers

    @property
    def data(self) -> Any:
        """The data; asserts that there are no top-level errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The top-level errors."""
        errors: list[dict[str, Any]] = self.body.get("errors", [])
        return errors

    @property
    def codes(self) -> list[str]:
        """The codes of the top-level errors."""
        return [error["extensions"]["code"] for error in self.errors]


@dataclass(frozen=True)
class Service:
    """A running service."""

    client: httpx.AsyncClient
    database: Database

    async def execute(
        self, query: str, variables: dict[str, Any] | None = None, *, key: str | None = None, **headers: str
    ) -> GraphQLResponse:
        """Run one operation."""
        request_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            request_headers["Authorization"] = f"Bearer {key}"
        response = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=request_headers
        )
        return GraphQLResponse(response.status_code, response.json(), response.headers)


@dataclass(frozen=True)
class Tenant:
    """An organization, with a key that has all scopes of the owner role."""

    service: Service
    id: str
    key: str

    @classmethod
    async def create(
        cls,
        service: Service,
        name: str,
        time_zone: str = "UTC",
        *,
        types: frozenset[str] = STARTER_TYPES,
        sandbox: bool = False,
    ) -> "Tenant":
        """Create an organization with an owner's key and some credential types of the catalogue."""
        async with service.database.writing("test") as session:
            organization = await founding.create(session, name, time_zone, sandbox=sandbox)
            actor = system_actor(organization.id)
            await catalogue.install(session, actor, types)
            issued = await api_keys.create(session, actor, {"name": "Owner", "scopes": ROLES[Role.OWNER]})
        assert issued.token is not None
        return cls(service, organization.id, issued.token)

    @property
    def actor(self) -> Actor:
        """An actor with all scopes, for calls of actions without HTTP."""
        return system_actor(self.id)

    async def create_key(self, *scopes: Scope, org_unit: str | None = None) -> str:
        """Create an API key with exactly these scopes; return its token."""
        input = {"name": "Limited", "scopes": scopes, "orgUnit": org_unit}
        async with self.service.database.writing("test") as session:
            issued = await api_keys.create(session, self.actor, input)
        assert issued.token is not None
        return issued.token

    async def execute(
        self, query: str, variables: dict[str, Any] | None = None, *, key: str | None = None, **headers: str
    ) -> GraphQLResponse:
        """Run one operation, by default with the owner's key."""
        return await self.service.execute(query, variables, key=key or self.key, **headers)

    async def mutate(self, field: str, selection: str, *, key: str | None = None, **input: Any) -> Any:
        """Run one mutation; return its payload, with all fields of its errors."""
        input_type = f"{field[0].upper()}{field[1:]}Input"
        text = (
            f"mutation ($input: {input_type}!) {{ {field}(input: $input) {{ {selection} errors "
            "{ __typename message code path ... on ConflictError { currentRevision } "
            "... on TooManyError { limit } } } }"
        )
        answer = await self.execute(text, {"input": input}, key=key)
        return answer.data[field]

    async def add_worker(self, name: str = "Jordan Avery", **content: Any) -> str:
        """Create a worker; return the id."""
        content = {**content, "identity": {"displayName": name, **content.get("identity", {})}}
        payload = await self.mutate("workerCreate", "worker { id }", **content)
        assert payload["errors"] == []
        return str(payload["worker"]["id"])

    async def add_credential(self, worker: str, **content: Any) -> str:
        """Create a WWCC credential of a worker; return the id."""
        payload = await self.mutate("credentialCreate", "credential { id }", **credential_input(worker, **content))
        assert payload["errors"] == []
        return str(payload["credential"]["id"])

    async def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Return all rows of the organization by table, to compare before and after a refusal."""
        return await rows.organization_rows(self.service.database, self.id)


def system_actor(organization_id: str) -> Actor:
    """Return an actor of an organization with all scopes."""
    return Actor(organization_id, ActorKind.SYSTEM, "test", "Test", ALL_SCOPES)


def credential_input(worker: str, **content: Any) -> dict[str, Any]:
    """Return the input that creates a WWCC credential of a worker; `content` replaces members of its groups."""
    base: dict[str, Any] = {
        "identification": {
            "displayName": "WWCC NSW",
            "credentialType": "WWCC_NSW",
            "category": "SCREENING",
            "referenceNumber": "WWC1234567E",
        },
        "issuing": {"issueDate": "2024-05-01", "expiryDate": "2029-05-01"},
        "verification": {"status": "PENDING"},
        "owners": {"worker": {"id": worker}},
    }
    for group, members in content.items():
        base[group] = {**base.get(group, {}), **members} if isinstance(members, dict) else members
    return base


def error_paths(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the (code, path) pairs of a payload's errors."""
    return [(error["code"], ".".join(error["path"])) for error in payload["errors"]]


def random_name() -> str:
    """Return a name that no other test uses."""
    return secrets.token_hex(6)


def ids_of(nodes: Iterable[dict[str, Any]]) -> Sequence[str]:
    """Return the ids of nodes in their order."""
    return [node["id"] for node in nodes]
