"""The payload of a mutation that processes many records, and the result of each of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.graph.dsl.types import interface, scalar
from app.graph.dsl.user_errors import UserError, to_user_errors


@interface
class BulkResult:
    """The result for one item of a mutation that processes many."""

    index: int = scalar("The place of the item in the input, from 0; of the result, where the input lists no items.")
    errors: list[UserError] = scalar(
        "The errors that refused the item; empty if it succeeded.",
        derived=lambda result: to_user_errors(result.errors),
    )

    @staticmethod
    def is_type_of(value: Any, _info: Any) -> bool:
        """Return True for the result of an action, in the place of an instance of the type."""
        return isinstance(value, NumberedResult)


@interface
class BulkPayload:
    """The payload of a mutation that processes many records. Each item succeeds or fails alone."""

    results: list[BulkResult] | None = scalar("A result for each item; null if refused.")
    total: int | None = scalar("The number of items; null if refused.")
    succeeded: int | None = scalar("The number of items that succeeded; null if refused.")
    failed: int | None = scalar("The number of items that failed; null if refused.")
    errors: list[UserError] = scalar("The errors that refused the mutation as a whole.")


@dataclass(frozen=True, slots=True)
class NumberedResult:
    """The result of an action for one item, with its place. Results are stored for repeated calls without it."""

    index: int
    result: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.result, name)


def numbered(results: Iterable[Any]) -> list[NumberedResult]:
    """Return the results of a bulk action with their places."""
    return [NumberedResult(index, result) for index, result in enumerate(results)]


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
