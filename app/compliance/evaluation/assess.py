"""Assess a worker's credentials of one type on a day. Pure: functions of facts and the day, without a database.

A credential is assessed by the version in force on the day (see `app.credentials.effective_version`). Versions that
begin later, of any credential of the type, are its renewal in hand: nobody is asked for another one.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.compliance.evaluation.facts import CellStatus, CredentialFacts
from app.credentials import effective_version
from app.credentials.effective_version import Period
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import NEVER, ApprovalStatus, VerificationStatus
from app.registries.findings import Eligibility

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
    period: Period | None = None
    """The period that the assessment is about: the one in force, or that of a version that waits."""
    is_in_hand: bool = False
    """True if something was provided that begins later, so that nothing need be asked for."""


def assess_type(held: Sequence[CredentialFacts], day: date) -> Assessment:
    """Assess a worker's best credential of one type, given all that the worker holds of it."""
    assessed = [assessment for credential in held if (assessment := assess_credential(credential, day)) is not None]
    best = min(assessed, key=precedence, default=None)
    return Assessment(CellStatus.MISSING, "Nothing was provided.") if best is None else _with_renewal(best, held, day)


def assess_credential(credential: CredentialFacts, day: date) -> Assessment | None:
    """Assess one credential on a day; None if it counts for nothing."""
    if credential.intake in UNANSWERED:
        return None
    in_force = effective_version.in_force(credential.decided, day)
    period = in_force or credential.pending
    reason = _ineligible_reason(credential)
    if reason is not None or period is None:
        reason = reason or "What was provided was rejected."
        return Assessment(CellStatus.INELIGIBLE, reason, credential.id, period=period)
    if period.last < day or credential.status is VerificationStatus.EXPIRED:
        return _assess_expired(credential, period, day)
    if not period.has_begun(day):
        return _assess_early(credential, period, day)
    if in_force is None:
        return Assessment(CellStatus.IN_REVIEW, "It waits for a reviewer.", credential.id, period=period)
    if credential.eligibility in UNDECIDED or credential.status is VerificationStatus.PENDING:
        return Assessment(CellStatus.IN_REVIEW, "Its check is not settled.", credential.id, period=period)
    if period.last == NEVER:
        return Assessment(CellStatus.SATISFIED, "It never expires.", credential.id, period=period)
    if add_days(period.last, -credential.soon_days) <= day:
        return Assessment(CellStatus.EXPIRING, f"It expires on {period.last}.", credential.id, period=period)
    return Assessment(CellStatus.SATISFIED, f"It is valid until {period.last}.", credential.id, period=period)


def add_days(day: date, days: int) -> date:
    """Add days to a day, limited to the first and the last day of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _ineligible_reason(credential: CredentialFacts) -> str | None:
    """Return the reason why a credential is ineligible whatever its dates; None if it is not."""
    if credential.latest_approval is ApprovalStatus.REJECTED and not credential.decided:
        return "What was provided was rejected."
    if credential.status in WITHDRAWN:
        return f"It is {credential.status.value.lower()}."
    # A registry reports MAY_NOT_ENGAGE for a lapsed credential too, but that one only needs a renewal.
    if credential.eligibility is Eligibility.MAY_NOT_ENGAGE and credential.status is not VerificationStatus.EXPIRED:
        return "Its holder may not be engaged."
    return None


def _assess_expired(credential: CredentialFacts, period: Period, day: date) -> Assessment:
    """Assess a credential that has expired, by its date or by its registry's status."""
    by_date = period.last < day
    sentence = f"It expired on {period.last}" if by_date else "It has lapsed"
    if credential.decided and credential.pending is not None and credential.pending.holds(day):
        reason = f"{sentence}, and its renewal waits for a reviewer."
        return Assessment(CellStatus.IN_REVIEW, reason, credential.id, period=period)
    # The version in force may have expired before an older one did.
    lasts = [other.last for other in credential.decided if other.last < day] or [period.last]
    lacking_since = max(lasts) + DAY if by_date else date.min
    return Assessment(CellStatus.EXPIRED, f"{sentence}.", credential.id, lacking_since=lacking_since, period=period)


def _assess_early(credential: CredentialFacts, period: Period, day: date) -> Assessment:
    """Assess a credential that is not valid yet."""
    pending = credential.pending
    if pending is not None and pending.holds(day):
        return Assessment(CellStatus.IN_REVIEW, "It waits for a reviewer.", credential.id, period=pending)
    waits = "" if credential.decided else ", and waits for a reviewer"
    reason = f"It is valid from {period.first}{waits}."
    return Assessment(CellStatus.MISSING, reason, credential.id, period=period, is_in_hand=True)


def precedence(assessment: Assessment) -> tuple[int, int, str]:
    """Return the sort key of a credential among those of its type, or of its rule; the lowest decides.

    Ties go to the credential that lasts longest or, among those that are not valid yet, to the one that begins first,
    and then to the lowest id: the order of the input does not matter. A type of which nothing is held comes last.
    """
    period, key = assessment.period, assessment.credential_id or ""
    if assessment.status is CellStatus.MISSING:
        begins = date.max if period is None else period.first or date.min
        return RANK[assessment.status], begins.toordinal(), key
    if period is None:
        return RANK[assessment.status], 0, key
    return RANK[assessment.status], -period.last.toordinal(), key


def _with_renewal(best: Assessment, held: Sequence[CredentialFacts], day: date) -> Assessment:
    """Return the assessment of a type's best credential with what follows it: a later version, of any of the type's.

    A credential near its end is not expiring if another version holds the day after.
    """
    if best.status is CellStatus.IN_REVIEW:
        return best
    sound = [credential for credential in held if _is_sound(credential)]
    if best.period is not None and best.status in (CellStatus.SATISFIED, CellStatus.EXPIRING):
        return _with_continuation(best, best.period, sound, day)
    first = _first_after(day, (later for credential in sound for later in credential.decided))
    if first is not None:
        reason = f"{best.reason[:-1]}, and is renewed from {first}."
    else:
        first = _first_after(day, (credential.pending for credential in sound if credential.pending is not None))
        reason = f"{best.reason[:-1]}, and its renewal from {first} waits for a reviewer."
    if first is None:
        return best
    return best._replace(reason=reason if best.status is CellStatus.EXPIRED else best.reason, is_in_hand=True)


def _with_continuation(best: Assessment, period: Period, sound: Sequence[CredentialFacts], day: date) -> Assessment:
    """Return the assessment of a credential in force with the version that takes over, or waits to."""
    settled = [credential for credential in sound if _is_settled(credential)]
    takeover = min(_takeover(credential, best.credential_id, day) for credential in settled)
    if period.last == NEVER:
        return best
    after = add_days(period.last, 1)
    if any(effective_version.covers(credential.decided, after) for credential in settled):
        reason = f"It is valid until {period.last}, and renewed from {min(takeover, after)}."
        return best._replace(status=CellStatus.SATISFIED, reason=reason)
    if takeover != NEVER:
        return best._replace(reason=f"{best.reason[:-1]}, and is renewed from {takeover}.")
    waits = any(credential.pending is not None and credential.pending.last > period.last for credential in sound)
    if waits and best.status is CellStatus.EXPIRING:
        return best._replace(reason=f"{best.reason[:-1]}, and its renewal waits for a reviewer.")
    return best


def _takeover(credential: CredentialFacts, best_id: str | None, day: date) -> date:
    """Return the day on which a version of a credential takes over from the best credential of its type, or NEVER."""
    if credential.id == best_id:
        return effective_version.next_renewal(credential.decided, day)
    return _first_after(day, credential.decided) or NEVER


def _first_after(day: date, periods: Iterable[Period]) -> date | None:
    """Return the first day after `day` on which one of some periods begins."""
    return min((period.first for period in periods if period.first is not None and period.first > day), default=None)


def _is_sound(credential: CredentialFacts) -> bool:
    """Report whether a credential was provided and is not barred."""
    return credential.intake not in UNANSWERED and _ineligible_reason(credential) is None


def _is_settled(credential: CredentialFacts) -> bool:
    """Report whether a sound credential counts on the days of its versions, with no check to wait for."""
    lapsed_or_unchecked = credential.status in (VerificationStatus.EXPIRED, VerificationStatus.PENDING)
    return not lapsed_or_unchecked and credential.eligibility not in UNDECIDED
