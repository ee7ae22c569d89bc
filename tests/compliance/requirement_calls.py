"""Helpers to create positions, rules and requests by calls, and to read what they led to."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from app.compliance.tables import CredentialRequest
from app.credentials.tables import Credential
from app.db.records import Record
from tests.credentials.actions import mutation_payload
from tests.service import Tenant

Row = TypeVar("Row", bound=Record)
REQUEST = "credentialRequest { id intakeStatus open }"


async def add_position(tenant: Tenant, name: str = "Night nurse", **content: Any) -> str:
    """Add a position and return its id."""
    payload = await mutation_payload(tenant, "positionCreate", "position { id }", name=name, **content)
    return str(payload["position"]["id"])


async def add_unit(tenant: Tenant, name: str = "Ward", parent: str | None = None) -> str:
    """Add an org unit and return its id."""
    payload = await mutation_payload(tenant, "orgUnitCreate", "orgUnit { id }", name=name, type="TEAM", parent=parent)
    return str(payload["orgUnit"]["id"])


async def assign(tenant: Tenant, position: str, *workers: str, **content: Any) -> list[str]:
    """Assign workers to a position and return the ids of the assignments."""
    selection = "results { assignment { id } errors { code } }"
    payload = await mutation_payload(tenant, "positionAssign", selection, position=position, workers=workers, **content)
    assert [result["errors"] for result in payload["results"]] == [[]] * len(workers)
    return [str(result["assignment"]["id"]) for result in payload["results"]]


async def add_rule(tenant: Tenant, *alternatives: str, **content: Any) -> str:
    """Add a rule, for all workers by default, and return its id."""
    content = {"name": "Needed", "scope": "ALL_WORKERS", "alternatives": alternatives or ["WWCC_NSW"], **content}
    payload = await mutation_payload(tenant, "requirementRuleCreate", "requirementRule { id }", **content)
    return str(payload["requirementRule"]["id"])


async def requests(tenant: Tenant, worker: str | None = None) -> list[CredentialRequest]:
    """Return the requests of a worker, or all requests, in the order they were raised."""
    return await rows(tenant, CredentialRequest, **({} if worker is None else {"worker_id": worker}))


async def rows(tenant: Tenant, table: type[Row], **values: Any) -> list[Row]:
    """Return the rows of a table with the given values, by id."""
    statement = select(table).where(col(table.organization_id) == tenant.id).order_by(col(table.id))
    statement = statement.where(*(getattr(table, name) == value for name, value in values.items()))
    async with tenant.service.database.reading("test") as session:
        return list(await session.scalars(statement))


async def requested_codes(tenant: Tenant, worker: str) -> list[str]:
    """Return the sorted codes of the types with an open request to a worker."""
    open_ids = {request.credential_id for request in await requests(tenant, worker) if request.closed_at is None}
    credentials = await rows(tenant, Credential, worker_id=worker)
    return sorted(row.type_code for row in credentials if row.id in open_ids)


async def show(tenant: Tenant, type_name: str, key: str, selection: str, *, token: str | None = None) -> Any:
    """Return fields of a node."""
    text = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {selection} }} }} }}"
    return (await tenant.execute(text, {"id": key}, key=token)).data["node"]


async def event_kinds(tenant: Tenant) -> list[str]:
    """Return the kinds of all events in the order of the event log."""
    events = (await tenant.rows())["events"]
    return [event["kind"].value for event in sorted(events, key=lambda event: str(event["id"]))]
