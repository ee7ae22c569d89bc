"""What a mutation of many records at once gives back."""

from typing import Any

from app.graph.dsl.types import scalar
from app.graph.dsl.user_errors import shown


def each(
    of: Any,
    succeeded: str,
    *,
    items: str = "each",
    failed: str = "How many were refused.",
    total: str = "How many there were.",
) -> dict[str, Any]:
    """The members of a payload: what became of each, as an `of`, and how many there were, succeeded and failed."""
    return {
        "results": (list[of], f"What became of {items}, in order; null when the call was refused."),
        "total": (int, total),
        "succeeded": (int, succeeded),
        "failed": (int, failed),
    }


def refusals(description: str) -> Any:
    """Why one of many was refused: the member `errors` of what became of it."""
    return scalar(description, derived=lambda result: shown(result.errors))
