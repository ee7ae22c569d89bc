"""What owners add to the roll-ups of a day: their counts, and where they stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.day_context import Frame
from app.compliance.evaluation.snapshots import KeptApplicant, KeptCredential
from app.compliance.evaluation.worker_facts import Gathered, Judged
from app.compliance.rollups import counting
from app.compliance.rollups.counting import Key
from app.core import ids
from app.workers.tables import Worker


class Portfolio(msgspec.Struct, frozen=True):
    """An owner on a day."""

    owner_id: str
    org_unit_id: str | None
    counts: Counter[Key]
    judged: Judged | None
    """None for applicants, and for workers of whom nothing is asked."""

    @property
    def recheck_on(self) -> date:
        """The next day on which their standing may be another by the mere passing of days."""
        return self.judged.changes_on if self.judged else date.max


async def of(frame: Frame, owners: Iterable[str]) -> dict[str, Portfolio]:
    """Those of some workers and applicants, by id."""
    workers: list[str] = []
    applicants: list[str] = []
    for owner in owners:
        (workers if ids.kind(owner) == Worker.prefix else applicants).append(owner)
    found: dict[str, Portfolio] = {}
    if workers:
        found = {key: of_worker(frame, one) for key, one in (await worker_facts.gather(frame, workers)).items()}
    if applicants:
        rows = await frame.source.applicants(applicants)
        found |= _of_applicants(frame, rows, await frame.source.of_applicants(applicants))
    return found


def of_worker(frame: Frame, gathered: Gathered) -> Portfolio:
    """A worker's."""
    worker, judged = gathered.worker, None
    if gathered.situation is not None:
        judged = worker_facts.judge(gathered.situation, gathered.rules, frame.day)
    credentials = gathered.credentials if worker.deleted_at is None else []
    known = (judged.standing, judged.cells) if judged else ()
    counts = counting.counts(credentials, frame.day, frame.soon, *known)
    return Portfolio(worker.id, worker.org_unit_id, counts, judged)


async def of_applicant(frame: Frame, applicant_id: str) -> Portfolio:
    """An applicant's own, with the credentials that a worker holds too."""
    rows = await frame.source.applicants([applicant_id])
    live = any(row.deleted_at is None for row in rows)
    credentials = await frame.source.of_applicants([applicant_id]) if live else []
    return Portfolio(applicant_id, None, counting.counts(credentials, frame.day, frame.soon), None)


async def of_all_applicants(frame: Frame) -> list[Portfolio]:
    """Those of all applicants."""
    credentials = (await frame.source.all([KeptCredential]))[KeptCredential]
    return list(_of_applicants(frame, await frame.source.applicants(), credentials).values())


def _of_applicants(
    frame: Frame, applicants: Sequence[KeptApplicant], credentials: Iterable[KeptCredential]
) -> dict[str, Portfolio]:
    held: dict[str | None, list[KeptCredential]] = defaultdict(list)
    for credential in credentials:
        if credential.worker_id is None:
            held[credential.applicant_id].append(credential)
    return {
        applicant.id: Portfolio(
            applicant.id,
            None,
            counting.counts(held[applicant.id] if applicant.deleted_at is None else [], frame.day, frame.soon),
            None,
        )
        for applicant in applicants
    }
