"""The counts that each owner adds to the roll-ups of a day, and the evaluation of workers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.snapshots import ApplicantSnapshot, CredentialSnapshot, WorkerSnapshot
from app.compliance.evaluation.worker_facts import WorkerEvaluation, WorkerOnDay
from app.compliance.rollups import counting
from app.compliance.rollups.counting import CountKey
from app.core import ids
from app.workers.tables import Worker


class OwnerCounts(msgspec.Struct, frozen=True):
    """The counts of a worker or an applicant on a day."""

    owner_id: str
    org_unit_id: str | None
    counts: Counter[CountKey]
    evaluation: WorkerEvaluation | None
    """None for applicants, and for workers to whom no rule can apply."""

    @property
    def recheck_on(self) -> date:
        """Return the next day on which the standing may change although no fact changes."""
        return self.evaluation.changes_on if self.evaluation else date.max


async def load(context: DayContext, owner_ids: Iterable[str]) -> dict[str, OwnerCounts]:
    """Load the counts of workers and applicants, by id."""
    worker_ids: list[str] = []
    applicant_ids: list[str] = []
    for owner_id in owner_ids:
        (worker_ids if ids.prefix_of(owner_id) == Worker.prefix else applicant_ids).append(owner_id)
    counts: dict[str, OwnerCounts] = {}
    if worker_ids:
        counts = {
            key: for_worker(context, worker) for key, worker in (await worker_facts.load(context, worker_ids)).items()
        }
    if applicant_ids:
        applicants = await context.source.applicants(applicant_ids)
        counts |= await _applicant_counts(
            context, applicants, await context.source.applicant_credentials(applicant_ids)
        )
    return counts


def for_worker(context: DayContext, on_day: WorkerOnDay) -> OwnerCounts:
    """Return the counts of a worker."""
    worker, evaluation = on_day.worker, on_day.evaluate(context.day)
    credentials = on_day.credentials if worker.deleted_at is None else []
    standing_and_cells = (evaluation.standing, evaluation.cells) if evaluation else ()
    counts = counting.count(credentials, context.day, context.soon_days_of, *standing_and_cells)
    return OwnerCounts(worker.id, worker.org_unit_id, counts, evaluation)


async def for_deleted_worker(context: DayContext, on_day: WorkerOnDay) -> OwnerCounts:
    """Return the counts of a deleted worker asked about alone: the credentials that an applicant holds too."""
    applicant_ids = sorted({row.applicant_id for row in on_day.credentials if row.applicant_id is not None})
    applicants = await context.source.applicants(applicant_ids)
    living = _living(applicants)
    credentials = [credential for credential in on_day.credentials if credential.applicant_id in living]
    counts = counting.count(credentials, context.day, context.soon_days_of)
    return OwnerCounts(on_day.worker.id, on_day.worker.org_unit_id, counts, None)


async def load_applicant(context: DayContext, applicant_id: str) -> OwnerCounts:
    """Load the counts of one applicant, including credentials that a worker holds too; of a deleted one, only these."""
    credentials = await context.source.applicant_credentials([applicant_id])
    if not _living(await context.source.applicants([applicant_id])):
        workers = await _living_workers(context, credentials)
        credentials = [credential for credential in credentials if credential.worker_id in workers]
    return OwnerCounts(applicant_id, None, counting.count(credentials, context.day, context.soon_days_of), None)


async def load_all_applicants(context: DayContext) -> list[OwnerCounts]:
    """Load the counts of all applicants, without credentials that a worker holds too."""
    credentials = await context.source.applicant_credentials()
    return list((await _applicant_counts(context, await context.source.applicants(), credentials)).values())


def _living(people: Iterable[WorkerSnapshot | ApplicantSnapshot]) -> set[str | None]:
    return {person.id for person in people if person.deleted_at is None}


async def _living_workers(context: DayContext, credentials: Iterable[CredentialSnapshot]) -> set[str | None]:
    """Return the ids of the workers of credentials, without deleted workers."""
    worker_ids = sorted({row.worker_id for row in credentials if row.worker_id is not None})
    rows = await context.source.about_workers([WorkerSnapshot], worker_ids) if worker_ids else {WorkerSnapshot: []}
    return _living(rows[WorkerSnapshot])


async def _applicant_counts(
    context: DayContext, applicants: Sequence[ApplicantSnapshot], credentials: Sequence[CredentialSnapshot]
) -> dict[str, OwnerCounts]:
    workers = await _living_workers(context, credentials)
    credentials_by_applicant: dict[str | None, list[CredentialSnapshot]] = defaultdict(list)
    for credential in credentials:
        if credential.worker_id not in workers:
            credentials_by_applicant[credential.applicant_id].append(credential)
    return {
        applicant.id: OwnerCounts(
            applicant.id,
            None,
            counting.count(
                credentials_by_applicant[applicant.id] if applicant.deleted_at is None else [],
                context.day,
                context.soon_days_of,
            ),
            None,
        )
        for applicant in applicants
    }
