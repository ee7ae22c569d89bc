"""The `Worker` type and its queries."""

from datetime import date, datetime
from typing import Any

from app.access import Actor, Scope
from app.compliance import queries as compliance
from app.compliance.evaluation import worker_facts
from app.credentials import queries as credentials
from app.events import queries as events
from app.evidence import packs
from app.graph.credential_requests.listing import REQUEST_LIST
from app.graph.credentials.listing import CREDENTIAL_LIST
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, query
from app.graph.dsl.types import embedded, output, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.exemptions.listing import EXEMPTION_LIST
from app.graph.positions.listing import ASSIGNMENT_LIST
from app.graph.type_references import ASSIGNMENT, CELL, CREDENTIAL, EVENT, EXEMPTION, ORG_UNIT, REQUEST, WORKER
from app.graph.workers.listing import WORKER_LIST
from app.graph.workers.person import CredentialOwner, WorkerBy, can, find_person
from app.organizations import queries as organizations
from app.workers import fields, people, permissions, queries
from app.workers.tables import EmploymentStatus, InvitationState, Standing, WorkerType

READ: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}
AS_OF = (
    date | None,
    "The day. Defaults to today. A past day is evaluated from the records as they were at its end, a future day from "
    "today's records.",
)


@output
class Employment:
    """The employment of a worker in the organization."""

    job_title: str | None = scalar("The job title.")
    worker_type: WorkerType = scalar("The type of worker.")
    status: EmploymentStatus = scalar("The employment status.")
    start_date: date | None = scalar(
        "The first day of employment. Rules apply before it too, so that the worker is ready; grace starts on it."
    )
    end_date: date | None = scalar(
        "The last day of employment. From the day after it, no rule applies, as for the status `TERMINATED`."
    )
    team: str | None = scalar("The team, as the source system names it.")
    department: str | None = scalar("The department, as the source system names it.")
    job_family: str | None = scalar("The job family.")
    organization_level1: str | None = scalar(
        "The first level of the organization's hierarchy, as the source system names it.", column="organization_level_1"
    )
    organization_level2: str | None = scalar(
        "The second level of the organization's hierarchy, as the source system names it.",
        column="organization_level_2",
    )
    organization_level3: str | None = scalar(
        "The third level of the organization's hierarchy, as the source system names it.", column="organization_level_3"
    )
    org_unit: ORG_UNIT | None = edge(
        organizations.unit_by_id, "The org unit that the worker belongs to.", key="org_unit_id", **READ
    )


@output
class Address:
    """The address of a worker."""

    country: str | None = scalar("The country.")
    zip_code: str | None = scalar("The postal code.")
    state_or_province: str | None = scalar("The state or province.")
    location: str | None = scalar(
        "The state or province and the country, joined.",
        derived=fields.location,
        reads=("state_or_province", "country"),
    )


@output
class Manager:
    """The manager of a worker: the worker record, if there is one, and the names as the source system sent them."""

    worker: WORKER | None = edge(queries.by_id, "The manager's worker record.", key="manager_id", **READ)
    first_name: str | None = scalar("The manager's first name, as sent.", column="manager_first_name")
    last_name: str | None = scalar("The manager's last name, as sent.", column="manager_last_name")
    external_id: str | None = scalar(
        "The manager's id in the source system, as sent.",
        column="manager_external_id",
    )


@output
class Invitation:
    """The state of a worker's invitation to manage their own credentials."""

    state: InvitationState = scalar("The state of the invitation.", column="invitation_state")
    state_updated_at: datetime | None = scalar(
        "The time of the last change of the state.", column="invitation_state_updated_at"
    )
    last_sent_at: datetime | None = scalar(
        "The time the invitation was last sent; null if it never was.", column="invitation_sent_at"
    )


@output
class Profile:
    """The public profile of a worker."""

    photo_url: str | None = scalar("The URL of a photo.")
    bio: str | None = scalar("A short biography.")
    vanity_url: str | None = scalar("The URL of the public profile.")


@output
class EvidencePack:
    """A temporary link to an evidence pack, which needs no API key.

    The pack is a ZIP archive of the records at the end of a day: the worker's standing and its reasons, each credential
    with its versions, decisions, checks and files, and the event log. `manifest.jws` signs the digests of all files.
    The keys that verify it are at `/.well-known/jwks.json`.
    """

    url: str = scalar("The URL of the archive.")
    expires_at: datetime = scalar("The time the link expires.")
    as_of: date = scalar("The day that the pack covers.")


def _pack_link(worker: Any, day: date | None, context: Context) -> packs.PackLink | None:
    if day is None:
        return None
    return packs.make_link(
        context.files.signed_urls, context.actor, worker.id, day, context.origin, context.database.clock()
    )


@node(queries.by_id, **READ)
class Worker(CredentialOwner):
    """A person who works for the organization."""

    employment: Employment = embedded("The worker's employment.")
    address: Address = embedded("The worker's address.")
    manager: Manager = embedded("The worker's manager.")
    invitation: Invitation = embedded("The state of the worker's invitation.")
    profile: Profile = embedded("The worker's public profile.")
    credentials: Connection[CREDENTIAL] | None = edge(
        credentials.by_worker, "The credentials that the worker holds.", key="id", **CREDENTIAL_LIST
    )
    reports: Connection[WORKER] | None = edge(
        queries.by_manager, "The workers who report to the worker.", key="id", **WORKER_LIST
    )
    assignments: Connection[ASSIGNMENT] | None = edge(
        queries.assignments_by_worker,
        "The worker's past, current and future assignments to positions, latest first.",
        key="id",
        **ASSIGNMENT_LIST,
    )
    requests: Connection[REQUEST] | None = edge(
        compliance.requests_by_worker,
        "The requests made to the worker for credentials, latest first.",
        key="id",
        **REQUEST_LIST,
    )
    exemptions: Connection[EXEMPTION] | None = edge(
        compliance.exemptions_by_worker, "The worker's past, current and future exemptions.", key="id", **EXEMPTION_LIST
    )
    standing: Standing | None = edge(
        worker_facts.evaluate_workers,
        "The worker's compliance standing on a day, by the mandatory rules. `COMPLIANT` if no rule applies; null if "
        "the worker is deleted, is neither pending, active nor on leave, or left before the day (`endDate`).",
        key="id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
        value=lambda _worker, judged, _context: judged and judged.standing,
        reads=(),
        as_of=AS_OF,
    )
    compliance: list[CELL] | None = edge(
        worker_facts.evaluate_workers,
        "A cell for each rule that applies to the worker on a day, with its status; null if `standing` is null.",
        key="id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
        value=lambda _worker, judged, _context: judged and judged.cells,
        reads=(),
        as_of=AS_OF,
    )
    evidence_pack: EvidencePack | None = edge(
        packs.available_days,
        "A link to a signed archive of all records of the worker on a day, for an auditor; null if the worker had no "
        "record then. It needs the scopes `AUDIT_READ`, `WORKERS_READ`, `CREDENTIALS_READ` and `COMPLIANCE_READ`.",
        key="id",
        scope=Scope.AUDIT_READ,
        value=_pack_link,
        reads=("id",),
        as_of=AS_OF,
    )
    activity: Connection[EVENT] | None = edge(
        events.by_worker, "The events of the worker and of the worker's credentials.", key="id", **EVENT_LIST
    )
    created_at: datetime = scalar("The time the worker was created.")
    updated_at: datetime = scalar("The time of the last change.")
    deleted_at: datetime | None = scalar("The time of deletion; null if the worker is not deleted.")
    viewer_can_update: bool = can("True if the viewer can update the worker now.", queries.by_id, permissions.update)
    viewer_can_delete: bool = can("True if the viewer can delete the worker now.", queries.by_id, permissions.delete)
    viewer_can_undelete: bool = can(
        "True if the viewer can undo the deletion now.", queries.by_id, permissions.undelete
    )
    viewer_can_restore: bool = can(
        "The old name of `viewerCanUndelete`.",
        queries.by_id,
        permissions.undelete,
        deprecated="Use `viewerCanUndelete`.",
    )


def _worker(context: Context, actor: Actor, by: WorkerBy) -> Worker | None:
    return find_person(context, actor, people.WORKER, queries.by_id, by)


QUERIES = [
    query(
        "worker",
        _worker,
        "Look up a worker by id, work email or external id; null if there is none.",
        by=(WorkerBy, "The worker."),
        **READ,
    ),
    listing("workers", queries.listing, Worker, "List the organization's workers.", **WORKER_LIST),
]
