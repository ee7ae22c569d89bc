"""How many credentials there are of each kind, and how many workers of each standing."""

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
from app.compliance.rollups.scope import Extent
from app.credential_types.tables import Category
from app.credentials.tables import Validity, VerificationStatus
from app.db.database import Database, Session
from app.db.read_batch import Read
from app.registries.protocol import Eligibility
from app.workers.tables import Standing

VALUES: dict[Dimension, type[Enum]] = {
    Dimension.STATUS: VerificationStatus,
    Dimension.CATEGORY: Category,
    Dimension.ELIGIBILITY: Eligibility,
    Dimension.VALIDITY: Validity,
    Dimension.STANDING: Standing,
}
ORDERS = {dimension: [str(value.value) for value in values] for dimension, values in VALUES.items()}
"""The values in their order, where it is not that of the alphabet."""
SUMMED = frozenset(Dimension) - {Dimension.GAP}


class Count(msgspec.Struct, frozen=True):
    """How many have a value; None for those without any."""

    value: str | None
    count: int


class Summary(msgspec.Struct, frozen=True, dict=True):
    """The counts of a day."""

    day: date
    sums: Sums
    settled: bool = True
    """Whether all that happened is counted already."""

    @property
    def total(self) -> int:
        """How many credentials."""
        return self.sums.get((Dimension.TOTAL, ""), 0)

    def by(self, dimension: Dimension) -> list[Count]:
        """The counts by one thing, in the order of its values; those without any last."""
        found = dict(self._by_dimension.get(dimension, {}))
        without = found.pop("", 0)
        counts = [Count(value, found[value]) for value in ORDERS.get(dimension) or sorted(found) if found.get(value)]
        return [*counts, Count(None, without)] if without else counts

    @cached_property
    def _by_dimension(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (dimension, value), number in self.sums.items():
            found.setdefault(dimension, {})[value] = number
        return found


def kept(database: Database, actor: Actor, extent: Extent) -> Read:
    """Reads the rows of an extent's counts where they are kept, which `tallies.sums` adds up."""
    return counters.reading(database.dialect, actor.organization_id, extent.units, extent.day, SUMMED)


async def summarize(session: Session, actor: Actor, extent: Extent) -> Summary:
    """The summary of an extent, counted anew."""
    frame = await day_context.of(session, actor.organization_id, extent.day)
    sums: Counter[tuple[str, str]] = Counter()
    async for owner in scope.owners(session, actor, frame, extent):
        for (dimension, value, day), number in owner.counts.items():
            if dimension in SUMMED and day == counting.ALWAYS:
                sums[dimension, value] += number
    return Summary(extent.day, sums)
