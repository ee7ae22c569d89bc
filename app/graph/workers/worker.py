"""Workers in the graph."""

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
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.types import output, part, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.exemptions.listing import EXEMPTION_LIST
from app.graph.positions.listing import ASSIGNMENT_LIST
from app.graph.references import ASSIGNMENT, CELL, CREDENTIAL, EVENT, EXEMPTION, ORG_UNIT, REQUEST, WORKER
from app.graph.workers.listing import WORKER_LIST
from app.graph.workers.person import CredentialOwner, PersonBy, find_person
from app.organizations import queries as organizations
from app.workers import fields, people, permissions, queries
from app.workers.tables import ConnectionState, EmploymentStatus, Standing, WorkerType

READ: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}
AS_OF = (
    date | None,
    "The day; today unless given. A past day is judged by what was recorded before its end, a day to come by what "
    "is known today.",
)


@output
class Employment:
    """How someone works for the organization."""

    job_title: str | None = scalar("The job title.")
    worker_type: WorkerType = scalar("How they work for the organization.")
    status: EmploymentStatus = scalar("Where the employment stands.")
    start_date: date | None = scalar("The first day.")
    end_date: date | None = scalar("The last day.")
    team: str | None = scalar("The team, as the system of record names it.")
    department: str | None = scalar("The department, as the system of record names it.")
    job_family: str | None = scalar("The job family.")
    organization_level1: str | None = scalar(
        "The first level of the organization, as sent.", column="organization_level_1"
    )
    organization_level2: str | None = scalar(
        "The second level of the organization, as sent.", column="organization_level_2"
    )
    organization_level3: str | None = scalar(
        "The third level of the organization, as sent.", column="organization_level_3"
    )
    org_unit: ORG_UNIT | None = edge(
        organizations.unit_by_id, "The org unit they belong to.", key="org_unit_id", **READ
    )


@output
class Address:
    """Where someone is."""

    country: str | None = scalar("The country.")
    zip_code: str | None = scalar("The postal code.")
    state_or_province: str | None = scalar("The state or province.")
    location: str | None = scalar(
        "State or province and country together.", derived=fields.location, reads=("state_or_province", "country")
    )


@output
class Manager:
    """Someone's manager: the worker, where known, and the names as the system of record sent them."""

    worker: WORKER | None = edge(queries.by_id, "The manager, as a worker here.", key="manager_id", **READ)
    first_name: str | None = scalar("The manager's first name, as sent.", column="manager_first_name")
    last_name: str | None = scalar("The manager's last name, as sent.", column="manager_last_name")
    external_id: str | None = scalar(
        "The manager's id in the system of record, as sent.",
        column="manager_external_id",
    )


@output
class WorkerConnectionStatus:
    """Whether someone has been invited to look after their credentials, and what they answered."""

    state: ConnectionState = scalar("Where the invitation stands.", column="connection_state")
    state_updated_at: datetime | None = scalar("When that last changed.", column="connection_state_updated_at")
    last_invitation_sent_at: datetime | None = scalar("When the last invitation was sent.")


@output
class Profile:
    """How someone presents themselves."""

    photo_url: str | None = scalar("The address of a photo.")
    bio: str | None = scalar("A few words about them.")
    vanity_url: str | None = scalar("The address of their public profile.")


@output
class EvidencePack:
    """Where an evidence pack can be had for a short while, without a key.

    It is a ZIP archive of what was recorded before the day's end: where the worker stood and why, each credential with
    its versions, decisions, checks and files, and the ledger. `manifest.jws` signs the digests of all files; the keys
    to check it with are at `/.well-known/jwks.json`.
    """

    url: str = scalar("The address.")
    expires_at: datetime = scalar("Until when it is good.")
    as_of: date = scalar("The day that it tells of.")


def _offered(worker: Any, day: date | None, context: Context) -> packs.Offer | None:
    if day is None:
        return None
    return packs.offer(context.files.addresses, context.actor, worker.id, day, context.origin, context.database.clock())


@node(queries.by_id, **READ)
class Worker(CredentialOwner):
    """Someone who works for the organization."""

    employment: Employment = part("How they work for the organization.")
    address: Address = part("Where they are.")
    manager: Manager = part("Their manager.")
    connection: WorkerConnectionStatus = part("Whether they accepted an invitation.")
    profile: Profile = part("How they present themselves.")
    credentials: Connection[CREDENTIAL] | None = edge(
        credentials.by_worker, "The credentials they hold.", key="id", **CREDENTIAL_LIST
    )
    reports: Connection[WORKER] | None = edge(
        queries.by_manager, "The workers whose manager they are.", key="id", **WORKER_LIST
    )
    assignments: Connection[ASSIGNMENT] | None = edge(
        queries.assignments_by_worker,
        "The positions they hold, held and will hold, latest first.",
        key="id",
        **ASSIGNMENT_LIST,
    )
    requests: Connection[REQUEST] | None = edge(
        compliance.requests_by_worker, "What they are and were asked for, latest first.", key="id", **REQUEST_LIST
    )
    exemptions: Connection[EXEMPTION] | None = edge(
        compliance.exemptions_by_worker, "What they are, were and will be let off.", key="id", **EXEMPTION_LIST
    )
    standing: Standing | None = edge(
        worker_facts.judged,
        "Where they stand on a day, by the rules that are mandatory: COMPLIANT where none applies; null where they are "
        "deleted, or neither pending, active nor on leave.",
        key="id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
        value=lambda _worker, judged, _context: judged and judged.standing,
        reads=(),
        as_of=AS_OF,
    )
    compliance: list[CELL] | None = edge(
        worker_facts.judged,
        "Each rule that applies to them on a day, and whether they have what it asks; null where `standing` is.",
        key="id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
        value=lambda _worker, judged, _context: judged and judged.cells,
        reads=(),
        as_of=AS_OF,
    )
    evidence_pack: EvidencePack | None = edge(
        packs.offered,
        "All that is on record of them on a day, in one signed archive for an auditor; null where they were not on "
        "record yet. It takes `audit:read`, `workers:read`, `credentials:read` and `compliance:read`.",
        key="id",
        scope=Scope.AUDIT_READ,
        value=_offered,
        reads=("id",),
        as_of=AS_OF,
    )
    activity: Connection[EVENT] | None = edge(
        events.by_worker, "What happened to them and their credentials.", key="id", **EVENT_LIST
    )
    created_at: datetime = scalar("When the record was added.")
    last_updated: datetime = scalar("When the record last changed.")
    deleted_at: datetime | None = scalar("When it was deleted, if it is.")
    viewer_can_update: bool = permission(
        "Whether you could update it now.",
        queries.by_id,
        Scope.WORKERS_WRITE,
        permissions.update,
        reads=permissions.READS,
    )
    viewer_can_delete: bool = permission(
        "Whether you could delete it now.",
        queries.by_id,
        Scope.WORKERS_WRITE,
        permissions.delete,
        reads=permissions.READS,
    )
    viewer_can_restore: bool = permission(
        "Whether you could restore it now.",
        queries.by_id,
        Scope.WORKERS_WRITE,
        permissions.restore,
        reads=permissions.READS,
    )


def _worker(context: Context, actor: Actor, by: PersonBy) -> Worker | None:
    return find_person(context, actor, people.WORKER, queries.by_id, by)


QUERIES = [
    query("worker", _worker, "One worker; null when there is none.", by=(PersonBy, "Which one."), **READ),
    listing("workers", queries.listing, Worker, "The organization's workers.", **WORKER_LIST),
]
