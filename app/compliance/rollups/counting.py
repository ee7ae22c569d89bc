"""What an owner adds to the counts of a roll-up. Pure: rows and the day go in, and there is no database.

Counted are the credentials that are neither archived nor deleted and that somebody has provided, of owners who are not
deleted; and the standings of workers. A credential with a worker and an applicant is counted as the worker's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum

from app.compliance.evaluation.evaluate import FAILING, after
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.evaluation.snapshots import KeptCredential
from app.compliance.tables import Level
from app.core.fields import EARLIEST
from app.credentials import validity
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import NEVER, Validity
from app.workers.tables import Standing

ALWAYS = EARLIEST
"""The day from which counts that have begun already."""


class Dimension(StrEnum):
    """By what is counted."""

    TOTAL = "TOTAL"
    STATUS = "STATUS"
    CATEGORY = "CATEGORY"
    JURISDICTION = "JURISDICTION"
    ELIGIBILITY = "ELIGIBILITY"
    VALIDITY = "VALIDITY"
    STANDING = "STANDING"
    GAP = "GAP"
    """Workers who fall short of a mandatory rule, by the rule and how: see `gap`."""


Key = tuple[str, str, date]
"""A dimension, a value of it (empty for none), and the day from which the number counts."""


def counts(
    credentials: Iterable[KeptCredential],
    day: date,
    soon: Callable[[str], int],
    standing: Standing | None = None,
    cells: Iterable[Cell] = (),
) -> Counter[Key]:
    """How much an owner adds to each count, on a day and, by validity, on the days to come.

    `soon` tells how many days before its expiry a credential of a type counts as expiring.
    """
    found: Counter[Key] = Counter()
    for credential in credentials:
        if not counted(credential):
            continue
        found[Dimension.TOTAL, "", ALWAYS] += 1
        found[Dimension.STATUS, credential.status.value, ALWAYS] += 1
        found[Dimension.CATEGORY, credential.category.value, ALWAYS] += 1
        found[Dimension.JURISDICTION, credential.jurisdiction or "", ALWAYS] += 1
        found[Dimension.ELIGIBILITY, credential.eligibility.value if credential.eligibility else "", ALWAYS] += 1
        before: Validity | None = None
        for begins, value in _validities(credential, day, soon(credential.credential_type_id)):
            if before is not None:
                found[Dimension.VALIDITY, before.value, begins] -= 1
            found[Dimension.VALIDITY, value.value, begins] += 1
            before = value
    if standing is not None:
        found[Dimension.STANDING, standing.value, ALWAYS] += 1
    for cell in cells:
        if is_gap(cell):
            found[Dimension.GAP, gap(cell.rule.id, cell.status), ALWAYS] += 1
    return found


def is_gap(cell: Cell) -> bool:
    """Whether a worker falls short of what a mandatory rule asks, with no days of grace left."""
    return cell.rule.level is Level.MANDATORY and cell.status in FAILING


def gap(rule_id: str, status: CellStatus) -> str:
    """The value that a gap is counted under."""
    return f"{rule_id} {status.value}"


def counted(credential: KeptCredential) -> bool:
    """Whether a credential is counted at all."""
    return credential.is_live and credential.intake not in UNANSWERED


def _validities(credential: KeptCredential, day: date, soon: int) -> Iterator[tuple[date, Validity]]:
    """A credential's validity on a day, and each that follows with the day from which it counts."""
    expires = None if credential.expires_on == NEVER else credential.expires_on
    turns = [] if expires is None else [expires - timedelta(days=soon), expires + timedelta(days=1)]
    if credential.valid_from is not None:
        turns.append(credential.valid_from)
    before = validity.on(day, credential.valid_from, expires, soon)
    yield ALWAYS, before
    for turn in sorted(after(day, turns)):
        value = validity.on(turn, credential.valid_from, expires, soon)
        if value is not before:
            yield turn, value
            before = value
