"""The compliance summary of the Python peers: kept counts ordered by value, with null last."""

from collections.abc import Iterable
from typing import Any

from app.compliance.rollups.counting import Dimension
from app.credential_types.tables import CredentialCategory
from app.credentials.tables import Validity, VerificationStatus
from app.registries.findings import Eligibility
from app.workers.tables import Standing
from scripts.benchmark.peers import statements
from scripts.benchmark.peers.keys import Caller

ORDER: dict[Dimension, list[str]] = {
    Dimension.STATUS: [value.value for value in VerificationStatus],
    Dimension.CATEGORY: [value.value for value in CredentialCategory],
    Dimension.JURISDICTION: [],
    Dimension.ELIGIBILITY: [value.value for value in Eligibility],
    Dimension.VALIDITY: [value.value for value in Validity],
    Dimension.STANDING: [value.value for value in Standing],
}


def counts(rows: Iterable[Any]) -> dict[str, Any]:
    """Return the total, and the values and counts of each dimension, from rows of (dimension, value, number)."""
    sums: dict[str, dict[str, int]] = {}
    for dimension, value, number in rows:
        sums.setdefault(dimension, {})[value] = number
    found: dict[str, Any] = {"total": sums.get(Dimension.TOTAL, {}).get("", 0)}
    for dimension, known in ORDER.items():
        of = sums.get(dimension, {})
        values = [value for value in known or sorted(of) if value and value in of]
        found[dimension] = [(value, of[value]) for value in values] + [(None, number) for number in _without(of)]
    return found


def _without(of: dict[str, int]) -> list[int]:
    return [of[""]] if "" in of else []


async def summary(connection: Any, caller: Caller, _asked: Any) -> dict[str, Any]:
    """Return the handler's answer."""
    settled = await connection.fetchval(statements.SETTLED, caller.organization_id)
    found = counts(await connection.fetch(statements.SUMMARY, caller.organization_id))
    by = {
        f"by{dimension.capitalize()}": [{"value": value, "count": count} for value, count in found[dimension]]
        for dimension in ORDER
    }
    return {"complianceSummary": {"settled": settled, "total": found["total"], **by}}
