"""The counts that each owner adds to the roll-ups of a day, and the evaluation of workers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.snapshots import ApplicantSnapshot, CredentialSnapshot
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
        counts |= _applicant_counts(context, applicants, await context.source.applicant_credentials(applicant_ids))
    return counts


def for_worker(context: DayContext, on_day: WorkerOnDay) -> OwnerCounts:
    """Return the counts of a worker."""
    worker, evaluation = on_day.worker, on_day.evaluate(context.day)
    credentials = on_day.credentials if worker.deleted_at is None else []
    standing_and_cells = (evaluation.standing, evaluation.cells) if evaluation else ()
    counts = counting.count(credentials, context.day, context.soon_days_of, *standing_and_cells)
    return OwnerCounts(worker.id, worker.org_unit_id, counts, evaluation)


async def load_applicant(context: DayContext, applicant_id: str) -> OwnerCounts:
    """Load the counts of one applicant, including credentials that a worker holds too."""
    rows = await context.source.applicants([applicant_id])
    is_live = any(row.deleted_at is None for row in rows)
    credentials = await context.source.applicant_credentials([applicant_id]) if is_live else []
    return OwnerCounts(applicant_id, None, counting.count(credentials, context.day, context.soon_days_of), None)


async def load_all_applicants(context: DayContext) -> list[OwnerCounts]:
    """Load the counts of all applicants, without credentials that a worker holds too."""
    credentials = (await context.source.shared([CredentialSnapshot]))[CredentialSnapshot]
    return list(_applicant_counts(context, await context.source.applicants(), credentials).values())


def _applicant_counts(
    context: DayContext, applicants: Sequence[ApplicantSnapshot], credentials: Iterable[CredentialSnapshot]
) -> dict[str, OwnerCounts]:
    credentials_by_applicant: dict[str | None, list[CredentialSnapshot]] = defaultdict(list)
    for credential in credentials:
        if credential.worker_id is None:
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
