"""Where a worker stands on a day. Pure: facts, rules and the day go in, and there is no database.

For each type among a rule's alternatives the best of the worker's credentials counts, and of the types the one that
comes last among as many as are asked: two of three are in order as soon as the second best is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.compliance.evaluation.facts import Cell, CellStatus, Held, Release, Rule, Situation
from app.compliance.tables import Level, RuleScope
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import NEVER, Approval, VerificationStatus
from app.registries.protocol import Eligibility
from app.workers.tables import Standing

ORDER = (
    CellStatus.SATISFIED,
    CellStatus.EXEMPT,
    CellStatus.EXPIRING,
    CellStatus.IN_REVIEW,
    CellStatus.GRACE,
    CellStatus.EXPIRED,
    CellStatus.INELIGIBLE,
    CellStatus.MISSING,
)
"""From the best to the worst."""
RANK = {status: rank for rank, status in enumerate(ORDER)}
FAILING = frozenset({CellStatus.EXPIRED, CellStatus.INELIGIBLE, CellStatus.MISSING})
RISKY = frozenset({CellStatus.EXPIRING, CellStatus.IN_REVIEW, CellStatus.GRACE})
HAD = frozenset({CellStatus.SATISFIED, CellStatus.EXEMPT, CellStatus.EXPIRING, CellStatus.IN_REVIEW})
"""What nothing more need be provided for."""

WITHDRAWN = frozenset({VerificationStatus.SUSPENDED, VerificationStatus.REVOKED})
OPEN = frozenset({Eligibility.REVIEW_REQUIRED, Eligibility.IN_PROGRESS, Eligibility.ERROR})

DAY = timedelta(days=1)


class Found(NamedTuple):
    """What was found for one type, or of one credential."""

    status: CellStatus
    reason: str
    credential_id: str | None = None
    exemption_id: str | None = None
    lacking_since: date = date.min
    """For what is expired: the first day of the lack, where it is known."""


def cells(situation: Situation, rules: Iterable[Rule], day: date) -> list[Cell]:
    """A cell for each of the rules that apply to a worker on a day."""
    applying = ((rule, applies_since(rule, situation, day)) for rule in rules)
    return [_cell(situation, rule, since, day) for rule, since in applying if since is not None]


def standing(found: Iterable[Cell]) -> Standing:
    """The standing that follows from all cells of a worker; only mandatory ones count."""
    statuses = {cell.status for cell in found if cell.rule.level is Level.MANDATORY}
    if statuses & FAILING:
        return Standing.NON_COMPLIANT
    return Standing.AT_RISK if statuses & RISKY else Standing.COMPLIANT


def changes_on(situation: Situation, rules: Iterable[Rule], found: Iterable[Cell], day: date) -> date:
    """The next day on which the cells may be others, or other rules apply, by the mere passing of days."""
    turns = [cell.changes_on for cell in found]
    for rule in rules:
        turns += after(day, _turns_of_rule(situation, rule))
    return min(turns, default=date.max)


def applies_since(rule: Rule, situation: Situation, day: date) -> date | None:
    """The day since which a rule asks a worker, or None where it does not on that day."""
    if not _within(day, rule.effective_from, rule.effective_to):
        return None
    posts = [post for post in situation.posts if post.covers(day)]
    if rule.excluded and rule.excluded & {situation.worker_id, *situation.units, *(post.position_id for post in posts)}:
        return None
    begun = max(rule.effective_from, situation.since)
    match rule.scope:
        case RuleScope.ALL_WORKERS:
            return begun
        case RuleScope.WORKER:
            return begun if rule.worker_id == situation.worker_id else None
        case RuleScope.ORG_UNIT:
            return max(begun, situation.unit_since or begun) if rule.org_unit_id in situation.units else None
        case _:
            held = [post.from_date for post in posts if post.position_id == rule.position_id]
            return max(begun, min(held)) if held else None


def judge(held: Held, day: date) -> Found | None:
    """What one credential is worth on a day; None where it is as good as none."""
    if held.intake in UNANSWERED:
        return None
    unfit = _unfit(held)
    if unfit is not None:
        return _of(held, CellStatus.INELIGIBLE, unfit)
    until = held.expires_on
    if until < day or held.status is VerificationStatus.EXPIRED:
        return _lapsed(held, day)
    if held.valid_from is not None and held.valid_from > day:
        return None
    if not held.is_effective:
        return _of(held, CellStatus.IN_REVIEW, "It waits for a reviewer.")
    if held.eligibility in OPEN or held.status is VerificationStatus.PENDING:
        return _of(held, CellStatus.IN_REVIEW, "Its check is not settled.")
    if until == NEVER:
        return _of(held, CellStatus.SATISFIED, "It never expires.")
    if _later(until, -held.soon_days) <= day:
        return _of(held, CellStatus.EXPIRING, f"It expires on {until}.")
    return _of(held, CellStatus.SATISFIED, f"It is valid until {until}.")


def after(day: date, days: Iterable[date]) -> Iterator[date]:
    """Those of some days that are still to come."""
    return (each for each in days if each > day)


def _cell(situation: Situation, rule: Rule, since: date, day: date) -> Cell:
    found = [_of_type(situation, rule, type_id, since, day) for type_id in rule.alternatives]
    count = max(1, min(rule.minimum, len(found)))
    had = sum(one.status in HAD for one in found)
    decisive = sorted(found, key=lambda one: RANK[one.status])[count - 1]
    if decisive.status is not CellStatus.SATISFIED:
        released = _release(situation, lambda release: release.rule_id == rule.id, day)
        decisive = released or decisive
    reason = decisive.reason
    if count > 1 and decisive.status not in HAD:
        reason = f"{had} of {count} are in order. {reason}"
    lacking: list[str] = []
    if decisive.status not in HAD:
        lacking = [type_id for type_id, one in zip(rule.alternatives, found, strict=True) if one.status not in HAD]
        # Nobody can provide anew what is out of use, and so it is asked for last.
        lacking.sort(key=rule.retired.__contains__)
    return Cell(
        worker_id=situation.worker_id,
        rule=rule,
        day=day,
        status=decisive.status,
        reason=reason,
        credential_id=decisive.credential_id,
        exemption_id=decisive.exemption_id,
        wanted=tuple(lacking[: count - had]),
        changes_on=min(after(day, _turns(situation, rule, since, decisive.status)), default=date.max),
    )


def _of_type(situation: Situation, rule: Rule, type_id: str, since: date, day: date) -> Found:
    """The best of a worker's credentials of one type, and what days of grace or an exemption make of it."""
    judged = [
        (held, found) for held in situation.held if held.type_id == type_id and (found := judge(held, day)) is not None
    ]
    # Among equals the longest lasting; then by id, so that the order in which they come does not matter.
    ranked = sorted(judged, key=lambda each: (RANK[each[1].status], -each[0].expires_on.toordinal(), each[0].id))
    best = ranked[0][1] if ranked else Found(CellStatus.MISSING, "Nothing was provided.")
    if best.status is CellStatus.SATISFIED:
        return best
    released = _release(situation, lambda release: release.type_id == type_id, day)
    if released is not None:
        return released
    if best.status in (CellStatus.EXPIRED, CellStatus.MISSING):
        ends = _grace_ends(rule, max(since, best.lacking_since))
        if day < ends:
            reason = f"{best.reason} There is time until {ends - DAY}."
            return best._replace(status=CellStatus.GRACE, reason=reason)
        if best.status is CellStatus.MISSING:
            return best._replace(reason=f"Nothing was provided; it is asked since {since}.")
    return best


def _release(situation: Situation, concerns: Callable[[Release], bool], day: date) -> Found | None:
    """The exemption in force that lasts longest."""
    lasting = [each for each in situation.releases if concerns(each) and _within(day, each.from_date, each.to_date)]
    if not lasting:
        return None
    best = min(lasting, key=lambda each: (-(each.to_date or date.max).toordinal(), each.id))
    reason = f"Exempt until {best.to_date}." if best.to_date else f"Exempt since {best.from_date}."
    return Found(CellStatus.EXEMPT, reason, exemption_id=best.id)


def _turns(situation: Situation, rule: Rule, since: date, status: CellStatus) -> Iterator[date]:
    """The days on which a cell may turn; more than those on which it does."""
    yield from _turns_of_rule(situation, rule)
    lacking = status not in HAD
    if lacking:
        yield _grace_ends(rule, since)
    for held in situation.held:
        if held.type_id in rule.alternatives:
            if held.valid_from is not None:
                yield held.valid_from
            if held.expires_on != NEVER:
                yield _later(held.expires_on, -held.soon_days)
                yield _later(held.expires_on, 1)
                if lacking:
                    yield _grace_ends(rule, max(since, _later(held.expires_on, 1)))
    for release in situation.releases:
        if release.rule_id == rule.id or release.type_id in rule.alternatives:
            yield from _extent(release.from_date, release.to_date)


def _turns_of_rule(situation: Situation, rule: Rule) -> Iterator[date]:
    """The days on which it may begin or cease to apply."""
    yield from _extent(rule.effective_from, rule.effective_to)
    for post in situation.posts:
        if post.position_id == rule.position_id or post.position_id in rule.excluded:
            yield from _extent(post.from_date, post.to_date)


def _extent(first: date, last: date | None) -> Sequence[date]:
    return (first,) if last is None else (first, _later(last, 1))


def _grace_ends(rule: Rule, since: date) -> date:
    """The first day without grace; who is asked only later has until that day anyway."""
    return _later(since, rule.grace_days)


def _later(day: date, days: int) -> date:
    """A day some days later, or the calendar's first or last."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _within(day: date, first: date, last: date | None) -> bool:
    return first <= day and (last is None or day <= last)


def _unfit(held: Held) -> str | None:
    """Why its holder could not be engaged, whatever its dates; None where nothing speaks against it."""
    if held.latest_approval is Approval.REJECTED and not held.is_effective:
        return "What was provided was rejected."
    if held.status in WITHDRAWN:
        return f"It is {held.status.value.lower()}."
    # A registry says of a lapsed one too that its holder may not be engaged; what it lacks is a renewal.
    if held.eligibility is Eligibility.MAY_NOT_ENGAGE and held.status is not VerificationStatus.EXPIRED:
        return "Its holder may not be engaged."
    return None


def _lapsed(held: Held, day: date) -> Found:
    """What is left of one that has expired, by its date or in the words of its registry."""
    dated = held.expires_on < day
    said = f"It expired on {held.expires_on}" if dated else "It has lapsed"
    if held.is_effective and held.latest_approval is Approval.PENDING:
        return _of(held, CellStatus.IN_REVIEW, f"{said}, and its renewal waits for a reviewer.")
    return _of(held, CellStatus.EXPIRED, f"{said}.", held.expires_on + DAY if dated else date.min)


def _of(held: Held, status: CellStatus, reason: str, lacking_since: date = date.min) -> Found:
    return Found(status, reason, held.id, lacking_since=lacking_since)
