"""What tests of requirements share: people, positions, rules and requests, made by calls and seen through the graph."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from app.compliance.tables import CredentialRequest
from app.credentials.tables import Credential
from app.db.records import Record
from tests.credentials.life import done
from tests.service import Tenant

Row = TypeVar("Row", bound=Record)
REQUEST = "credentialRequest { id status open }"


async def add_position(tenant: Tenant, name: str = "Night nurse", **content: Any) -> str:
    """Add a position; gives the id."""
    payload = await done(tenant, "positionCreate", "position { id }", name=name, **content)
    return str(payload["position"]["id"])


async def add_unit(tenant: Tenant, name: str = "Ward", parent: str | None = None) -> str:
    """Add an org unit; gives the id."""
    payload = await done(tenant, "orgUnitCreate", "orgUnit { id }", name=name, kind="TEAM", parent=parent)
    return str(payload["orgUnit"]["id"])


async def assign(tenant: Tenant, position: str, *workers: str, **given: Any) -> list[str]:
    """Assign workers to a position; gives the assignments' ids."""
    selection = "results { assignment { id } errors { code } }"
    payload = await done(tenant, "positionAssign", selection, position=position, workers=workers, **given)
    assert [result["errors"] for result in payload["results"]] == [[]] * len(workers)
    return [str(result["assignment"]["id"]) for result in payload["results"]]


async def add_rule(tenant: Tenant, *alternatives: str, **content: Any) -> str:
    """Add a rule, of all workers unless told otherwise; gives the id."""
    given = {"name": "Needed", "scope": "ALL_WORKERS", "alternatives": alternatives or ["WWCC_NSW"], **content}
    payload = await done(tenant, "requirementRuleCreate", "requirementRule { id }", **given)
    return str(payload["requirementRule"]["id"])


async def requests(tenant: Tenant, worker: str | None = None) -> list[CredentialRequest]:
    """The requests of a worker, or all, in the order they were raised."""
    return await rows(tenant, CredentialRequest, **({} if worker is None else {"worker_id": worker}))


async def rows(tenant: Tenant, table: type[Row], **values: Any) -> list[Row]:
    """The rows of a table that have some values, by id."""
    statement = select(table).where(col(table.organization_id) == tenant.id).order_by(col(table.id))
    statement = statement.where(*(getattr(table, name) == value for name, value in values.items()))
    async with tenant.service.database.reading("test") as session:
        return list(await session.scalars(statement))


async def wanted(tenant: Tenant, worker: str) -> list[str]:
    """The codes of the types that a worker is asked for now, sorted."""
    open_ = {request.credential_id for request in await requests(tenant, worker) if request.closed_at is None}
    held = await rows(tenant, Credential, worker_id=worker)
    return sorted(row.type_code for row in held if row.id in open_)


async def show(tenant: Tenant, kind: str, key: str, selection: str, *, token: str | None = None) -> Any:
    """What the graph says of a row."""
    text = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {selection} }} }} }}"
    return (await tenant.execute(text, {"id": key}, key=token)).data["node"]


async def kinds(tenant: Tenant) -> list[str]:
    """The kinds of all that happened, in the order it was written."""
    found = (await tenant.rows())["events"]
    return [event["kind"].value for event in sorted(found, key=lambda event: str(event["id"]))]
