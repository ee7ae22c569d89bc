"""The summary: numbers of credentials by several properties, and of workers by standing."""

from collections import Counter
from datetime import date
from enum import Enum
from functools import cached_property

import msgspec

from app.access import Actor
from app.compliance.evaluation import day_context
from app.compliance.rollups import counters, counting, scope
from app.compliance.rollups.counters import Sums
from app.compliance.rollups.counting import Dimension
from app.compliance.rollups.scope import RollupScope
from app.credential_types.tables import CredentialCategory
from app.credentials.tables import Validity, VerificationStatus
from app.db.database import Database
from app.db.read_batch import Read
from app.db.session import Session
from app.registries.findings import Eligibility
from app.workers.tables import Standing

VALUES: dict[Dimension, type[Enum]] = {
    Dimension.STATUS: VerificationStatus,
    Dimension.CATEGORY: CredentialCategory,
    Dimension.ELIGIBILITY: Eligibility,
    Dimension.VALIDITY: Validity,
    Dimension.STANDING: Standing,
}
"""The values of dimensions that are enums, in the order of the counts. Other values are in alphabetical order."""
SUMMED = frozenset(Dimension) - {Dimension.GAP}


class Count(msgspec.Struct, frozen=True):
    """The number of items with a value; None stands for items without a value."""

    value: Enum | str | None
    count: int


class Summary(msgspec.Struct, frozen=True, dict=True):
    """The counts of a day."""

    day: date
    sums: Sums
    settled: bool = True
    """True if the counts include every change so far."""

    @property
    def total(self) -> int:
        """Return the number of credentials."""
        return self.sums.get((Dimension.TOTAL, ""), 0)

    def by(self, dimension: Dimension) -> list[Count]:
        """Return the counts by a dimension, in the order of its values; items without a value come last."""
        numbers = dict(self._by_dimension.get(dimension, {}))
        unset = numbers.pop("", 0)
        values = VALUES.get(dimension)
        counts = [
            Count(value, number)
            for value in values or sorted(numbers)
            if (number := numbers.get(value.value if isinstance(value, Enum) else value))
        ]
        return [*counts, Count(None, unset)] if unset else counts

    @cached_property
    def _by_dimension(self) -> dict[str, dict[str, int]]:
        numbers: dict[str, dict[str, int]] = {}
        for (dimension, value), number in self.sums.items():
            numbers.setdefault(dimension, {})[value] = number
        return numbers


def counters_read(database: Database, actor: Actor, scope: RollupScope) -> Read:
    """Return the read for the counters of a scope; `counters.to_sums` converts its rows."""
    return counters.sums_read(database.dialect, actor.organization_id, scope.units, scope.day, SUMMED)


async def summarize(session: Session, actor: Actor, rollup_scope: RollupScope) -> Summary:
    """Return the summary of a scope, counted from its owners."""
    context = await day_context.load(session, actor.organization_id, rollup_scope.day)
    sums: Counter[tuple[str, str]] = Counter()
    async for counts in scope.load_owner_counts(session, actor, context, rollup_scope):
        for (dimension, value, day), number in counts.counts.items():
            if dimension in SUMMED and day == counting.ALWAYS:
                sums[dimension, value] += number
    return Summary(rollup_scope.day, sums)
