"""Count what an owner adds to a roll-up. Pure: functions of rows and the day, without a database.

Counts include the standings of workers, and the credentials that were provided and are neither archived nor deleted, of
owners who are not deleted. A credential with a worker and an applicant counts as the worker's; while the worker is
deleted, as the applicant's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from enum import StrEnum

from app.compliance.evaluation.assess import FAILING, add_days
from app.compliance.evaluation.evaluate import days_after
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.evaluation.snapshots import CredentialSnapshot
from app.compliance.tables import RequirementLevel
from app.core.fields import MIN_DATE
from app.credentials import validity
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import NEVER, Validity
from app.workers.tables import Standing

ALWAYS = MIN_DATE
"""The first day of counts that have already begun."""


class Dimension(StrEnum):
    """A property by which owners and credentials are counted."""

    TOTAL = "TOTAL"
    STATUS = "STATUS"
    CATEGORY = "CATEGORY"
    JURISDICTION = "JURISDICTION"
    ELIGIBILITY = "ELIGIBILITY"
    VALIDITY = "VALIDITY"
    STANDING = "STANDING"
    GAP = "GAP"
    """Workers with a gap in a mandatory rule, by rule and status: see `gap_value`."""


CountKey = tuple[str, str, date]
"""A dimension, one of its values (empty for none), and the day from which the number counts."""


def count(
    credentials: Iterable[CredentialSnapshot],
    day: date,
    soon_days: Callable[[str], int],
    standing: Standing | None = None,
    cells: Iterable[Cell] = (),
) -> Counter[CountKey]:
    """Return what an owner adds to each count on a day and, for validity, on later days.

    `soon_days` returns the number of days before expiry from which a credential of a type counts as expiring.
    """
    counts: Counter[CountKey] = Counter()
    for credential in credentials:
        if not is_counted(credential):
            continue
        counts[Dimension.TOTAL, "", ALWAYS] += 1
        counts[Dimension.STATUS, credential.status.value, ALWAYS] += 1
        counts[Dimension.CATEGORY, credential.category.value, ALWAYS] += 1
        counts[Dimension.JURISDICTION, credential.jurisdiction or "", ALWAYS] += 1
        counts[Dimension.ELIGIBILITY, credential.eligibility.value if credential.eligibility else "", ALWAYS] += 1
        previous: Validity | None = None
        for since, value in _validity_periods(credential, day, soon_days(credential.credential_type_id)):
            if previous is not None:
                counts[Dimension.VALIDITY, previous.value, since] -= 1
            counts[Dimension.VALIDITY, value.value, since] += 1
            previous = value
    if standing is not None:
        counts[Dimension.STANDING, standing.value, ALWAYS] += 1
    for cell in cells:
        if is_gap(cell):
            counts[Dimension.GAP, gap_value(cell.rule.id, cell.status), ALWAYS] += 1
    return counts


def is_gap(cell: Cell) -> bool:
    """Return whether a worker fails a mandatory rule, with no days of grace left."""
    return cell.rule.level is RequirementLevel.MANDATORY and cell.status in FAILING


def gap_value(rule_id: str, status: CellStatus) -> str:
    """Return the value of `Dimension.GAP` for a rule and a status."""
    return f"{rule_id} {status.value}"


def is_counted(credential: CredentialSnapshot) -> bool:
    """Return whether a credential counts at all."""
    return credential.is_live and credential.intake not in UNANSWERED


def validity_on(credential: CredentialSnapshot, day: date, soon_days: int) -> Validity:
    """Return the validity on a day of the version in force, or of the latest if none is decided."""
    period = credential.on(day)
    return validity.validity_on(day, period.first, None if period.last == NEVER else period.last, soon_days)


def _validity_periods(credential: CredentialSnapshot, day: date, soon_days: int) -> Iterator[tuple[date, Validity]]:
    """Yield a credential's validity on a day, and each later validity with its first day."""
    days: set[date] = set()
    for period in credential.decided or [credential.on(day)]:
        if period.first is not None:
            days.add(period.first)
        if period.last != NEVER:
            days |= {add_days(period.last, -soon_days), add_days(period.last, 1)}
    current = validity_on(credential, day, soon_days)
    yield ALWAYS, current
    for later in sorted(days_after(day, days)):
        value = validity_on(credential, later, soon_days)
        if value is not current:
            yield later, value
            current = value
