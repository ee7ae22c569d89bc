"""Reactions: for each kind of event, the changes that follow from it in the same transaction, before the commit.

Workers whose standing or counts may have changed are marked, and background jobs settle them later. A change of
requirements, or of the workers to whom they apply, settles up to `MAX_SETTLED_AT_ONCE` of these workers at once, so
that its results are there when the call returns.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from sqlalchemy import select
from sqlmodel import col

from app.compliance import affected_workers, request_lifecycle, settlement
from app.compliance.tables import RequirementRule
from app.core.errors import Deleted
from app.credentials import decision_requests, owner_columns, permissions, takeovers
from app.credentials.tables import Credential, IntakeStatus
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.lists.key_lists import in_keys
from app.workers.tables import Applicant, Worker

MAX_SETTLED_AT_ONCE = 500  # workers settled in the transaction of a change: as many as one call can assign

Reaction = Callable[[Session, str, list[Event]], Awaitable[None]]


async def react(session: Session) -> None:
    """Run the reactions to all events of the transaction, and to the events that these reactions record in turn."""
    while events := event_log.take_unhandled(session):
        for organization_id in dict.fromkeys(event.organization_id for event in events):
            own_events = [event for event in events if event.organization_id == organization_id]
            await session.queue_changes()
            for reaction, kinds in _BY_REACTION.items():
                relevant = [event for event in own_events if event.kind in kinds]
                if relevant:
                    await reaction(session, organization_id, relevant)


async def _follow_requests(session: Session, organization_id: str, events: list[Event]) -> None:
    """Bring the requests of changed credentials in line with them."""
    returned = [event.subject_id for event in events if event.kind in _RETURN_EVENTS]
    await request_lifecycle.sync_with_credentials(
        session, organization_id, await _credentials_of(session, organization_id, events), returned
    )
    purged = [event.subject_id for event in events if event.kind is EventKind.CREDENTIAL_PURGED]
    if purged:
        await request_lifecycle.close_purged(session, organization_id, purged)


async def _follow_owners(session: Session, organization_id: str, events: list[Event]) -> None:
    """Bring the columns by which credentials repeat facts of their owners in line.

    Raises Deleted for a credential that a deleted owner would receive.
    """
    owned = [event for event in events if event.kind not in _PERSON_TABLES]
    if owned:
        credentials = await _credentials_of(session, organization_id, owned)
        await owner_columns.refresh(session, organization_id, credentials)
        received = {event.subject_id for event in owned if event.kind in _RECEIPTS}
        if any(credential.living_owner is None for credential in credentials if credential.id in received):
            # The action found the owner alive; another call deleted the owner before this one wrote the credential.
            raise Deleted("the owner was deleted at the same time; undelete the owner first", ())
    for kind, table in _PERSON_TABLES.items():
        renamed = [
            event.subject_id
            for event in events
            if event.kind is kind and event.changes.keys() & owner_columns.SEARCHED_FIELDS
        ]
        if renamed:
            await owner_columns.refresh_owned(session, organization_id, table, renamed)


async def _follow_deletions(session: Session, organization_id: str, events: list[Event]) -> None:
    """Bring the credentials, requests, exemptions and assignments of deleted and restored people in line.

    A credential that two people own counts as that of the one who is left, who is therefore marked too.
    """
    for table, kinds in _DELETIONS.items():
        people = [event.subject_id for event in events if event.kind in kinds]
        if people:
            credentials = await owner_columns.follow_deletions(session, organization_id, table, people)
            if table is Worker:
                await request_lifecycle.follow_workers(session, organization_id, people, credentials)
            owners = [key for row in credentials for key in (row.worker_id, row.applicant_id)]
            await settlement.mark(session, organization_id, _without_none(owners))


async def _mark_owners(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark the present and former owners of credentials. A credential that is only requested counts for nothing."""
    credentials = await _credentials_of(session, organization_id, events)
    requested = {row.id: row.intake for row in credentials if row.intake in permissions.UNANSWERED}
    events = [event for event in events if not _concerns_request_only(event, requested.get(event.subject_id))]
    owners = [event.worker_id for event in events]
    changed = {event.subject_id for event in events}
    for credential in credentials:
        if credential.id in changed:
            owners += [credential.worker_id, credential.applicant_id]
    for event in events:
        for name in ("owners.worker", "owners.applicant"):
            owners += event.changes.get(name, {}).values()
    await settlement.mark(session, organization_id, _without_none(owners))


async def _mark_person(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark the subjects, unless nothing changed that their standing or counts depend on."""
    people = [
        event.subject_id
        for event in events
        if event.kind is not EventKind.WORKER_UPDATED or event.changes.keys() & _RELEVANT_CHANGES
    ]
    await settlement.mark(session, organization_id, _without_none(people))


async def _mark_worker(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark the workers whom the events concern."""
    await settlement.mark(session, organization_id, _without_none(event.worker_id for event in events))


async def _mark_workers_of_rules(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark the workers to whom a rule applies, and those to whom it applied before it changed."""
    workers: list[str] = []
    for event in events:
        rule = await session.get_row(RequirementRule, (organization_id, event.subject_id))
        workers += await affected_workers.of_rule(session, rule, event.changes)
    await settlement.mark(session, organization_id, _without_none(workers))


async def _mark_workers_of_units(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark the workers of a unit that moved, and of all units under it."""
    workers: list[str] = []
    for event in events:
        if "parent" in event.changes:
            workers += await affected_workers.of_unit(session, organization_id, event.subject_id)
    await settlement.mark(session, organization_id, _without_none(workers))


async def _mark_workers_of_types(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark the workers whom a credential type concerns, if it was archived, restored, or expires sooner or later."""
    workers: list[str] = []
    for event in events:
        if event.kind is not EventKind.CREDENTIAL_TYPE_UPDATED or "expiringSoonDays" in event.changes:
            workers += await affected_workers.of_type(session, organization_id, event.subject_id)
    await settlement.mark(session, organization_id, _without_none(workers))


async def _mark_all_workers(session: Session, organization_id: str, events: list[Event]) -> None:
    """Mark all workers, if the organization's time zone changed or the days before which a credential is expiring.

    Approvals that are switched on ask for decisions on what people entered about themselves before.
    """
    if any(event.changes.get("approvalsEnabled", {}).get("to") for event in events):
        await decision_requests.ask_for_decisions(session, organization_id)
    if any("timeZone" in event.changes for event in events):
        await takeovers.make_all_due(session, organization_id)
    if any(event.changes.keys() & {"timeZone", "expiringSoonDays"} for event in events):
        await settlement.mark(
            session, organization_id, await affected_workers.of_organization(session, organization_id)
        )


async def _settle_marked(session: Session, organization_id: str, _events: list[Event]) -> None:
    """Settle the marked workers, up to the number that one transaction can carry."""
    await settlement.settle_marked(session, organization_id, MAX_SETTLED_AT_ONCE)


async def _credentials_of(session: Session, organization_id: str, events: Iterable[Event]) -> Sequence[Credential]:
    """Return the credentials of events, without purged ones. Most are loaded in the session already."""
    keys = {event.subject_id for event in events if event.kind is not EventKind.CREDENTIAL_PURGED}
    loaded = session.loaded_rows(Credential)
    credentials = [loaded[key] for key in keys if key in loaded]
    missing = keys - loaded.keys()
    if missing:
        statement = select(Credential).where(
            col(Credential.organization_id) == organization_id,
            in_keys(col(Credential.id), list(missing), session.dialect_name),
        )
        credentials += await session.scalars(statement)
    return credentials


def _concerns_request_only(event: Event, intake: IntakeStatus | None) -> bool:
    """Return True if an event only says that a credential was requested or cancelled, or which files wait for it.

    `intake` is the intake of a credential that nobody has answered, and None for any other credential.
    """
    match event.kind:
        case EventKind.CREDENTIAL_ADDED:
            return intake is not None
        case EventKind.CREDENTIAL_ARCHIVED:
            return intake is IntakeStatus.CANCELLED
        case EventKind.CREDENTIAL_UPDATED:
            return intake is not None and bool(event.changes.keys() & {"intake.status", "waitingFiles"})
    return False


def _without_none(keys: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(key for key in keys if key is not None))


_RETURN_EVENTS = frozenset({EventKind.CREDENTIAL_RESTORED, EventKind.CREDENTIAL_UNDELETED})
_RELEVANT_CHANGES = frozenset({"employment.status", "employment.startDate", "employment.endDate", "employment.orgUnit"})
"""The changes of a worker on which their standing, or the unit that counts them, depends."""

_PERSON_TABLES: dict[EventKind, type[Worker | Applicant]] = {
    EventKind.WORKER_UPDATED: Worker,
    EventKind.APPLICANT_UPDATED: Applicant,
}

_RECEIPTS = frozenset({EventKind.CREDENTIAL_ADDED, EventKind.CREDENTIAL_LINKED, EventKind.CREDENTIAL_TRANSFERRED})
"""The events by which somebody receives a credential."""

_DELETIONS: dict[type[Worker | Applicant], frozenset[EventKind]] = {
    Worker: frozenset({EventKind.WORKER_DELETED, EventKind.WORKER_RESTORED}),
    Applicant: frozenset({EventKind.APPLICANT_DELETED, EventKind.APPLICANT_RESTORED}),
}

PERSON_REACTIONS: tuple[Reaction, ...] = (_mark_person, _settle_marked)
DELETION_REACTIONS: tuple[Reaction, ...] = (_follow_deletions, _mark_person, _settle_marked)
WORKER_REACTIONS: tuple[Reaction, ...] = (_mark_worker, _settle_marked)
CREDENTIAL_REACTIONS: tuple[Reaction, ...] = (_follow_requests, _mark_owners)
OWNER_REACTIONS: tuple[Reaction, ...] = (_follow_requests, _follow_owners, _mark_owners)

REACTIONS: dict[EventKind, tuple[Reaction, ...]] = {
    EventKind.WORKER_CREATED: PERSON_REACTIONS,
    EventKind.WORKER_UPDATED: (_follow_owners, *PERSON_REACTIONS),
    EventKind.WORKER_DELETED: DELETION_REACTIONS,
    EventKind.WORKER_RESTORED: DELETION_REACTIONS,
    EventKind.APPLICANT_UPDATED: (_follow_owners,),
    EventKind.APPLICANT_DELETED: (_follow_deletions, _mark_person),
    EventKind.APPLICANT_RESTORED: (_follow_deletions, _mark_person),
    EventKind.POSITION_ASSIGNED: WORKER_REACTIONS,
    EventKind.POSITION_UNASSIGNED: WORKER_REACTIONS,
    EventKind.EXEMPTION_GRANTED: WORKER_REACTIONS,
    EventKind.EXEMPTION_REVOKED: WORKER_REACTIONS,
    EventKind.REQUIREMENT_CHANGED: (_mark_workers_of_rules, _settle_marked),
    EventKind.ORG_UNIT_UPDATED: (_mark_workers_of_units, _settle_marked),
    EventKind.CREDENTIAL_TYPE_UPDATED: (_mark_workers_of_types,),
    EventKind.CREDENTIAL_TYPE_ARCHIVED: (_mark_workers_of_types,),
    EventKind.CREDENTIAL_TYPE_RESTORED: (_mark_workers_of_types,),
    EventKind.ORGANIZATION_UPDATED: (_mark_all_workers,),
    EventKind.CREDENTIAL_ADDED: OWNER_REACTIONS,
    EventKind.CREDENTIAL_UPDATED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_VERSION_ADDED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_SUBMITTED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_APPROVED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_REJECTED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_VERIFIED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_LINKED: OWNER_REACTIONS,
    EventKind.CREDENTIAL_UNLINKED: OWNER_REACTIONS,
    EventKind.CREDENTIAL_TRANSFERRED: OWNER_REACTIONS,
    EventKind.CREDENTIAL_ARCHIVED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_RESTORED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_DELETED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_UNDELETED: CREDENTIAL_REACTIONS,
    EventKind.CREDENTIAL_PURGED: CREDENTIAL_REACTIONS,
}
"""The reactions to each kind of event."""

_ORDER: tuple[Reaction, ...] = (
    _follow_owners,
    _follow_deletions,
    _follow_requests,
    _mark_owners,
    _mark_person,
    _mark_worker,
    _mark_workers_of_rules,
    _mark_workers_of_units,
    _mark_workers_of_types,
    _mark_all_workers,
    _settle_marked,
)
"""The order of reactions: requests depend on who owns a credential and lives, marking on the requests in their new
state, and settlement on all marks."""

_BY_REACTION: dict[Reaction, frozenset[EventKind]] = {
    reaction: frozenset(kind for kind, follows in REACTIONS.items() if reaction in follows) for reaction in _ORDER
}
