"""What tests of a credential's life share: people and types, calls and refusals, direct reads and writes of rows."""

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


async def done(tenant: Tenant, field: str, selection: str = CREDENTIAL, **given: Any) -> Any:
    """The payload of a mutation that is not refused."""
    payload = await tenant.mutate(field, selection, **given)
    assert payload["errors"] == []
    return payload


async def refused(tenant: Tenant, field: str, selection: str = CREDENTIAL, **given: Any) -> list[tuple[str, str]]:
    """The (code, path) pairs of a mutation that is refused as a whole, and so changes nothing."""
    before = await tenant.rows()
    payload = await tenant.mutate(field, selection, **given)
    errors = payload.pop("errors")
    assert errors
    assert set(payload.values()) == {None}
    assert await tenant.rows() == before
    return error_paths({"errors": errors})


async def forbidden(tenant: Tenant, field: str, key: str, selection: str = CREDENTIAL, **given: Any) -> str:
    """The scope that a key lacks for a mutation."""
    kind = f"{field[0].upper()}{field[1:]}Input"
    text = f"mutation ($input: {kind}!) {{ {field}(input: $input) {{ {selection} }} }}"
    before = await tenant.rows()
    answer = await tenant.execute(text, {"input": given}, key=key)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.body["data"] == {field: None}
    assert await tenant.rows() == before
    return str(answer.errors[0]["extensions"]["scope"])


async def choose(tenant: Tenant, **settings: Any) -> None:
    """Change the organization's settings."""
    await done(tenant, "organizationUpdate", "organization { id }", **settings)


async def add_type(tenant: Tenant, code: str = TICKET, **content: Any) -> None:
    """Add a type that needs approval where the organization has approvals, and that no registry verifies."""
    given = {"name": code, "category": "CERTIFICATION", "approvalRequired": True, **content}
    await done(tenant, "credentialTypeCreate", "credentialType { id }", code=code, **given)


async def add_ticket(tenant: Tenant, worker: str, code: str = TICKET, **content: Any) -> str:
    """Add a credential of such a type; gives the id."""
    identification = {"displayName": "Ticket", "credentialType": code, "category": "CERTIFICATION"}
    identification = {**identification, "referenceNumber": "T-1", **content.pop("identification", {})}
    return await tenant.add_credential(worker, identification=identification, **content)


async def requested(tenant: Tenant, code: str = TICKET, worker: str | None = None, **content: Any) -> str:
    """Add a type and ask a worker for it; gives the requested credential's id."""
    await add_type(tenant, code, **content)
    given = {"workers": [worker or await tenant.add_worker()], "types": [{"credentialType": code}]}
    payload = await done(tenant, "credentialRequestsCreate", "results { request { credential { id } } }", **given)
    return str(payload["results"][0]["request"]["credential"]["id"])


async def add_applicant(tenant: Tenant, name: str = "Robin Vale", **content: Any) -> str:
    """Add an applicant; gives the id."""
    payload = await done(tenant, "applicantCreate", "applicant { id }", identity={"displayName": name}, **content)
    return str(payload["applicant"]["id"])


async def add_theirs(tenant: Tenant, applicant: str, **content: Any) -> str:
    """Add a WWCC of an applicant; gives the id."""
    given = credential_input("", **content)
    given["owners"] = {"applicant": {"id": applicant}}
    payload = await done(tenant, "credentialCreate", **given)
    return str(payload["credential"]["id"])


async def add_version(tenant: Tenant, key: str, **content: Any) -> str:
    """Add a version to a credential; gives the version's id."""
    payload = await done(tenant, "credentialVersionAdd", "version { id }", id=key, **content)
    return str(payload["version"]["id"])


async def show(tenant: Tenant, key: str, selection: str) -> Any:
    """What the graph says of a credential."""
    answer = await tenant.execute(f"query ($id: ID!) {{ credential(id: $id) {{ {selection} }} }}", {"id": key})
    return answer.data["credential"]


async def row(tenant: Tenant, key: str) -> Credential:
    """A credential's row."""
    async with tenant.service.database.reading("test") as session:
        return await session.get_row(Credential, (tenant.id, key))


async def history(tenant: Tenant, key: str) -> list[CredentialVersion]:
    """A credential's versions, from the first."""
    statement = select(CredentialVersion).where(
        col(CredentialVersion.organization_id) == tenant.id, col(CredentialVersion.credential_id) == key
    )
    async with tenant.service.database.reading("test") as session:
        return list(await session.scalars(statement.order_by(col(CredentialVersion.number))))


async def write(tenant: Tenant, table: type[Record], key: str, **values: Any) -> None:
    """Put a row into a state that no mutation leads to yet."""
    async with tenant.service.database.writing("test") as session:
        found = await session.get_row(table, (tenant.id, key))
        for name, value in values.items():
            setattr(found, name, value)


async def ledger(tenant: Tenant, key: str) -> list[Event]:
    """What the ledger says of a record, in the order it was written."""
    statement = select(Event).where(col(Event.organization_id) == tenant.id, col(Event.subject_id) == key)
    async with tenant.service.database.reading("test") as session:
        return list(await session.scalars(statement.order_by(col(Event.id))))


async def facts(tenant: Tenant, key: str) -> list[str]:
    """The kinds of what happened to a record, in the order it was written."""
    return [event.kind.value for event in await ledger(tenant, key)]


def owner(key: str) -> dict[str, str]:
    """A reference to an owner by id."""
    return {"type": "WORKER" if key.startswith("wkr_") else "APPLICANT", "id": key}


def move(source: str, to: str) -> dict[str, Any]:
    """The two sides of a transfer."""
    return {"from": owner(source), "to": owner(to)}


def tally(codes: Iterable[str]) -> dict[str, int]:
    """How often each occurs."""
    counted: dict[str, int] = {}
    for code in codes:
        counted[code] = counted.get(code, 0) + 1
    return counted
