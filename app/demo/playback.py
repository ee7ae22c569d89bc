"""The plan carried out: every step by the domain's own action, at its instant in the past, in order."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from random import Random
from typing import Any

from app.credentials import creation, editing, fields, lifecycle, versions
from app.credentials.verification import attempts, check_results
from app.credentials.verification.tables import Trigger
from app.db.database import Session
from app.demo import inputs, registry_checks
from app.demo.holdings import Holding, Standing, Term
from app.demo.people import FOUNDED, Person
from app.demo.placement import Placed
from app.demo.timeline import CHANGES, DELETIONS, PEOPLE, RECORDS, UNITS, History, Step, at, instant
from app.demo.units import PLACES, Place
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings, units
from app.workers import deletion as removal
from app.workers import editing as people_editing
from app.workers import people
from app.workers.tables import ConnectionState, EmploymentStatus, Worker

OPENS, CLOSES = 8 * 3_600, 17 * 3_600
"""The working day, in seconds, in which things are recorded."""
EVENING = 18 * 3_600
Evening = Callable[[int], Awaitable[None]]
"""What is done at the end of a day of the plan."""
APPROVALS_SINCE = -14
"""The day since which versions wait for a reviewer, where their type needs one; some still wait."""


async def tell(
    history: History, persons: list[Person], holdings: list[Holding], random: Random, evening: Evening
) -> None:
    """Carry out a plan: `persons` with managers before their people. Each day ends with an `evening`."""
    steps = [Step(FOUNDED, UNITS, partial(_add_unit, history, place)) for place in PLACES]
    steps.append(Step(APPROVALS_SINCE, UNITS, partial(_enable_approvals, history)))
    for person in persons:
        steps += _steps_of_person(history, person)
    for holding in holdings:
        steps += _steps_of_holding(history, holding)
    steps += Placed(history).steps(persons)
    steps.sort(key=lambda step: (step.day, step.turn))
    by_day = {day: list(of_day) for day, of_day in groupby(steps, key=lambda step: step.day)}
    for day in range(FOUNDED, 0):
        await _live_through(history, day, by_day.get(day, []), random)
        at(history.session, instant(history.date(day), EVENING, history.actor.time_zone))
        await history.session.flush()
        await evening(day)
    registry_checks.spread(list(history.credentials.values()), history.session, random)


async def _live_through(history: History, day: int, happening: list[Step], random: Random) -> None:
    seconds = sorted(random.uniform(OPENS, CLOSES) for _ in happening)
    for step, second in zip(happening, seconds, strict=True):
        at(history.session, instant(history.date(day), second, history.actor.time_zone))
        if step.turn == RECORDS:
            with unhurried(history.session):
                await step.act()
        else:
            await history.session.flush()
            await step.act()


@contextmanager
def unhurried(session: Session) -> Iterator[None]:
    """Let what an action writes wait for the next flush, where many rows go in one statement.

    Actions gather as they go, and what they read next has it written. Here nothing depends on that.
    """
    gather = session.gather

    async def later(objects: Sequence[object] | None = None) -> None:
        """Nothing yet."""

    session.gather = later  # type: ignore[method-assign]  # for this one session
    try:
        yield
    finally:
        session.gather = gather  # type: ignore[method-assign]  # as it was


def _steps_of_person(history: History, person: Person) -> list[Step]:
    if person.place is None:
        return [Step(person.recorded, PEOPLE, partial(_add_applicant, history, person))]
    steps = [Step(person.recorded, PEOPLE, partial(_add_worker, history, person))]
    if person.changed is not None:
        steps.append(Step(person.changed, CHANGES, partial(_change_status, history, person)))
    if person.deleted is not None:
        steps.append(Step(person.deleted, DELETIONS, partial(_delete_worker, history, person)))
    return steps


def _steps_of_holding(history: History, holding: Holding) -> list[Step]:
    first, *renewals = holding.terms
    steps = [Step(first.recorded, RECORDS, partial(_add_credential, history, holding))]
    for number, term in enumerate(renewals, 2):
        steps.append(Step(term.recorded, RECORDS, partial(_renew, history, holding, number, term)))
    for day, standing in holding.turns:
        steps.append(Step(day, CHANGES, partial(_turn, history, holding, standing)))
    if holding.deleted is not None:
        steps.append(Step(holding.deleted, DELETIONS, partial(_delete_credential, history, holding)))
    return steps


async def _enable_approvals(history: History) -> None:
    await settings.update(history.session, history.actor, {"approvalsEnabled": True})


async def _add_unit(history: History, place: Place) -> None:
    parent = history.units[place.parent].id if place.parent else None
    given = {"name": place.name, "kind": place.kind, "parent": parent}
    history.units[place.name] = await units.create(history.session, history.actor, given)


async def _add_applicant(history: History, person: Person) -> None:
    given = inputs.applicant(person, history.date)
    history.people[person] = await people_editing.create(people.APPLICANT, history.session, history.actor, given)


async def _add_worker(history: History, person: Person) -> None:
    place, above = person.place, person.reports_to
    assert place is not None
    manager = history.leads[above.name] if above else None
    given = inputs.worker(person, history.date, history.units[place.name], manager)
    row = await people_editing.create(people.WORKER, history.session, history.actor, given)
    _connect(row, person.connection, history.session.now)
    history.people[person] = row
    if person.leads:
        history.leads[place.name] = row


def _connect(worker: Worker, state: ConnectionState, now: datetime) -> None:
    """Let a worker have been invited, and have answered."""
    worker.connection_state = state
    if state is not ConnectionState.CREATED:
        worker.last_invitation_sent_at = now + timedelta(hours=1)
        answered = timedelta(hours=1) if state is ConnectionState.PENDING else timedelta(days=2)
        worker.connection_state_updated_at = now + answered


async def _change_status(history: History, person: Person) -> None:
    employment: dict[str, Any] = {"status": person.status}
    if person.status is EmploymentStatus.TERMINATED:
        employment["endDate"] = history.date(person.changed or 0)
    given = {"worker": {"id": history.people[person].id}, "employment": employment}
    await people_editing.update(people.WORKER, history.session, history.actor, given)


async def _delete_worker(history: History, person: Person) -> None:
    given = {"worker": {"id": history.people[person].id}}
    await removal.delete(people.WORKER, history.session, history.actor, given)


async def _add_credential(history: History, holding: Holding) -> None:
    given = inputs.credential(holding, history.date, history.people[holding.person])
    created = await creation.create(history.session, history.actor, given)
    history.credentials[holding] = created.credential
    if created.attempt is not None:
        await registry_checks.settle(history.session, created.credential, created.attempt, holding.start)


async def _renew(history: History, holding: Holding, number: int, term: Term) -> None:
    session, actor, credential = history.session, history.actor, history.credentials[holding]
    facts = {
        "reference_number": term.reference,
        "issuing_authority": credential.issuing_authority,
        "issue_date": history.date(term.issued),
        "expiry_date": None if term.expires is None else history.date(term.expires),
    }
    approval = versions.first_approval(history.organization, history.kinds[credential.type_code])
    versions.append(session, actor, credential, number, approval, facts)
    fields.grow(credential, session.now)
    event_log.record(session, actor, EventKind.CREDENTIAL_VERSION_ADDED, credential, worker_id=credential.worker_id)


async def _turn(history: History, holding: Holding, standing: Standing) -> None:
    credential = history.credentials[holding]
    if credential.is_verifiable:
        actor = check_results.system(credential.organization_id)
        attempt = await attempts.open_attempt(history.session, actor, credential, Trigger.SCHEDULED)
        await registry_checks.settle(history.session, credential, attempt, standing)
        return
    status, eligibility = standing
    given = {"id": credential.id, "verification": {"status": status, "eligibility": eligibility}}
    await editing.update(history.session, history.actor, given)


async def _delete_credential(history: History, holding: Holding) -> None:
    await lifecycle.delete(history.session, history.actor, {"id": history.credentials[holding].id})
