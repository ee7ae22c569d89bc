"""The payload of a mutation that processes many records."""

from typing import Any

from app.graph.dsl.types import scalar
from app.graph.dsl.user_errors import to_user_errors


def bulk_payload(
    result_type: Any,
    succeeded: str,
    *,
    items: str = "each item",
    failed: str = "The number of items refused.",
    total: str = "The number of items in the input.",
) -> dict[str, Any]:
    """Return the members of a bulk payload: a result for each item, and the number of items by outcome."""
    return {
        "results": (list[result_type], f"A result for {items}, in the order of the input; null if refused."),
        "total": (int, total),
        "succeeded": (int, succeeded),
        "failed": (int, failed),
    }


def errors_field(description: str) -> Any:
    """Declare the `errors` field of one item's result."""
    return scalar(description, derived=lambda result: to_user_errors(result.errors))
