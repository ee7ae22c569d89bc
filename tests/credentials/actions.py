"""Shared calls of credential tests: people and types, mutations and their refusals, direct reads and writes of rows."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.credentials.tables import Credential, CredentialVersion
from app.db.records import Record
from app.events.tables import Event
from tests.service import Tenant, credential_input, error_paths

TICKET = "SITE_TICKET"
CREDENTIAL = "credential { id }"


async def mutation_payload(tenant: Tenant, field: str, selection: str = CREDENTIAL, **input: Any) -> Any:
    """Run a mutation, assert that it succeeds, and return its payload."""
    payload = await tenant.mutate(field, selection, **input)
    assert payload["errors"] == []
    return payload


async def mutate_refused(
    tenant: Tenant, field: str, selection: str = CREDENTIAL, **input: Any
) -> list[tuple[str, str]]:
    """Run a mutation, assert that it is refused and changes nothing, and return the (code, path) pairs."""
    before = await tenant.rows()
    payload = await tenant.mutate(field, selection, **input)
    errors = payload.pop("errors")
    assert errors
    assert set(payload.values()) == {None}
    assert await tenant.rows() == before
    return error_paths({"errors": errors})


async def mutate_forbidden(tenant: Tenant, field: str, key: str, selection: str = CREDENTIAL, **input: Any) -> str:
    """Run a mutation with a key that lacks its scope, assert that it changes nothing, and return the scope."""
    input_type = f"{field[0].upper()}{field[1:]}Input"
    text = f"mutation ($input: {input_type}!) {{ {field}(input: $input) {{ {selection} }} }}"
    before = await tenant.rows()
    answer = await tenant.execute(text, {"input": input}, key=key)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.body["data"] == {field: None}
    assert await tenant.rows() == before
    return str(answer.errors[0]["extensions"]["scope"])


async def update_settings(tenant: Tenant, **settings: Any) -> None:
    """Change the organization's settings."""
    await mutation_payload(tenant, "organizationUpdate", "organization { id }", **settings)


async def add_type(tenant: Tenant, code: str = TICKET, **content: Any) -> None:
    """Add a type that needs approval where the organization has approvals, and that no registry verifies."""
    input = {"name": code, "category": "CERTIFICATION", "approvalRequired": True, **content}
    await mutation_payload(tenant, "credentialTypeCreate", "credentialType { id }", code=code, **input)


async def add_ticket(tenant: Tenant, worker: str, code: str = TICKET, **content: Any) -> str:
    """Add a credential of such a type; return the id."""
    identification = {"displayName": "Ticket", "credentialType": code, "category": "CERTIFICATION"}
    identification = {**identification, "referenceNumber": "T-1", **content.pop("identification", {})}
    return await tenant.add_credential(worker, identification=identification, **content)


async def add_requested(tenant: Tenant, code: str = TICKET, worker: str | None = None, **content: Any) -> str:
    """Add a type and request a credential of it from a worker; return the credential's id."""
    await add_type(tenant, code, **content)
    input = {"workers": [worker or await tenant.add_worker()], "types": [{"credentialType": code}]}
    payload = await mutation_payload(
        tenant, "credentialRequestsCreate", "results { request { credential { id } } }", **input
    )
    return str(payload["results"][0]["request"]["credential"]["id"])


async def add_applicant(tenant: Tenant, name: str = "Robin Vale", **content: Any) -> str:
    """Add an applicant; return the id."""
    payload = await mutation_payload(
        tenant, "applicantCreate", "applicant { id }", identity={"displayName": name}, **content
    )
    return str(payload["applicant"]["id"])


async def add_applicant_credential(tenant: Tenant, applicant: str, **content: Any) -> str:
    """Add a WWCC credential of an applicant; return the id."""
    input = credential_input("", **content)
    input["owners"] = {"applicant": {"id": applicant}}
    payload = await mutation_payload(tenant, "credentialCreate", **input)
    return str(payload["credential"]["id"])


async def add_version(tenant: Tenant, key: str, **content: Any) -> str:
    """Add a version to a credential; return the version's id."""
    payload = await mutation_payload(tenant, "credentialVersionAdd", "version { id }", id=key, **content)
    return str(payload["version"]["id"])


async def query_credential(tenant: Tenant, key: str, selection: str) -> Any:
    """Return the selection of a credential, read through the graph."""
    answer = await tenant.execute(f"query ($id: ID!) {{ credential(by: {{id: $id}}) {{ {selection} }} }}", {"id": key})
    return answer.data["credential"]


async def credential_row(tenant: Tenant, key: str) -> Credential:
    """Return a credential's row."""
    async with tenant.service.database.reading("test") as session:
        return await session.get_row(Credential, (tenant.id, key))


async def version_rows(tenant: Tenant, key: str) -> list[CredentialVersion]:
    """Return the rows of a credential's versions, oldest first."""
    statement = select(CredentialVersion).where(
        col(CredentialVersion.organization_id) == tenant.id, col(CredentialVersion.credential_id) == key
    )
    async with tenant.service.database.reading("test") as session:
        return list(await session.scalars(statement.order_by(col(CredentialVersion.number))))


async def update_row(tenant: Tenant, table: type[Record], key: str, **values: Any) -> None:
    """Set columns of a row to a state that no mutation leads to."""
    async with tenant.service.database.writing("test") as session:
        record = await session.get_row(table, (tenant.id, key))
        for name, value in values.items():
            setattr(record, name, value)


async def events_of(tenant: Tenant, key: str) -> list[Event]:
    """Return the events of a record, oldest first."""
    statement = select(Event).where(col(Event.organization_id) == tenant.id, col(Event.subject_id) == key)
    async with tenant.service.database.reading("test") as session:
        return list(await session.scalars(statement.order_by(col(Event.id))))


async def event_kinds(tenant: Tenant, key: str) -> list[str]:
    """Return the kinds of a record's events, oldest first."""
    return [event.kind.value for event in await events_of(tenant, key)]


def owner_input(key: str) -> dict[str, str]:
    """Return a reference to an owner by id."""
    return {"type": "WORKER" if key.startswith("wkr_") else "APPLICANT", "id": key}


def transfer_input(source: str, to: str) -> dict[str, Any]:
    """Return the two sides of a transfer."""
    return {"from": owner_input(source), "to": owner_input(to)}


def count(codes: Iterable[str]) -> dict[str, int]:
    """Count the occurrences of each code."""
    counted: dict[str, int] = {}
    for code in codes:
        counted[code] = counted.get(code, 0) + 1
    return counted
