"""The types of the plain Strawberry peer: ORM rows with flat fields, and edges by DataLoader."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

Lazy = strawberry.lazy("scripts.benchmark.peers.plain_types")


@strawberry.type
class CredentialType:
    code: str
    name: str


@strawberry.type
class OrgUnit:
    id: strawberry.ID
    name: str


@strawberry.type
class Event:
    id: strawberry.ID
    kind: str
    subject_id: strawberry.ID
    occurred_at: datetime
    actor_name: str


@strawberry.type
class Version:
    id: strawberry.ID
    number: int
    issue_date: date | None
    expiry_date: date | None
    approval: str
    reason: str | None
    decided_at: datetime | None
    created_by: str
    created_at: datetime


@strawberry.type
class Worker:
    id: strawberry.ID
    display_name: str
    first_name: str | None
    last_name: str | None
    birth_date: date | None
    work_email: str | None
    phone: str | None
    job_title: str | None
    worker_type: str
    start_date: date | None
    team: str | None
    department: str | None
    revision: int
    updated_at: datetime
    org_unit_id: strawberry.Private[str | None]
    manager_id: strawberry.Private[str | None]

    @strawberry.field
    async def org_unit(self, info: Info) -> OrgUnit | None:
        return await info.context["loaders"].unit(self.org_unit_id)

    @strawberry.field
    async def manager(self, info: Info) -> Annotated["Worker", Lazy] | None:
        return await info.context["loaders"].worker(self.manager_id)

    @strawberry.field
    async def credentials(self, info: Info, first: int) -> list[Annotated["Credential", Lazy]]:
        return await info.context["loaders"].credentials(self.id, first)

    @strawberry.field
    async def activity(self, info: Info, first: int) -> list[Event]:
        return await info.context["loaders"].activity(self.id, first)


@strawberry.type
class Credential:
    id: strawberry.ID
    display_name: str
    category: str
    reference_number: str | None
    issuing_authority: str | None
    jurisdiction: str | None
    issue_date: date | None
    expiry_date: date | None
    status: str
    eligibility: str | None
    status_detail: str | None
    last_verified_at: datetime | None
    revision: int
    updated_at: datetime
    valid_from: strawberry.Private[date | None]
    expires_on: strawberry.Private[date]
    worker_id: strawberry.Private[str | None]
    credential_type_id: strawberry.Private[str]
    latest_version_id: strawberry.Private[str]

    @strawberry.field
    async def credential_type(self, info: Info) -> CredentialType | None:
        return await info.context["loaders"].type(self.credential_type_id)

    @strawberry.field
    async def worker(self, info: Info) -> Worker | None:
        return await info.context["loaders"].worker(self.worker_id)

    @strawberry.field
    async def latest_version(self, info: Info) -> Version | None:
        return await info.context["loaders"].version(self.latest_version_id)

    @strawberry.field
    async def versions(self, info: Info, first: int) -> list[Version]:
        return await info.context["loaders"].versions(self.id, first)

    @strawberry.field
    async def validity(self, info: Info) -> str:
        return await info.context["loaders"].validity(self)


@strawberry.type
class WorkerPage:
    nodes: list[Worker]
    has_next_page: bool


@strawberry.type
class CredentialPage:
    nodes: list[Credential]
    has_next_page: bool
    matching: strawberry.Private[Any]

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        return await info.context["count"](self.matching)


@strawberry.type
class Count:
    value: str | None
    count: int


@strawberry.type
class ComplianceSummary:
    settled: bool
    total: int
    by_status: list[Count]
    by_category: list[Count]
    by_jurisdiction: list[Count]
    by_eligibility: list[Count]
    by_validity: list[Count]
    by_standing: list[Count]


@strawberry.type
class Problem:
    code: str
    message: str
    path: list[str]


@strawberry.type
class ApprovePayload:
    credential: Credential | None
    errors: list[Problem]
