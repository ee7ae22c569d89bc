"""What is on record of a worker on a day: the rows that an evidence pack tells of."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.day_context import Frame
from app.compliance.evaluation.snapshots import KeptCredential, KeptWorker
from app.compliance.evaluation.worker_facts import Gathered, Judged
from app.compliance.tables import CredentialRequest, Exemption, RequirementRule
from app.credential_types.tables import CredentialType
from app.credentials.files.tables import Attachment
from app.credentials.tables import Credential, CredentialVersion, VersionChange
from app.credentials.verification.tables import VerificationAttempt
from app.db.database import Session
from app.db.history import History
from app.db.records import Record
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.evidence.event_history import Past
from app.lists.key_lists import among
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Position, Worker

R = TypeVar("R", bound=Record)

CHANGES_OF_HANDS = (
    EventKind.CREDENTIAL_LINKED,
    EventKind.CREDENTIAL_UNLINKED,
    EventKind.CREDENTIAL_TRANSFERRED,
)


@dataclass(frozen=True)
class Records:
    """A worker's, with the names of what they refer to."""

    frame: Frame
    organization: Organization
    worker: Worker
    gathered: Gathered
    judged: Judged | None
    """None where nothing was asked of them."""
    past: Past
    credentials: dict[str, Credential]
    """By id; one that was purged since is missing."""
    versions: dict[str, list[CredentialVersion]]
    """By credential, as the attempts; changes and attachments are by version."""
    attempts: dict[str, list[VerificationAttempt]]
    changes: dict[str, list[VersionChange]]
    attachments: dict[str, list[Attachment]]
    requests: list[CredentialRequest]
    exemptions: list[Exemption]
    rules: dict[str, RequirementRule]
    types: dict[str, CredentialType]
    positions: dict[str, Position]
    units: dict[str, OrgUnit]

    @cached_property
    def name(self) -> str:
        """What the worker was called."""
        return str(self.past.was(self.worker.id, self.worker.display_name, "identity.displayName"))

    @cached_property
    def held(self) -> dict[str, KeptCredential]:
        """What is kept of their credentials, by id."""
        return {kept.id: kept for kept in self.gathered.credentials}


async def is_known(frame: Frame, worker_ids: Sequence[str]) -> set[str]:
    """Which workers were on record on a day."""
    return {row.id for row in (await frame.source.about([KeptWorker], worker_ids))[KeptWorker]}


async def find(session: Session, organization_id: str, worker_id: str, day: date) -> Records | None:
    """All that was on record of a worker on a day; None where they were not, or the worker is gone."""
    frame = await day_context.of(session, organization_id, day)
    gathered = (await worker_facts.gather(frame, [worker_id])).get(worker_id)
    worker = await session.get(Worker, (organization_id, worker_id))
    if gathered is None or worker is None:
        return None
    reader = _Reader(session, organization_id, frame.source.until)
    situation = gathered.situation
    judged = None if situation is None else worker_facts.judge(situation, gathered.rules, frame.day)
    held = [row.id for row in gathered.credentials]
    once = await _once_held(session, organization_id, worker_id)
    requests = await reader.about(CredentialRequest, worker_id)
    exemptions = await reader.about(Exemption, worker_id)
    asking = {cell.rule.id for cell in judged.cells} if judged else set()
    return Records(
        frame=frame,
        organization=await session.get_one(Organization, (organization_id, organization_id)),
        worker=worker,
        gathered=gathered,
        judged=judged,
        # With those of later days, for what they changed.
        past=Past(await _events(reader, worker_id, held, once), frame.source.until),
        credentials=await reader.by_id(Credential, held),
        **await _of_credentials(reader, held),
        requests=requests,
        exemptions=exemptions,
        rules=await reader.by_id(RequirementRule, asking),
        types=await reader.by_id(CredentialType),
        positions=await reader.by_id(Position, {post.position_id for post in gathered.posts}),
        units=await reader.by_id(OrgUnit),
    )


async def _events(reader: "_Reader", worker_id: str, held: Sequence[str], once: Sequence[str]) -> list[Event]:
    """What happened to a worker and to the credentials that they hold, and that others went to somebody else."""
    theirs = or_(col(Event.worker_id) == worker_id, reader.any_of(col(Event.subject_id), held))
    handed_over = and_(reader.any_of(col(Event.subject_id), once), col(Event.kind).in_(CHANGES_OF_HANDS))
    found = await reader.rows(Event, or_(theirs, handed_over), by=col(Event.occurred_at))
    mine = set(held)
    return [event for event in found if worker_id in (event.worker_id, *_owners(event)) or event.subject_id in mine]


def _owners(event: Event) -> list[str]:
    """The workers whom a change of hands was from and to."""
    return list(event.changes.get("owners.worker", {}).values())


async def _once_held(session: Session, organization_id: str, worker_id: str) -> list[str]:
    """The credentials that were ever a worker's."""
    statement = select(col(History.row_id)).where(
        col(History.organization_id) == organization_id,
        col(History.worker_id) == worker_id,
        col(History.kind) == str(Credential.__tablename__),
    )
    return list(await session.scalars(statement.distinct()))


async def _of_credentials(reader: "_Reader", keys: Collection[str]) -> dict[str, dict[str, list[Any]]]:
    """What belongs to some credentials, by its name in `Records`."""
    version, attempt = CredentialVersion, VerificationAttempt
    versions = await reader.rows(
        version, reader.any_of(col(version.credential_id), keys), at=col(version.created_at), by=col(version.number)
    )
    attempts = await reader.rows(attempt, reader.any_of(col(attempt.credential_id), keys), at=col(attempt.requested_at))
    theirs = [row.id for row in versions]
    change, file = VersionChange, Attachment
    changes = await reader.rows(change, reader.any_of(col(change.version_id), theirs), at=col(change.changed_at))
    there = reader.any_of(col(file.version_id), theirs)
    attachments = await reader.rows(file, there, at=col(file.attached_at), by=col(file.uploaded_at))
    return {
        "versions": _by("credential_id", versions),
        "attempts": _by("credential_id", attempts),
        "changes": _by("version_id", changes),
        "attachments": _by("version_id", attachments),
    }


def _by(column: str, rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, column)].append(row)
    return found


class _Reader:
    """Reads an organization's rows as far as they were recorded before an instant, in the order that they came."""

    def __init__(self, session: Session, organization_id: str, until: datetime | None) -> None:
        self._session, self._organization_id, self._until = session, organization_id, until

    def any_of(self, column: Any, keys: Collection[str]) -> ColumnElement[bool]:
        """Those whose column holds one of some keys."""
        return among(column, list(keys), self._session.dialect)

    async def rows(self, table: type[R], *conditions: ColumnElement[bool], at: Any = None, by: Any = None) -> list[R]:
        """Those that fit, in the order of `at` or `by`; `at` is when one came to be, where later ones are left out."""
        statement = select(table).where(col(table.organization_id) == self._organization_id, *conditions)
        if at is not None and self._until is not None:
            statement = statement.where(at < self._until)
        return list(await self._session.scalars(statement.order_by(at if by is None else by, col(table.id))))

    async def about(self, table: type[R], worker_id: str) -> list[R]:
        """Those about a worker."""
        columns = table.__dict__
        return await self.rows(table, columns["worker_id"] == worker_id, at=columns["created_at"])

    async def by_id(self, table: type[R], keys: Collection[str] | None = None) -> dict[str, R]:
        """Some of a table, or all, by their ids."""
        these = [] if keys is None else [self.any_of(col(table.id), keys)]
        return {row.id: row for row in await self.rows(table, *these, by=col(table.id))}
