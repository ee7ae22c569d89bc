"""Evaluate workers against rules on a day. Pure: functions of facts, rules and the day, without a database.

Each credential type among a rule's alternatives is assessed by the worker's best credential of that type. With a
minimum of n types, the nth best type decides the cell: a rule for two of three types is met when the second best is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from app.compliance.evaluation import assess
from app.compliance.evaluation.assess import AT_RISK, DAY, FAILING, MET, Assessment, add_days
from app.compliance.evaluation.facts import Cell, CellStatus, ExemptionFacts, RuleFacts, WorkerFacts
from app.compliance.tables import RequirementLevel, RuleScope
from app.credentials.tables import NEVER
from app.workers.tables import Standing


def cells(worker: WorkerFacts, rules: Iterable[RuleFacts], day: date) -> list[Cell]:
    """Return a cell for each of the rules that apply to a worker on a day."""
    applying = ((rule, applies_since(rule, worker, day)) for rule in rules)
    return [_cell(worker, rule, since, day) for rule, since in applying if since is not None]


def standing(cells: Iterable[Cell]) -> Standing:
    """Return the standing that follows from all cells of a worker; only mandatory rules count."""
    statuses = {cell.status for cell in cells if cell.rule.level is RequirementLevel.MANDATORY}
    if statuses & FAILING:
        return Standing.NON_COMPLIANT
    return Standing.AT_RISK if statuses & AT_RISK else Standing.COMPLIANT


def next_change(worker: WorkerFacts, rules: Iterable[RuleFacts], cells: Iterable[Cell], day: date) -> date:
    """Return the next day on which cells, or the rules that apply, may change although no fact changes."""
    days = [cell.may_change_on for cell in cells]
    days += days_after(day, _end_of_employment(worker))
    for rule in rules:
        days += days_after(day, _rule_change_days(worker, rule))
    return min(days, default=date.max)


def applies_since(rule: RuleFacts, worker: WorkerFacts, day: date) -> date | None:
    """Return the day since which a rule applies to a worker; None if it does not apply on `day`."""
    if worker.until is not None and day > worker.until:
        return None
    if not rule.is_in_force(day):
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


def changes_on(cell: Cell) -> date:
    """Return the next day on which a cell has another status, or ceases, although no fact changes; or `date.max`."""
    assert cell.facts is not None
    later = cell
    while later.may_change_on != date.max:
        day = later.may_change_on
        since = applies_since(cell.rule, cell.facts, day)
        if since is None:
            return day
        later = _cell(cell.facts, cell.rule, since, day)
        if later.status is not cell.status:
            return day
    return date.max


def days_after(day: date, days: Iterable[date]) -> Iterator[date]:
    """Return the days that come after `day`."""
    return (other for other in days if other > day)


def _cell(worker: WorkerFacts, rule: RuleFacts, since: date, day: date) -> Cell:
    assessments = [_assess_type(worker, rule, type_id, since, day) for type_id in rule.alternatives]
    required = max(1, min(rule.minimum, len(assessments)))
    met = sum(assessment.status in MET for assessment in assessments)
    # Of two types in one status, the one that lasts longer comes first, else the one that the rule names first.
    decisive = sorted(assessments, key=lambda assessment: assess.precedence(assessment)[:2])[required - 1]
    if decisive.status is not CellStatus.SATISFIED:
        decisive = _assess_exemptions(worker, lambda candidate: candidate.rule_id == rule.id, day) or decisive
    reason = decisive.reason
    if required > 1 and decisive.status not in MET:
        reason = f"{met} of {required} are in order. {reason}"
    missing_types: list[str] = []
    provided = sum(assessment.status in MET or assessment.is_in_hand for assessment in assessments)
    if decisive.status not in MET:
        pairs = zip(rule.alternatives, assessments, strict=True)
        missing_types = [
            type_id for type_id, assessment in pairs if assessment.status not in MET and not assessment.is_in_hand
        ]
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
        wanted=tuple(missing_types[: max(0, required - provided)]),
        may_change_on=min(days_after(day, _change_days(worker, rule, since, decisive.status)), default=date.max),
        facts=worker,
    )


def _assess_type(worker: WorkerFacts, rule: RuleFacts, type_id: str, since: date, day: date) -> Assessment:
    """Assess a worker's best credential of one type, with exemptions and days of grace taken into account."""
    held = [credential for credential in worker.credentials if credential.type_id == type_id]
    best = assess.assess_type(held, day)
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
        if best.credential_id is None:
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
            for period in (*credential.decided, credential.pending) if credential.pending else credential.decided:
                if period.first is not None:
                    yield period.first
                if period.last != NEVER:
                    yield add_days(period.last, -credential.soon_days)
                    yield add_days(period.last, 1)
                    if unmet:
                        yield _grace_ends(rule, max(since, add_days(period.last, 1)))
    for exemption in worker.exemptions:
        if exemption.rule_id == rule.id or exemption.type_id in rule.alternatives:
            yield from _period_edges(exemption.from_date, exemption.to_date)


def _rule_change_days(worker: WorkerFacts, rule: RuleFacts) -> Iterator[date]:
    """Yield the days on which a rule may begin or cease to apply to a worker."""
    yield from _end_of_employment(worker)
    yield from _period_edges(rule.effective_from, rule.effective_to)
    for assignment in worker.assignments:
        if assignment.position_id == rule.position_id or assignment.position_id in rule.excluded:
            yield from _period_edges(assignment.from_date, assignment.to_date)


def _end_of_employment(worker: WorkerFacts) -> Sequence[date]:
    """Return the first day after the employment, if that is known."""
    return () if worker.until is None else (add_days(worker.until, 1),)


def _period_edges(first: date, last: date | None) -> Sequence[date]:
    return (first,) if last is None else (first, add_days(last, 1))


def _grace_ends(rule: RuleFacts, since: date) -> date:
    """Return the first day without grace, for a requirement that has been unmet since `since`."""
    return add_days(since, rule.grace_days)


def _covers(day: date, first: date, last: date | None) -> bool:
    return first <= day and (last is None or day <= last)
