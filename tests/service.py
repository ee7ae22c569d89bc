"""The service as tests call it: over HTTP, for an organization, with a key."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from app.access import EVERYTHING, ROLES, Actor, ActorKind, Role, Scope
from app.credential_types import catalogue
from app.db.database import Database
from app.organizations import api_keys
from app.organizations import settings as organizations
from tests import rows

STARTER_TYPES = frozenset({"NPI", "PASSPORT", "WWCC_NSW", "WWCC_VIC"})
"""A few types of the starter catalogue: there is no test that needs them all."""


@dataclass(frozen=True)
class GraphQLResponse:
    """A response of the GraphQL endpoint."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The top-level errors."""
        found: list[dict[str, Any]] = self.body.get("errors", [])
        return found

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
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        response = await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=sent)
        return GraphQLResponse(response.status_code, response.json(), response.headers)


@dataclass(frozen=True)
class Tenant:
    """An organization and its owner's key."""

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
        """Found an organization with an owner's key and these types of the catalogue, and nothing else."""
        async with service.database.writing("test") as session:
            organization = await organizations.found(session, name, time_zone, sandbox=sandbox)
            actor = system_actor(organization.id)
            await catalogue.install(session, actor, types)
            issued = await api_keys.create(session, actor, {"name": "Owner", "scopes": ROLES[Role.OWNER]})
        assert issued.token is not None
        return cls(service, organization.id, issued.token)

    @property
    def actor(self) -> Actor:
        """An actor who may do everything, for calling actions without HTTP."""
        return system_actor(self.id)

    async def create_key(self, *scopes: Scope, org_unit: str | None = None) -> str:
        """A key that holds these scopes and no others."""
        given = {"name": "Limited", "scopes": scopes, "orgUnit": org_unit}
        async with self.service.database.writing("test") as session:
            issued = await api_keys.create(session, self.actor, given)
        assert issued.token is not None
        return issued.token

    async def execute(
        self, query: str, variables: dict[str, Any] | None = None, *, key: str | None = None, **headers: str
    ) -> GraphQLResponse:
        """Run one operation with the owner's key, or another."""
        return await self.service.execute(query, variables, key=key or self.key, **headers)

    async def mutate(self, field: str, selection: str, *, key: str | None = None, **input: Any) -> Any:
        """Run one mutation with its input; gives the payload, with `errors` in full."""
        kind = f"{field[0].upper()}{field[1:]}Input"
        text = (
            f"mutation ($input: {kind}!) {{ {field}(input: $input) {{ {selection} errors "
            "{ __typename message code path ... on ConflictError { currentRevision } "
            "... on TooManyError { limit } } } }"
        )
        answer = await self.execute(text, {"input": input}, key=key)
        return answer.data[field]

    async def add_worker(self, name: str = "Jordan Avery", **content: Any) -> str:
        """Add a worker; gives the id."""
        content = {**content, "identity": {"displayName": name, **content.get("identity", {})}}
        payload = await self.mutate("workerCreate", "worker { id }", **content)
        assert payload["errors"] == []
        return str(payload["worker"]["id"])

    async def add_credential(self, worker: str, **content: Any) -> str:
        """Add a WWCC of a worker; gives the id."""
        payload = await self.mutate("credentialCreate", "credential { id }", **credential_input(worker, **content))
        assert payload["errors"] == []
        return str(payload["credential"]["id"])

    async def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All of the organization's rows, to show that a refusal changed nothing."""
        return await rows.organization_rows(self.service.database, self.id)


def system_actor(organization_id: str) -> Actor:
    """An actor of an organization who may do everything."""
    return Actor(organization_id, ActorKind.SYSTEM, "test", "Test", EVERYTHING)


def credential_input(worker: str, **content: Any) -> dict[str, Any]:
    """The input of a WWCC of a worker, with some parts replaced."""
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
    """The (code, path) pairs of a payload's errors."""
    return [(error["code"], ".".join(error["path"])) for error in payload["errors"]]


def random_name() -> str:
    """A name that no other test uses."""
    return secrets.token_hex(6)


def ids_of(nodes: Iterable[dict[str, Any]]) -> Sequence[str]:
    """The ids of some nodes, in their order."""
    return [node["id"] for node in nodes]
