"""Calls of many items, each of which succeeds or fails by itself."""

from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from sqlalchemy.exc import IntegrityError

from app.core.errors import DomainError, DomainErrorGroup, Invalid, TooMany
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
    row_key: Callable[[Item], Hashable] | None = None,
) -> list[Result | list[DomainError]]:
    """Run an action for every item in a savepoint of its own.

    Returns each item's result or its refusals, in the order of the items. With `order_key` the items run in the order
    of its text, so that two calls about the same rows never wait for each other in a circle, in whatever order each
    lists them. `row_key` returns what tells the row of an item from other rows, or None for an item without one. An
    item about the row of an earlier one is refused: nobody could say which of the two is meant to stand. Leave it out
    where the action itself refuses to do the same twice.
    """
    check_length(items, path, limit)
    results: dict[int, Result | list[DomainError]] = {}
    if row_key is not None:
        results.update(_repeated(items, path, row_key))
    numbered = [(index, item) for index, item in enumerate(items) if index not in results]
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


def _repeated(
    items: Sequence[Item], path: str, row_key: Callable[[Item], Hashable]
) -> Iterator[tuple[int, list[DomainError]]]:
    """Yield the index and the refusal of each item about the row of an earlier one."""
    first_of_row: dict[Hashable, int] = {}
    for index, item in enumerate(items):
        key = row_key(item)
        first = index if key is None else first_of_row.setdefault(key, index)
        if first != index:
            message = f"{path}.{index}: is about the same row as {path}.{first}; send each row once"
            yield index, [Invalid(message, (path, str(index)))]


def _at_item(refusal: DomainError, item: object, path: str, index: int) -> DomainError:
    """Return an item's refusal with the path from the call's input: inside the item, or at the item if it is an id.

    A call with ids says everything else, such as the new owner, once for all of them: such paths stay as they are.
    """
    if not isinstance(item, str):
        return refusal.under(path, str(index))
    if refusal.path in ((), ("id",)):
        refusal.path = (path, str(index))
    return refusal
