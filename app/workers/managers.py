"""Managers named by their external id: linked to the manager's record as soon as there is one.

A source system names a manager by the manager's id there, and often sends the manager after the people who report to
them. The id is stored as sent, and the worker waits until a worker with this id comes. The id belongs to the worker's
own source system; for a worker without one, to the only source system that has it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access import Actor
from app.core.errors import Invalid
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.lists.key_lists import in_keys
from app.workers import fields
from app.workers.tables import Applicant, Worker

ID, EXTERNAL_ID = ("manager", "id"), ("manager", "externalId")


async def resolve(session: Session, actor: Actor, current: Worker | None, values: dict[str, Any]) -> None:
    """Check the manager in the new values of a worker, or add the one whom the values name by external id.

    A manager who is not known yet leaves the worker without one, unless the external id was sent before. Raises
    NotFound for an unknown id, and Invalid if the manager is the worker or reports to the worker.
    """
    path = ID
    manager_id = values.get("manager_id")
    if manager_id is not None and manager_id != getattr(current, "manager_id", None):
        # A worker who is someone's manager already may close a circle. Two calls may each close half of one: the lock
        # makes the second wait, and see the first.
        find = row_access.find if current is None else row_access.find_for_update
        await find(session, actor, Worker, manager_id, path)
    elif manager_id is None and "manager_external_id" in values:
        path = EXTERNAL_ID
        manager_id = await _find_by_external_id(session, actor, current, values)
    if current is None or manager_id in (None, current.manager_id):
        return
    if manager_id == current.id:
        raise Invalid(f"{'.'.join(path)}: must not be the worker itself", path)
    if await Chain(session, actor.organization_id).holds(str(manager_id), current.id):
        raise Invalid(f"{'.'.join(path)}: must not be someone who reports to the worker", path)


async def link_waiting(session: Session, actor: Actor, people: Sequence[Worker | Applicant]) -> None:
    """Link those who wait for one of the workers as their manager, and those of the workers who wait for a manager.

    A link that would close a circle of managers is left out. The actor links only workers whom they see.
    """
    workers = [person for person in people if isinstance(person, Worker)]
    waiting = {row.id: row for row in workers if row.manager_external_id is not None and row.manager_id is None}
    external_ids = [row.external_id for row in workers if row.external_id is not None]
    if external_ids:
        statement = _select_waiting(session, actor, external_ids)
        waiting |= {row.id: row for row in await session.scalars_for_update(statement, of=Worker)}
    if not waiting:
        return
    await session.flush()  # a manager must be on record before other rows refer to them
    chain = Chain(session, actor.organization_id)
    found: dict[tuple[str, str], str | None] = {}
    for _, worker in sorted(waiting.items()):
        reference = (str(worker.manager_external_id), worker.source_system)
        if reference not in found:
            found[reference] = await _find_named(session, actor, *reference)
        manager_id = found[reference]
        if manager_id is not None and not await chain.holds(manager_id, worker.id):
            _link(session, actor, worker, manager_id)
            chain.add(worker)


class Chain:
    """The managers above workers, each locked and read once."""

    def __init__(self, session: Session, organization_id: str) -> None:
        self._session, self._organization_id = session, organization_id
        self._managers: dict[str, str | None] = {}

    def add(self, worker: Worker) -> None:
        """Note the manager of a worker, who may not be written yet."""
        self._managers[worker.id] = worker.manager_id

    async def holds(self, worker_id: str, other_id: str) -> bool:
        """Return True if the other is the worker, or a manager above the worker."""
        current: str | None = worker_id
        passed: set[str] = set()
        while current is not None and current not in passed:
            if current == other_id:
                return True
            passed.add(current)  # circles from before they were refused
            if current not in self._managers:
                statement = select(col(Worker.manager_id)).where(
                    col(Worker.organization_id) == self._organization_id, col(Worker.id) == current
                )
                # Locked: of two calls that each make one half of a circle far apart, neither sees the other's half.
                # They wait for each other, the database gives one up, and its second run finds the half that was made.
                managers = await self._session.scalars_for_update(statement, of=Worker, read=True, key_share=True)
                self._managers[current] = managers[0] if managers else None
            current = self._managers[current]
        return False


def _select_waiting(session: Session, actor: Actor, external_ids: Sequence[str]) -> Select[Worker]:
    """Return the query for visible workers who wait for a manager of one of the external ids."""
    manager = aliased(Worker)
    is_manager = and_(col(manager.organization_id) == Worker.organization_id, col(manager.id) == Worker.manager_id)
    return (
        select(Worker)
        .outerjoin(manager, is_manager)
        .where(
            actor.visible_rows(Worker),
            col(Worker.deleted_at).is_(None),
            in_keys(col(Worker.manager_external_id), external_ids, session.dialect_name),
            or_(col(Worker.manager_id).is_(None), col(manager.deleted_at).is_not(None)),
        )
        .order_by(col(Worker.id))
    )


async def _find_named(session: Session, actor: Actor, external_id: str, source_system: str) -> str | None:
    """Return the id of the visible worker of an external id; None if there is none, or if it could be several."""
    statement = select(col(Worker.id), col(Worker.source_system)).where(
        actor.visible_rows(Worker), col(Worker.external_id) == external_id, col(Worker.deleted_at).is_(None)
    )
    if source_system:
        statement = statement.where(col(Worker.source_system) == source_system)
    rows = list(await session.execute(statement.order_by(col(Worker.source_system)).limit(2)))
    # The worker without a source system comes first, and has the same system as the one who names them.
    is_clear = len(rows) == 1 or (len(rows) == 2 and rows[0].source_system == source_system)
    return rows[0].id if is_clear else None


async def _find_by_external_id(
    session: Session, actor: Actor, current: Worker | None, values: dict[str, Any]
) -> str | None:
    """Set the manager to whom the new external id leads, or to none. Return the manager's id."""
    named = values["manager_external_id"]
    if named is not None:
        if named == values.get("external_id", getattr(current, "external_id", None)):
            raise Invalid(f"{'.'.join(EXTERNAL_ID)}: must not be the worker itself", EXTERNAL_ID)
        source_system = values.get("source_system", getattr(current, "source_system", ""))
        manager_id = await _find_named(session, actor, named, source_system)
        if manager_id is not None:
            values["manager_id"] = manager_id
            return manager_id
    if current is not None and "manager_id" not in values and await _ends_link(session, current, named):
        values["manager_id"] = None
    return None


async def _ends_link(session: Session, worker: Worker, named: str | None) -> bool:
    """Return True if a worker's manager is not the one whom a new external id names, or the absence of one."""
    if worker.manager_id is None or named == worker.manager_external_id:
        return False
    if named is not None:
        return True
    manager = await session.get(Worker, (worker.organization_id, worker.manager_id))
    return manager is not None and manager.external_id == worker.manager_external_id


def _link(session: Session, actor: Actor, worker: Worker, manager_id: str) -> None:
    changes = fields.WORKER.apply(worker, {"manager_id": manager_id})
    row_access.touch(worker, session.now)
    event_log.record(session, actor, EventKind.WORKER_UPDATED, worker, changes, worker_id=worker.id)
