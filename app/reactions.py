"""What follows from what: for each kind of fact, what is done about it before the transaction is committed.

Whoever's standing or counts may have changed is marked, and settled later. What was changed of requirements, and of
whom they ask something, is settled at once, as far as it concerns a bounded number of people, so that what follows
is there when the call returns; the rest is left to the jobs.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from sqlalchemy import select
from sqlmodel import col

from app.compliance import affected_workers, request_lifecycle, settlement
from app.compliance.tables import RequirementRule
from app.credentials import permissions as credential_states
from app.credentials.tables import Credential, Intake
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.lists.key_lists import among

SETTLED_AT_ONCE = 500
"""People whose standing is settled in the transaction that changes requirements: as many as one call can assign."""

Reaction = Callable[[Session, str, list[Event]], Awaitable[None]]


async def follow(session: Session) -> None:
    """Do what follows from all that the transaction recorded, and from what that records in turn."""
    while events := event_log.taken(session):
        for organization_id in dict.fromkeys(event.organization_id for event in events):
            theirs = [event for event in events if event.organization_id == organization_id]
            await session.gather()
            for reaction, kinds in _BY_REACTION.items():
                concerned = [event for event in theirs if event.kind in kinds]
                if concerned:
                    await reaction(session, organization_id, concerned)


async def _keep_requests(session: Session, organization_id: str, events: list[Event]) -> None:
    """The requests of credentials are as their credentials are."""
    back = [event.subject_id for event in events if event.kind in _BACK]
    await request_lifecycle.follow(session, organization_id, await _credentials(session, organization_id, events), back)
    purged = [event.subject_id for event in events if event.kind is EventKind.CREDENTIAL_PURGED]
    if purged:
        await request_lifecycle.follow_purged(session, organization_id, purged)


async def _mark_owners(session: Session, organization_id: str, events: list[Event]) -> None:
    """Those who hold the credentials, and those who held them before; what is only asked for counts for nothing."""
    credentials = await _credentials(session, organization_id, events)
    asked = {row.id: row.intake for row in credentials if row.intake in credential_states.UNANSWERED}
    events = [event for event in events if not _is_of_request(event, asked.get(event.subject_id))]
    found = [event.worker_id for event in events]
    concerned = {event.subject_id for event in events}
    for credential in credentials:
        if credential.id in concerned:
            found += [credential.worker_id, credential.applicant_id]
    for event in events:
        for name in ("owners.worker", "owners.applicant"):
            found += event.changes.get(name, {}).values()
    await settlement.mark(session, organization_id, _those(found))


async def _mark_subject(session: Session, organization_id: str, events: list[Event]) -> None:
    """The person themselves, where something changed that matters."""
    found = [
        event.subject_id
        for event in events
        if event.kind is not EventKind.WORKER_UPDATED or event.changes.keys() & _WEIGHTY
    ]
    await settlement.mark(session, organization_id, _those(found))


async def _mark_worker(session: Session, organization_id: str, events: list[Event]) -> None:
    """The worker whom it is about."""
    await settlement.mark(session, organization_id, _those(event.worker_id for event in events))


async def _mark_asked(session: Session, organization_id: str, events: list[Event]) -> None:
    """Those whom a rule asks, and those whom it asked before it changed."""
    found: list[str] = []
    for event in events:
        rule = await session.row(RequirementRule, (organization_id, event.subject_id))
        found += await affected_workers.of_rule(session, rule, event.changes)
    await settlement.mark(session, organization_id, _those(found))


async def _mark_unit(session: Session, organization_id: str, events: list[Event]) -> None:
    """Those in a unit that was moved, and under it."""
    found: list[str] = []
    for event in events:
        if "parent" in event.changes:
            found += await affected_workers.of_unit(session, organization_id, event.subject_id)
    await settlement.mark(session, organization_id, _those(found))


async def _mark_type(session: Session, organization_id: str, events: list[Event]) -> None:
    """Those who hold a type that now counts as expiring sooner or later, or whom a rule asks for one that went or is
    back."""
    found: list[str] = []
    for event in events:
        if event.kind is not EventKind.CREDENTIAL_TYPE_UPDATED or "expiringSoonDays" in event.changes:
            found += await affected_workers.of_type(session, organization_id, event.subject_id)
    await settlement.mark(session, organization_id, _those(found))


async def _mark_everybody(session: Session, organization_id: str, events: list[Event]) -> None:
    """Everybody, where days are others now or credentials count as expiring sooner or later."""
    if any(event.changes.keys() & {"timeZone", "expiringSoonDays"} for event in events):
        await settlement.mark(session, organization_id, await affected_workers.everybody(session, organization_id))


async def _settle(session: Session, organization_id: str, _events: list[Event]) -> None:
    """What follows for those just marked is there when the call returns, for as many as one transaction can bear."""
    await settlement.settle_marked(session, organization_id, SETTLED_AT_ONCE)


async def _credentials(session: Session, organization_id: str, events: Iterable[Event]) -> Sequence[Credential]:
    """The credentials that events happened to, of which most are at hand; not those that are gone."""
    keys = {event.subject_id for event in events if event.kind is not EventKind.CREDENTIAL_PURGED}
    at_hand = session.at_hand(Credential)
    found = [at_hand[key] for key in keys if key in at_hand]
    missing = keys - at_hand.keys()
    if missing:
        statement = select(Credential).where(
            col(Credential.organization_id) == organization_id,
            among(col(Credential.id), list(missing), session.dialect),
        )
        found += await session.scalars(statement)
    return found


def _is_of_request(event: Event, intake: Intake | None) -> bool:
    """Whether it only tells that a credential is asked for, or not any more, or what waits to be handed in.

    `intake` is that of a credential that nobody has answered, and None of any other.
    """
    match event.kind:
        case EventKind.CREDENTIAL_ADDED:
            return intake is not None
        case EventKind.CREDENTIAL_ARCHIVED:
            return intake is Intake.CANCELLED
        case EventKind.CREDENTIAL_UPDATED:
            return intake is not None and bool(event.changes.keys() & {"intake.status", "waitingFiles"})
    return False


def _those(keys: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(key for key in keys if key is not None))


_BACK = frozenset({EventKind.CREDENTIAL_RESTORED, EventKind.CREDENTIAL_UNDELETED})
_WEIGHTY = frozenset({"employment.status", "employment.startDate", "employment.orgUnit"})
"""What of a worker their standing, or where they are counted, depends on."""

PERSON: tuple[Reaction, ...] = (_mark_subject, _settle)
ABOUT_WORKER: tuple[Reaction, ...] = (_mark_worker, _settle)
CREDENTIAL: tuple[Reaction, ...] = (_keep_requests, _mark_owners)

REACTIONS: dict[EventKind, tuple[Reaction, ...]] = {
    EventKind.WORKER_CREATED: PERSON,
    EventKind.WORKER_UPDATED: PERSON,
    EventKind.WORKER_DELETED: PERSON,
    EventKind.WORKER_RESTORED: PERSON,
    EventKind.APPLICANT_DELETED: (_mark_subject,),
    EventKind.APPLICANT_RESTORED: (_mark_subject,),
    EventKind.POSITION_ASSIGNED: ABOUT_WORKER,
    EventKind.POSITION_UNASSIGNED: ABOUT_WORKER,
    EventKind.EXEMPTION_GRANTED: ABOUT_WORKER,
    EventKind.EXEMPTION_REVOKED: ABOUT_WORKER,
    EventKind.REQUIREMENT_CHANGED: (_mark_asked, _settle),
    EventKind.ORG_UNIT_UPDATED: (_mark_unit, _settle),
    EventKind.CREDENTIAL_TYPE_UPDATED: (_mark_type,),
    EventKind.CREDENTIAL_TYPE_ARCHIVED: (_mark_type,),
    EventKind.CREDENTIAL_TYPE_RESTORED: (_mark_type,),
    EventKind.ORGANIZATION_UPDATED: (_mark_everybody,),
    EventKind.CREDENTIAL_ADDED: CREDENTIAL,
    EventKind.CREDENTIAL_UPDATED: CREDENTIAL,
    EventKind.CREDENTIAL_VERSION_ADDED: CREDENTIAL,
    EventKind.CREDENTIAL_SUBMITTED: CREDENTIAL,
    EventKind.CREDENTIAL_APPROVED: CREDENTIAL,
    EventKind.CREDENTIAL_REJECTED: CREDENTIAL,
    EventKind.CREDENTIAL_VERIFIED: CREDENTIAL,
    EventKind.CREDENTIAL_LINKED: CREDENTIAL,
    EventKind.CREDENTIAL_UNLINKED: CREDENTIAL,
    EventKind.CREDENTIAL_TRANSFERRED: CREDENTIAL,
    EventKind.CREDENTIAL_ARCHIVED: CREDENTIAL,
    EventKind.CREDENTIAL_RESTORED: CREDENTIAL,
    EventKind.CREDENTIAL_DELETED: CREDENTIAL,
    EventKind.CREDENTIAL_UNDELETED: CREDENTIAL,
    EventKind.CREDENTIAL_PURGED: CREDENTIAL,
}
"""Each kind of fact, and what follows from it."""

_ORDER: tuple[Reaction, ...] = (
    _keep_requests,
    _mark_owners,
    _mark_subject,
    _mark_worker,
    _mark_asked,
    _mark_unit,
    _mark_type,
    _mark_everybody,
    _settle,
)
_BY_REACTION: dict[Reaction, frozenset[EventKind]] = {
    reaction: frozenset(kind for kind, follows in REACTIONS.items() if reaction in follows) for reaction in _ORDER
}
