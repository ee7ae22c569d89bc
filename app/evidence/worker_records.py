"""The rows about a worker that an evidence pack of a day contains."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.snapshots import CredentialSnapshot, WorkerSnapshot
from app.compliance.evaluation.worker_facts import WorkerEvaluation, WorkerOnDay
from app.compliance.tables import CredentialRequest, Exemption, RequirementRule
from app.credential_types.tables import CredentialType
from app.credentials.files.tables import Attachment
from app.credentials.tables import Credential, CredentialVersion, VersionChange
from app.credentials.verification.tables import VerificationAttempt
from app.db.history import History
from app.db.records import Record
from app.db.session import Session
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.evidence.event_history import EventHistory
from app.lists.key_lists import in_keys
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Position, Worker

RecordT = TypeVar("RecordT", bound=Record)

OWNERSHIP_EVENTS = (
    EventKind.CREDENTIAL_LINKED,
    EventKind.CREDENTIAL_UNLINKED,
    EventKind.CREDENTIAL_TRANSFERRED,
)


@dataclass(frozen=True)
class WorkerRecords:
    """The rows about a worker, and the rows that these refer to by id."""

    context: DayContext
    organization: Organization
    worker: Worker
    worker_on_day: WorkerOnDay
    evaluation: WorkerEvaluation | None
    """None if no rule can apply to the worker: one that is deleted, or whose employment status exempts them."""
    history: EventHistory
    credentials: dict[str, Credential]
    """Credentials by id, without those purged since the day."""
    versions: dict[str, list[CredentialVersion]]
    """Versions by credential id."""
    attempts: dict[str, list[VerificationAttempt]]
    """Verification attempts by credential id."""
    changes: dict[str, list[VersionChange]]
    """Changes by version id."""
    attachments: dict[str, list[Attachment]]
    """Attachments by version id."""
    requests: list[CredentialRequest]
    exemptions: list[Exemption]
    rules: dict[str, RequirementRule]
    credential_types: dict[str, CredentialType]
    positions: dict[str, Position]
    units: dict[str, OrgUnit]

    @cached_property
    def display_name(self) -> str:
        """The worker's display name on the day."""
        return str(self.history.value(self.worker.id, self.worker.display_name, "identity.displayName"))

    @cached_property
    def credential_snapshots(self) -> dict[str, CredentialSnapshot]:
        """The worker's credentials as they were on the day, by id."""
        return {snapshot.id: snapshot for snapshot in self.worker_on_day.credentials}


async def workers_on_record(context: DayContext, worker_ids: Sequence[str]) -> set[str]:
    """Return the ids of the given workers that were on record on a day."""
    return {row.id for row in (await context.source.about_workers([WorkerSnapshot], worker_ids))[WorkerSnapshot]}


async def load(session: Session, organization_id: str, worker_id: str, day: date) -> WorkerRecords | None:
    """Load the records of a worker on a day; None if the worker was not on record, or is no longer stored."""
    context = await day_context.load(session, organization_id, day)
    worker_on_day = (await worker_facts.load(context, [worker_id])).get(worker_id)
    worker = await session.get(Worker, (organization_id, worker_id))
    if worker_on_day is None or worker is None:
        return None
    reader = _Reader(session, organization_id, context.source.until)
    evaluation = worker_on_day.evaluate(context.day)
    owned = [row.id for row in worker_on_day.credentials]
    ever_owned = await _ever_owned(session, organization_id, worker_id)
    requests = await reader.about(CredentialRequest, worker_id)
    exemptions = await reader.about(Exemption, worker_id)
    rules = {cell.rule.id for cell in evaluation.cells} if evaluation else set()
    # The events include those of later days: the values of the day are derived from the later changes.
    events = await _events(reader, worker_id, owned, ever_owned)
    return WorkerRecords(
        context=context,
        organization=await session.get_one(Organization, (organization_id, organization_id)),
        worker=worker,
        worker_on_day=worker_on_day,
        evaluation=evaluation,
        history=EventHistory(events, context.source.until),
        credentials=await reader.by_id(Credential, owned),
        **await _credential_details(reader, owned),
        requests=requests,
        exemptions=exemptions,
        rules=await reader.by_id(RequirementRule, rules),
        credential_types=await reader.by_id(CredentialType),
        positions=await reader.by_id(Position, {row.position_id for row in worker_on_day.assignments}),
        units=await reader.by_id(OrgUnit),
    )


async def _events(reader: "_Reader", worker_id: str, owned: Sequence[str], ever_owned: Sequence[str]) -> list[Event]:
    """Return the events about a worker and their credentials.

    Of a credential that now belongs to another worker, only the changes of ownership from and to this worker count.
    """
    about_worker = or_(col(Event.worker_id) == worker_id, reader.any_of(col(Event.subject_id), owned))
    ownership = and_(reader.any_of(col(Event.subject_id), ever_owned), col(Event.kind).in_(OWNERSHIP_EVENTS))
    events = await reader.rows(Event, or_(about_worker, ownership), order=col(Event.occurred_at))
    credentials = set(owned)
    return [
        event
        for event in events
        if worker_id in (event.worker_id, *_changed_owners(event)) or event.subject_id in credentials
    ]


def _changed_owners(event: Event) -> list[str]:
    """Return the former and the new worker of an event that changes a credential's owner."""
    return list(event.changes.get("owners.worker", {}).values())


async def _ever_owned(session: Session, organization_id: str, worker_id: str) -> list[str]:
    """Return the ids of all credentials that ever belonged to a worker."""
    statement = select(col(History.row_id)).where(
        col(History.organization_id) == organization_id,
        col(History.worker_id) == worker_id,
        col(History.kind) == str(Credential.__tablename__),
    )
    return list(await session.scalars(statement.distinct()))


async def _credential_details(reader: "_Reader", keys: Collection[str]) -> dict[str, dict[str, list[Any]]]:
    """Return the rows that belong to credentials, by the name of their field in `WorkerRecords`."""
    version, attempt, change, file = CredentialVersion, VerificationAttempt, VersionChange, Attachment
    versions = await reader.rows(
        version,
        reader.any_of(col(version.credential_id), keys),
        recorded_at=col(version.created_at),
        order=col(version.number),
    )
    attempts = await reader.rows(
        attempt, reader.any_of(col(attempt.credential_id), keys), recorded_at=col(attempt.requested_at)
    )
    version_ids = [row.id for row in versions]
    changes = await reader.rows(
        change, reader.any_of(col(change.version_id), version_ids), recorded_at=col(change.changed_at)
    )
    attachments = await reader.rows(
        file,
        reader.any_of(col(file.version_id), version_ids),
        recorded_at=col(file.attached_at),
        order=col(file.uploaded_at),
    )
    return {
        "versions": _group_by("credential_id", versions),
        "attempts": _group_by("credential_id", attempts),
        "changes": _group_by("version_id", changes),
        "attachments": _group_by("version_id", attachments),
    }


def _group_by(column: str, rows: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, column)].append(row)
    return groups


class _Reader:
    """A reader of an organization's rows that leaves out rows recorded at or after an instant."""

    def __init__(self, session: Session, organization_id: str, until: datetime | None) -> None:
        self._session, self._organization_id, self._until = session, organization_id, until

    def any_of(self, column: Any, keys: Collection[str]) -> ColumnElement[bool]:
        """Return the condition that a column has one of some keys."""
        return in_keys(column, list(keys), self._session.dialect_name)

    async def rows(
        self, table: type[RecordT], *conditions: ColumnElement[bool], recorded_at: Any = None, order: Any = None
    ) -> list[RecordT]:
        """Return the rows that meet the conditions, in the order of `order`, by default of `recorded_at`.

        `recorded_at` is the column with the time of recording; without it, rows of any time are returned.
        """
        statement = select(table).where(col(table.organization_id) == self._organization_id, *conditions)
        if recorded_at is not None and self._until is not None:
            statement = statement.where(recorded_at < self._until)
        return list(
            await self._session.scalars(statement.order_by(recorded_at if order is None else order, col(table.id)))
        )

    async def about(self, table: type[RecordT], worker_id: str) -> list[RecordT]:
        """Return the rows of a table about a worker."""
        columns = table.__dict__
        return await self.rows(table, columns["worker_id"] == worker_id, recorded_at=columns["created_at"])

    async def by_id(self, table: type[RecordT], keys: Collection[str] | None = None) -> dict[str, RecordT]:
        """Return the rows with some ids, or all rows of a table, by id."""
        conditions = [] if keys is None else [self.any_of(col(table.id), keys)]
        return {row.id: row for row in await self.rows(table, *conditions, order=col(table.id))}
