"""Evaluate workers against rules on a day. Pure: functions of facts, rules and the day, without a database.

Each credential type among a rule's alternatives is assessed by the worker's best credential of that type. With a
minimum of n types, the nth best type decides the cell: a rule for two of three types is met when the second best is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.compliance.evaluation.facts import Cell, CellStatus, CredentialFacts, ExemptionFacts, RuleFacts, WorkerFacts
from app.compliance.tables import Level, RuleScope
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import NEVER, Approval, VerificationStatus
from app.registries.findings import Eligibility
from app.workers.tables import Standing

BEST_TO_WORST = (
    CellStatus.SATISFIED,
    CellStatus.EXEMPT,
    CellStatus.EXPIRING,
    CellStatus.IN_REVIEW,
    CellStatus.GRACE,
    CellStatus.EXPIRED,
    CellStatus.INELIGIBLE,
    CellStatus.MISSING,
)
"""Cell statuses from best to worst."""
RANK = {status: rank for rank, status in enumerate(BEST_TO_WORST)}
FAILING = frozenset({CellStatus.EXPIRED, CellStatus.INELIGIBLE, CellStatus.MISSING})
AT_RISK = frozenset({CellStatus.EXPIRING, CellStatus.IN_REVIEW, CellStatus.GRACE})
MET = frozenset({CellStatus.SATISFIED, CellStatus.EXEMPT, CellStatus.EXPIRING, CellStatus.IN_REVIEW})
"""Statuses for which the worker need not provide anything."""

WITHDRAWN = frozenset({VerificationStatus.SUSPENDED, VerificationStatus.REVOKED})
UNDECIDED = frozenset({Eligibility.REVIEW_REQUIRED, Eligibility.IN_PROGRESS, Eligibility.ERROR})

DAY = timedelta(days=1)


class Assessment(NamedTuple):
    """The assessment of one credential, or of one credential type."""

    status: CellStatus
    reason: str
    credential_id: str | None = None
    exemption_id: str | None = None
    lacking_since: date = date.min
    """For an expired credential, the first day without it; `date.min` if unknown."""


def cells(worker: WorkerFacts, rules: Iterable[RuleFacts], day: date) -> list[Cell]:
    """Return a cell for each of the rules that apply to a worker on a day."""
    applying = ((rule, applies_since(rule, worker, day)) for rule in rules)
    return [_cell(worker, rule, since, day) for rule, since in applying if since is not None]


def standing(cells: Iterable[Cell]) -> Standing:
    """Return the standing that follows from all cells of a worker; only mandatory rules count."""
    statuses = {cell.status for cell in cells if cell.rule.level is Level.MANDATORY}
    if statuses & FAILING:
        return Standing.NON_COMPLIANT
    return Standing.AT_RISK if statuses & AT_RISK else Standing.COMPLIANT


def next_change(worker: WorkerFacts, rules: Iterable[RuleFacts], cells: Iterable[Cell], day: date) -> date:
    """Return the next day on which cells, or the rules that apply, may change although no fact changes."""
    days = [cell.changes_on for cell in cells]
    for rule in rules:
        days += days_after(day, _rule_change_days(worker, rule))
    return min(days, default=date.max)


def applies_since(rule: RuleFacts, worker: WorkerFacts, day: date) -> date | None:
    """Return the day since which a rule applies to a worker; None if it does not apply on `day`."""
    if not _covers(day, rule.effective_from, rule.effective_to):
        return None
    held_since = [(held.position_id, held.from_date) for held in worker.assignments if held.covers(day)]
    if rule.excluded and rule.excluded & {worker.worker_id, *worker.units, *(position for position, _ in held_since)}:
        return None
    first_day = max(rule.effective_from, worker.since)
    match rule.scope:
        case RuleScope.ALL_WORKERS:
            return first_day
        case RuleScope.WORKER:
            return first_day if rule.worker_id == worker.worker_id else None
        case RuleScope.ORG_UNIT:
            return max(first_day, worker.unit_since or first_day) if rule.org_unit_id in worker.units else None
        case _:
            first_days = [from_date for position, from_date in held_since if position == rule.position_id]
            return max(first_day, min(first_days)) if first_days else None


def assess_credential(credential: CredentialFacts, day: date) -> Assessment | None:
    """Assess one credential on a day; None if it counts for nothing."""
    if credential.intake in UNANSWERED:
        return None
    reason = _ineligible_reason(credential)
    if reason is not None:
        return _assessment(credential, CellStatus.INELIGIBLE, reason)
    expires_on = credential.expires_on
    if expires_on < day or credential.status is VerificationStatus.EXPIRED:
        return _assess_expired(credential, day)
    if credential.valid_from is not None and credential.valid_from > day:
        return None
    if not credential.is_effective:
        return _assessment(credential, CellStatus.IN_REVIEW, "It waits for a reviewer.")
    if credential.eligibility in UNDECIDED or credential.status is VerificationStatus.PENDING:
        return _assessment(credential, CellStatus.IN_REVIEW, "Its check is not settled.")
    if expires_on == NEVER:
        return _assessment(credential, CellStatus.SATISFIED, "It never expires.")
    if _add_days(expires_on, -credential.soon_days) <= day:
        return _assessment(credential, CellStatus.EXPIRING, f"It expires on {expires_on}.")
    return _assessment(credential, CellStatus.SATISFIED, f"It is valid until {expires_on}.")


def days_after(day: date, days: Iterable[date]) -> Iterator[date]:
    """Return the days that come after `day`."""
    return (other for other in days if other > day)


def _cell(worker: WorkerFacts, rule: RuleFacts, since: date, day: date) -> Cell:
    assessments = [_assess_type(worker, rule, type_id, since, day) for type_id in rule.alternatives]
    required = max(1, min(rule.minimum, len(assessments)))
    met = sum(assessment.status in MET for assessment in assessments)
    decisive = sorted(assessments, key=lambda assessment: RANK[assessment.status])[required - 1]
    if decisive.status is not CellStatus.SATISFIED:
        decisive = _assess_exemptions(worker, lambda candidate: candidate.rule_id == rule.id, day) or decisive
    reason = decisive.reason
    if required > 1 and decisive.status not in MET:
        reason = f"{met} of {required} are in order. {reason}"
    missing_types: list[str] = []
    if decisive.status not in MET:
        pairs = zip(rule.alternatives, assessments, strict=True)
        missing_types = [type_id for type_id, assessment in pairs if assessment.status not in MET]
        # No credential of an archived type can be added, so an archived type is asked for only when others run out.
        missing_types.sort(key=rule.archived_types.__contains__)
    return Cell(
        worker_id=worker.worker_id,
        rule=rule,
        day=day,
        status=decisive.status,
        reason=reason,
        credential_id=decisive.credential_id,
        exemption_id=decisive.exemption_id,
        wanted=tuple(missing_types[: required - met]),
        changes_on=min(days_after(day, _change_days(worker, rule, since, decisive.status)), default=date.max),
    )


def _assess_type(worker: WorkerFacts, rule: RuleFacts, type_id: str, since: date, day: date) -> Assessment:
    """Assess a worker's best credential of one type, with exemptions and days of grace taken into account."""
    assessed = [
        (credential, assessment)
        for credential in worker.credentials
        if credential.type_id == type_id and (assessment := assess_credential(credential, day)) is not None
    ]
    # Ties go to the credential that lasts longest, then to the lowest id: the order of the input does not matter.
    ranked = sorted(assessed, key=lambda pair: (RANK[pair[1].status], -pair[0].expires_on.toordinal(), pair[0].id))
    best = ranked[0][1] if ranked else Assessment(CellStatus.MISSING, "Nothing was provided.")
    if best.status is CellStatus.SATISFIED:
        return best
    exemption = _assess_exemptions(worker, lambda candidate: candidate.type_id == type_id, day)
    if exemption is not None:
        return exemption
    if best.status in (CellStatus.EXPIRED, CellStatus.MISSING):
        grace_end = _grace_ends(rule, max(since, best.lacking_since))
        if day < grace_end:
            reason = f"{best.reason} There is time until {grace_end - DAY}."
            return best._replace(status=CellStatus.GRACE, reason=reason)
        if best.status is CellStatus.MISSING:
            return best._replace(reason=f"Nothing was provided; it is asked since {since}.")
    return best


def _assess_exemptions(worker: WorkerFacts, matches: Callable[[ExemptionFacts], bool], day: date) -> Assessment | None:
    """Assess the matching exemption in force that lasts longest; None if there is none."""
    in_force = [
        exemption
        for exemption in worker.exemptions
        if matches(exemption) and _covers(day, exemption.from_date, exemption.to_date)
    ]
    if not in_force:
        return None
    longest = min(in_force, key=lambda exemption: (-(exemption.to_date or date.max).toordinal(), exemption.id))
    reason = f"Exempt until {longest.to_date}." if longest.to_date else f"Exempt since {longest.from_date}."
    return Assessment(CellStatus.EXEMPT, reason, exemption_id=longest.id)


def _change_days(worker: WorkerFacts, rule: RuleFacts, since: date, status: CellStatus) -> Iterator[date]:
    """Yield every day on which a cell may change, a superset of the days on which it does."""
    yield from _rule_change_days(worker, rule)
    unmet = status not in MET
    if unmet:
        yield _grace_ends(rule, since)
    for credential in worker.credentials:
        if credential.type_id in rule.alternatives:
            if credential.valid_from is not None:
                yield credential.valid_from
            if credential.expires_on != NEVER:
                yield _add_days(credential.expires_on, -credential.soon_days)
                yield _add_days(credential.expires_on, 1)
                if unmet:
                    yield _grace_ends(rule, max(since, _add_days(credential.expires_on, 1)))
    for exemption in worker.exemptions:
        if exemption.rule_id == rule.id or exemption.type_id in rule.alternatives:
            yield from _period_edges(exemption.from_date, exemption.to_date)


def _rule_change_days(worker: WorkerFacts, rule: RuleFacts) -> Iterator[date]:
    """Yield the days on which a rule may begin or cease to apply to a worker."""
    yield from _period_edges(rule.effective_from, rule.effective_to)
    for assignment in worker.assignments:
        if assignment.position_id == rule.position_id or assignment.position_id in rule.excluded:
            yield from _period_edges(assignment.from_date, assignment.to_date)


def _period_edges(first: date, last: date | None) -> Sequence[date]:
    return (first,) if last is None else (first, _add_days(last, 1))


def _grace_ends(rule: RuleFacts, since: date) -> date:
    """Return the first day without grace, for a requirement that has been unmet since `since`."""
    return _add_days(since, rule.grace_days)


def _add_days(day: date, days: int) -> date:
    """Add days to a day, limited to the first and the last day of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _covers(day: date, first: date, last: date | None) -> bool:
    return first <= day and (last is None or day <= last)


def _ineligible_reason(credential: CredentialFacts) -> str | None:
    """Return the reason why a credential is ineligible whatever its dates; None if it is not."""
    if credential.latest_approval is Approval.REJECTED and not credential.is_effective:
        return "What was provided was rejected."
    if credential.status in WITHDRAWN:
        return f"It is {credential.status.value.lower()}."
    # A registry reports MAY_NOT_ENGAGE for a lapsed credential too, but that one only needs a renewal.
    if credential.eligibility is Eligibility.MAY_NOT_ENGAGE and credential.status is not VerificationStatus.EXPIRED:
        return "Its holder may not be engaged."
    return None


def _assess_expired(credential: CredentialFacts, day: date) -> Assessment:
    """Assess a credential that has expired, by its date or by its registry's status."""
    by_date = credential.expires_on < day
    sentence = f"It expired on {credential.expires_on}" if by_date else "It has lapsed"
    if credential.is_effective and credential.latest_approval is Approval.PENDING:
        return _assessment(credential, CellStatus.IN_REVIEW, f"{sentence}, and its renewal waits for a reviewer.")
    return _assessment(
        credential, CellStatus.EXPIRED, f"{sentence}.", credential.expires_on + DAY if by_date else date.min
    )


def _assessment(
    credential: CredentialFacts, status: CellStatus, reason: str, lacking_since: date = date.min
) -> Assessment:
    return Assessment(status, reason, credential.id, lacking_since=lacking_since)
