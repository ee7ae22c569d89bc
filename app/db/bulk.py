"""Calls of many items, each of which succeeds or fails by itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from sqlalchemy.exc import IntegrityError

from app.core.errors import DomainError, DomainErrorGroup, TooMany
from app.db.read_executor import Result
from app.db.session import Session
from app.db.unique_violations import to_domain_errors

MAX_ITEMS = 500


class ItemOutcome(Protocol):
    """The outcome of one item; it has errors if the item was refused."""

    @property
    def errors(self) -> Sequence[DomainError]: ...


Item = TypeVar("Item")
OutcomeT = TypeVar("OutcomeT", bound=ItemOutcome)
IdAction = Callable[[str], Awaitable[Result]]


@dataclass(frozen=True)
class BulkOutcome(Generic[OutcomeT]):
    """The outcomes of a call in the order of its items, with totals."""

    results: list[OutcomeT]
    total: int
    succeeded: int
    failed: int

    @classmethod
    def of(cls, results: list[OutcomeT], **members: Any) -> Self:
        """Return the outcome with counted totals; `members` are those of the subclass."""
        failed = sum(bool(result.errors) for result in results)
        return cls(results, len(results), len(results) - failed, failed, **members)


def check_length(items: Sequence[object], path: str, limit: int = MAX_ITEMS) -> None:
    """Refuse more items than one call may carry. Raises TooMany."""
    if len(items) > limit:
        raise TooMany(f"{path} holds more than {limit} items", (path,), limit=limit)


async def run_each(
    session: Session,
    items: Sequence[Item],
    action: Callable[[Item], Awaitable[Result]],
    *,
    path: str,
    limit: int = MAX_ITEMS,
    order_key: Callable[[Item], str] | None = None,
) -> list[Result | list[DomainError]]:
    """Run an action for every item in a savepoint of its own.

    Returns each item's result or its refusals, in the order of the items. With `order_key` the items run in the order
    of its text, so that two calls about the same rows never wait for each other in a circle, in whatever order each
    lists them.
    """
    check_length(items, path, limit)
    results: dict[int, Result | list[DomainError]] = {}
    numbered = list(enumerate(items))
    if order_key is not None:
        numbered.sort(key=lambda pair: order_key(pair[1]))
    for index, item in numbered:
        try:
            async with session.begin_nested():
                result = await action(item)
                await session.flush()  # a violated index is the refusal of this item, not of the call
            results[index] = result
        except (DomainError, DomainErrorGroup, IntegrityError) as error:
            results[index] = [_at_item(refusal, item, path, index) for refusal in to_domain_errors(error)]
    return [results[index] for index in range(len(items))]


def _at_item(refusal: DomainError, item: object, path: str, index: int) -> DomainError:
    """Return an item's refusal with the path from the call's input: inside the item, or at the item if it is an id.

    A call with ids says everything else, such as the new owner, once for all of them: such paths stay as they are.
    """
    if not isinstance(item, str):
        return refusal.under(path, str(index))
    if refusal.path in ((), ("id",)):
        refusal.path = (path, str(index))
    return refusal
