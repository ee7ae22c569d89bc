"""The peer as most people would write it: plain Strawberry, an ORM session per read, a DataLoader per edge."""

import hashlib
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import strawberry
import structlog
import uvicorn
from sqlalchemy import exists, func, or_, select
from sqlmodel import col
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.types import Info

from app.compliance.rollups.counting import Dimension
from app.compliance.tables import Settled, Tally, Unsettled
from app.core import logs
from app.credentials.tables import ApprovalStatus, Credential, IntakeStatus
from app.db import idempotency
from app.events.tables import Event
from app.organizations.tables import ApiKey, Organization
from app.registries.findings import Eligibility
from app.workers.tables import Worker
from scripts.benchmark.peers import plain_types as types
from scripts.benchmark.peers import rollup
from scripts.benchmark.peers.plain_approval import approve
from scripts.benchmark.peers.plain_loaders import Loaders, sessions, shown

log = structlog.get_logger("plain")
REVIEWABLE = (IntakeStatus.DIRECT, IntakeStatus.SUBMITTED, IntakeStatus.COMPLETED)


@strawberry.input
class CredentialWhere:
    type: str | None = None
    status: str | None = None
    expiring_before: date | None = None
    expiring_from: date | None = None


@strawberry.enum
class CredentialOrder(Enum):
    EXPIRY_DATE = "EXPIRY_DATE"


async def _page(tenant: str, first: int, order: Any, *conditions: Any) -> types.CredentialPage:
    matching = (
        select(Credential)
        .where(col(Credential.organization_id) == tenant, col(Credential.deleted_at).is_(None))
        .where(col(Credential.archived_at).is_(None), *conditions)
    )
    async with sessions() as session:
        rows = list(await session.scalars(matching.order_by(*order).limit(first + 1)))
    nodes = [shown(types.Credential, row) for row in rows[:first]]
    return types.CredentialPage(nodes=nodes, has_next_page=len(rows) > first, matching=matching)


async def _count(matching: Any) -> int:
    async with sessions() as session:
        counted = matching.with_only_columns(col(Credential.id)).limit(10_001).subquery()
        return await session.scalar(select(func.count()).select_from(counted)) or 0


@strawberry.type
class Query:
    @strawberry.field
    async def worker(self, info: Info, id: strawberry.ID) -> types.Worker | None:
        found: types.Worker | None = await info.context["loaders"].worker(id)
        return found

    @strawberry.field
    async def workers(self, info: Info, first: int) -> types.WorkerPage:
        statement = (
            select(Worker)
            .where(col(Worker.organization_id) == info.context["loaders"].tenant, col(Worker.deleted_at).is_(None))
            .order_by(col(Worker.display_name_key), col(Worker.id))
            .limit(first + 1)
        )
        async with sessions() as session:
            rows = list(await session.scalars(statement))
        nodes = [shown(types.Worker, row) for row in rows[:first]]
        return types.WorkerPage(nodes=nodes, has_next_page=len(rows) > first)

    @strawberry.field
    async def credentials(
        self, info: Info, first: int, where: CredentialWhere, order_by: CredentialOrder | None = None
    ) -> types.CredentialPage:
        conditions: list[Any] = []
        if where.type is not None:
            conditions.append(col(Credential.type_code) == where.type)
        if where.status is not None:
            conditions.append(col(Credential.status) == where.status)
        if where.expiring_before is not None:
            conditions.append(col(Credential.expires_on) < where.expiring_before)
        if where.expiring_from is not None:
            conditions.append(col(Credential.expires_on) >= where.expiring_from)
        if order_by is CredentialOrder.EXPIRY_DATE:
            order: Any = (col(Credential.expires_on), col(Credential.id))
        else:
            order = (col(Credential.updated_at).desc(), col(Credential.id).desc())
        return await _page(info.context["loaders"].tenant, first, order, *conditions)

    @strawberry.field
    async def review_queue(self, info: Info, first: int) -> types.CredentialPage:
        waits = or_(
            col(Credential.latest_approval) == ApprovalStatus.PENDING,
            col(Credential.eligibility) == Eligibility.REVIEW_REQUIRED,
        )
        order = (col(Credential.latest_version_at), col(Credential.id))
        tenant = info.context["loaders"].tenant
        return await _page(tenant, first, order, waits, col(Credential.intake).in_(REVIEWABLE))

    @strawberry.field
    async def activity(self, info: Info, first: int) -> list[types.Event]:
        statement = (
            select(Event)
            .where(col(Event.organization_id) == info.context["loaders"].tenant)
            .order_by(col(Event.occurred_at).desc(), col(Event.id).desc())
            .limit(first)
        )
        async with sessions() as session:
            return [shown(types.Event, row) for row in await session.scalars(statement)]

    @strawberry.field
    async def compliance_summary(self, info: Info) -> types.ComplianceSummary:
        tenant, today = info.context["loaders"].tenant, datetime.now(UTC).date()
        waits = or_(
            exists().where(col(Unsettled.organization_id) == tenant),
            exists().where(col(Settled.organization_id) == tenant, col(Settled.recheck_on) <= today),
        )
        number = func.sum(col(Tally.number))
        counted = (
            select(col(Tally.dimension), col(Tally.value), number)
            .where(col(Tally.organization_id) == tenant, col(Tally.org_unit_id) == "", col(Tally.day) <= today)
            .where(col(Tally.dimension).in_([Dimension.TOTAL, *rollup.ORDER]))
            .group_by(col(Tally.dimension), col(Tally.value))
            .having(number != 0)
        )
        async with sessions() as session:
            settled = not await session.scalar(select(waits))
            found = rollup.counts(await session.execute(counted))
        by = {
            f"by_{dimension.lower()}": [types.Count(value=value, count=count) for value, count in found[dimension]]
            for dimension in rollup.ORDER
        }
        return types.ComplianceSummary(settled=settled, total=found["total"], **by)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credential_approve(
        self, info: Info, id: strawberry.ID, reason: str, idempotency_key: str
    ) -> types.ApprovePayload:
        key: ApiKey = info.context["key"]
        async with sessions.begin() as session:
            if await session.get(idempotency.IdempotencyKey, (key.organization_id, key.id, idempotency_key)):
                return _refused("IDEMPOTENCY_MISMATCH", "this idempotencyKey was used")
            claimed = (
                select(Credential)
                .where(col(Credential.organization_id) == key.organization_id, col(Credential.id) == id)
                .with_for_update()
            )
            credential = await session.scalar(claimed)
            if credential is None:
                return _refused("NOT_FOUND", f"id: there is no credential {id}")
            if credential.deleted_at or credential.archived_at or credential.intake not in REVIEWABLE:
                return _refused("NOT_REVIEWABLE", "nobody can decide about it")
            if credential.latest_approval is ApprovalStatus.APPROVED:
                return _refused("ALREADY_APPROVED", "the version is already approved")
            await approve(session, key, credential, reason, idempotency_key)
        return types.ApprovePayload(credential=shown(types.Credential, credential), errors=[])


def _refused(code: str, message: str) -> types.ApprovePayload:
    return types.ApprovePayload(credential=None, errors=[types.Problem(code=code, message=message, path=["id"])])


async def _caller(header: str) -> tuple[ApiKey, Organization] | None:
    kind, _, token = header.partition(" ")
    public, _, secret = token.removeprefix("cgk_").partition("_")
    statement = (
        select(ApiKey, Organization)
        .join(Organization, col(Organization.organization_id) == col(ApiKey.organization_id))
        .where(col(ApiKey.organization_id) == f"org_{public[:16]}", col(ApiKey.id) == f"key_{public[16:]}")
    )
    async with sessions() as session:
        found = (await session.execute(statement)).one_or_none()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    if kind != "Bearer" or found is None or found[0].secret_hash != digest or found[0].revoked_at:
        return None
    return found[0], found[1]


class Endpoint(GraphQL[dict[str, Any], None]):
    """Strawberry's ASGI application, with a context for each request."""

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        key, organization = request.state.caller
        return {"key": key, "loaders": Loaders(key, organization), "count": _count}


async def admit(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Look up the caller's key, and log one line."""
    request.state.caller = await _caller(request.headers.get("authorization", ""))
    if request.state.caller is None:
        return Response("unauthenticated", 401)
    response = await go_on(request)
    log.info("request", method=request.method, path=request.url.path, status=response.status_code)
    return response


if __name__ == "__main__":
    logs.configure()
    endpoint = Endpoint(strawberry.Schema(query=Query, mutation=Mutation), graphql_ide=None)
    service = Starlette(
        routes=[Route("/graphql", endpoint, methods=["POST"])],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=admit)],
    )
    uvicorn.run(service, port=int(sys.argv[1]), log_level="warning", access_log=False)
