"""The version of a credential in force on a day. Pure: functions of the versions' dates, without a database.

A version is decided once it is approved or needs no approval. In force on a day is the newest decided version whose
dates hold that day; if none holds, the newest that has begun; if none has begun, the one that begins first. So a
renewal that is added early takes over on its first day, and an old period that is recorded late takes nothing over.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from app.credentials.tables import EFFECTIVE_APPROVALS, NEVER, ApprovalStatus, CredentialVersion

DAY = timedelta(days=1)


class Period(msgspec.Struct, frozen=True, array_like=True):
    """The dates of one version. It is stored as a JSON array."""

    version_id: str
    first: date | None
    """The first valid day; None for a version without an issue date, which has always begun."""
    last: date = NEVER
    """The last valid day; NEVER for a version without an expiry date."""
    decided: bool = True
    """True if the version is approved or needs no approval."""

    def has_begun(self, day: date) -> bool:
        """Report whether the version's dates begin on a day or before."""
        return self.first is None or self.first <= day

    def holds(self, day: date) -> bool:
        """Report whether a day lies within the version's dates."""
        return day <= self.last and self.has_begun(day)


def of_versions(versions: Sequence[CredentialVersion]) -> list[Period]:
    """Return the periods of a credential's versions, oldest first: of decided ones, and of a latest that is pending."""
    return [
        Period(version.id, version.issue_date, version.expiry_date or NEVER, version.approval in EFFECTIVE_APPROVALS)
        for version in versions
        if version.approval in EFFECTIVE_APPROVALS
        or (version is versions[-1] and version.approval is ApprovalStatus.PENDING)
    ]


def in_force(decided: Sequence[Period], day: date) -> Period | None:
    """Return the period in force on a day, among those of the decided versions, oldest version first."""
    begun: Period | None = None
    for period in reversed(decided):
        if period.holds(day):
            return period
        if begun is None and period.has_begun(day):
            begun = period
    return begun or min(reversed(decided), key=lambda period: period.first or date.min, default=None)


def next_takeover(decided: Sequence[Period], day: date) -> date:
    """Return the first day after `day` on which another version is in force; NEVER if there is none."""
    if len(decided) < 2:
        return NEVER
    current = in_force(decided, day)
    return next((later for later in _edges(decided, day) if in_force(decided, later) != current), NEVER)


def next_renewal(decided: Sequence[Period], day: date) -> date:
    """Return the first day after `day` on which another version takes over and holds; NEVER if there is none."""
    current = in_force(decided, day)
    for later in _edges(decided, day):
        period = in_force(decided, later)
        if period is not None and period != current and period.holds(later):
            return later
    return NEVER


def expiry_days(decided: Sequence[Period], day: date) -> Iterator[date]:
    """Yield the days, from `day` on, after which no version holds although one holds on the day itself."""
    for later in _edges(decided, day):
        last = later - DAY
        if any(period.last == last and period.holds(last) for period in decided) and not covers(decided, later):
            yield last


def covers(periods: Iterable[Period], day: date) -> bool:
    """Report whether any of some periods holds a day."""
    return any(period.holds(day) for period in periods)


def to_document(periods: Sequence[Period]) -> list[Any]:
    """Return periods as a credential stores them: nothing unless there are several, as its own dates say the rest."""
    return [msgspec.to_builtins(period) for period in periods] if len(periods) > 1 else []


def from_document(
    document: Sequence[Any], effective_version_id: str | None, valid_from: date | None, expires_on: date
) -> list[Period]:
    """Return the periods that a credential's columns say: the stored ones, or else the one of its own dates."""
    if document:
        return msgspec.convert(document, list[Period])
    return [Period(effective_version_id or "", valid_from, expires_on, effective_version_id is not None)]


def _edges(periods: Iterable[Period], day: date) -> list[date]:
    """Return the days after `day` on which a period begins or is over, in order."""
    firsts = {period.first for period in periods if period.first is not None and period.first > day}
    overs = {period.last + DAY for period in periods if day <= period.last < NEVER}
    return sorted(firsts | overs)
