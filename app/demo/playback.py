"""Playback of a plan: each step runs the domain's own action, in order, with the clock set to its instant."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from random import Random
from typing import Any

from app.credentials import creation, editing, fields, lifecycle, version_sync
from app.credentials.verification import attempts, check_results
from app.credentials.verification.tables import VerificationTrigger
from app.demo import inputs, registry_checks
from app.demo.holdings import Holding, Term, VerificationState
from app.demo.people import FOUNDING_DAY, DemoPerson
from app.demo.placement import Placement
from app.demo.timeline import DemoContext, Phase, Step, instant, set_time
from app.demo.units import UNITS, DemoUnit
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings, units
from app.workers import deletion as people_deletion
from app.workers import editing as people_editing
from app.workers import people
from app.workers.tables import EmploymentStatus, InvitationState, Worker

WORKDAY_START, WORKDAY_END = 8 * 3_600, 17 * 3_600
"""The seconds of the day between which the steps are recorded."""
END_OF_DAY = 18 * 3_600
EndOfDay = Callable[[int], Awaitable[None]]
"""A callback that runs at the end of a day of the plan."""
APPROVALS_SINCE = -14
"""The day from which versions of some types wait for a reviewer; so recent that some still wait today."""


async def play(
    context: DemoContext,
    demo_people: list[DemoPerson],
    holdings: list[Holding],
    random: Random,
    on_end_of_day: EndOfDay,
) -> None:
    """Run the steps of a plan day by day, with `on_end_of_day` after each day.

    `demo_people` has managers before the people who report to them.
    """
    steps = [Step(FOUNDING_DAY, Phase.UNITS, partial(_add_unit, context, unit)) for unit in UNITS]
    steps.append(Step(APPROVALS_SINCE, Phase.UNITS, partial(_enable_approvals, context)))
    for person in demo_people:
        steps += _person_steps(context, person)
    for holding in holdings:
        steps += _holding_steps(context, holding)
    steps += Placement(context).steps(demo_people)
    steps.sort(key=lambda step: (step.day, step.phase))
    by_day = {day: list(steps_of_day) for day, steps_of_day in groupby(steps, key=lambda step: step.day)}
    for day in range(FOUNDING_DAY, 0):
        await _run_day(context, day, by_day.get(day, []), random)
        set_time(context.session, instant(context.date(day), END_OF_DAY, context.actor.time_zone))
        await context.session.flush()
        await on_end_of_day(day)
    registry_checks.schedule_rechecks(list(context.credentials.values()), context.session, random)


async def _run_day(context: DemoContext, day: int, steps: list[Step], random: Random) -> None:
    seconds = sorted(random.uniform(WORKDAY_START, WORKDAY_END) for _ in steps)
    for step, second in zip(steps, seconds, strict=True):
        set_time(context.session, instant(context.date(day), second, context.actor.time_zone))
        # A credential's step reads nothing that an earlier one wrote, so their rows wait and are inserted together.
        if step.phase != Phase.CREDENTIALS:
            await context.session.flush()
        await step.run()


def _person_steps(context: DemoContext, person: DemoPerson) -> list[Step]:
    if person.unit is None:
        return [Step(person.recorded, Phase.PEOPLE, partial(_add_applicant, context, person))]
    steps = [Step(person.recorded, Phase.PEOPLE, partial(_add_worker, context, person))]
    if person.status_changed is not None:
        steps.append(Step(person.status_changed, Phase.CHANGES, partial(_change_status, context, person)))
    if person.deleted is not None:
        steps.append(Step(person.deleted, Phase.DELETIONS, partial(_delete_worker, context, person)))
    return steps


def _holding_steps(context: DemoContext, holding: Holding) -> list[Step]:
    first, *renewals = holding.terms
    steps = [Step(first.recorded, Phase.CREDENTIALS, partial(_add_credential, context, holding))]
    for number, term in enumerate(renewals, 2):
        steps.append(Step(term.recorded, Phase.CREDENTIALS, partial(_renew, context, holding, number, term)))
    for day, state in holding.state_changes:
        steps.append(Step(day, Phase.CHANGES, partial(_change_state, context, holding, state)))
    if holding.deleted is not None:
        steps.append(Step(holding.deleted, Phase.DELETIONS, partial(_delete_credential, context, holding)))
    return steps


async def _enable_approvals(context: DemoContext) -> None:
    await settings.update(context.session, context.actor, {"approvalsEnabled": True})


async def _add_unit(context: DemoContext, unit: DemoUnit) -> None:
    parent = context.units[unit.parent].id if unit.parent else None
    input = {"name": unit.name, "type": unit.kind, "parent": parent}
    context.units[unit.name] = await units.create(context.session, context.actor, input)


async def _add_applicant(context: DemoContext, person: DemoPerson) -> None:
    input = inputs.applicant(person, context.date)
    context.people[person] = await people_editing.create(people.APPLICANT, context.session, context.actor, input)


async def _add_worker(context: DemoContext, person: DemoPerson) -> None:
    unit, manager_unit = person.unit, person.reports_to
    assert unit is not None
    manager = context.unit_leads[manager_unit.name] if manager_unit else None
    input = inputs.worker(person, context.date, context.units[unit.name], manager)
    row = await people_editing.create(people.WORKER, context.session, context.actor, input)
    _invite(row, person.invitation, context.session.now)
    context.people[person] = row
    if person.is_lead:
        context.unit_leads[unit.name] = row


def _invite(worker: Worker, state: InvitationState, now: datetime) -> None:
    """Record a worker's invitation, and the answer to it."""
    worker.invitation_state = state
    if state is not InvitationState.CREATED:
        worker.invitation_sent_at = now + timedelta(hours=1)
        answered = timedelta(hours=1) if state is InvitationState.PENDING else timedelta(days=2)
        worker.invitation_state_updated_at = now + answered


async def _change_status(context: DemoContext, person: DemoPerson) -> None:
    employment: dict[str, Any] = {"status": person.status}
    if person.status is EmploymentStatus.TERMINATED:
        employment["endDate"] = context.date(person.status_changed or 0)
    input = {"worker": {"id": context.people[person].id}, "employment": employment}
    await people_editing.update(people.WORKER, context.session, context.actor, input)


async def _delete_worker(context: DemoContext, person: DemoPerson) -> None:
    input = {"worker": {"id": context.people[person].id}}
    await people_deletion.delete(people.WORKER, context.session, context.actor, input)


async def _add_credential(context: DemoContext, holding: Holding) -> None:
    input = inputs.credential(holding, context.date, context.people[holding.person])
    created = await creation.create(context.session, context.actor, input)
    context.credentials[holding] = created.credential
    if created.attempt is not None:
        await registry_checks.record_check(context.session, created.credential, created.attempt, holding.initial_state)


async def _renew(context: DemoContext, holding: Holding, number: int, term: Term) -> None:
    session, actor, credential = context.session, context.actor, context.credentials[holding]
    facts = {
        "reference_number": term.reference,
        "issuing_authority": credential.issuing_authority,
        "issue_date": context.date(term.issued),
        "expiry_date": None if term.expires is None else context.date(term.expires),
    }
    approval = version_sync.initial_approval(context.organization, context.credential_types[credential.type_code])
    version = version_sync.append(session, actor, credential, number, approval, facts)
    await version_sync.sync_credential(session, credential, version)
    fields.touch(credential, session.now)
    event_log.record(session, actor, EventKind.CREDENTIAL_VERSION_ADDED, credential, worker_id=credential.worker_id)


async def _change_state(context: DemoContext, holding: Holding, state: VerificationState) -> None:
    credential = context.credentials[holding]
    if credential.is_verifiable:
        actor = check_results.system_actor(credential.organization_id)
        attempt = await attempts.open_attempt(context.session, actor, credential, VerificationTrigger.SCHEDULED)
        await registry_checks.record_check(context.session, credential, attempt, state)
        return
    status, eligibility = state
    input = {"id": credential.id, "verification": {"status": status, "eligibility": eligibility}}
    await editing.update(context.session, context.actor, input)


async def _delete_credential(context: DemoContext, holding: Holding) -> None:
    await lifecycle.delete(context.session, context.actor, {"id": context.credentials[holding].id})
