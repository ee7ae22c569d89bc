"""Many items in one call: each stands or falls alone."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from app.core.errors import DomainError, Refused, TooMany
from app.db.database import Session
from app.db.row_access import refusals_of

LIMIT = 500

Item = TypeVar("Item")
Result = TypeVar("Result")
Action = Callable[[str], Awaitable[Result]]


def check_length(items: Sequence[object], path: str, limit: int = LIMIT) -> None:
    """Refuse more items than one call may carry."""
    if len(items) > limit:
        raise TooMany(f"{path} holds more than {limit} items", (path,), limit=limit)


async def each(
    session: Session,
    items: Sequence[Item],
    action: Callable[[Item], Awaitable[Result]],
    *,
    path: str,
    limit: int = LIMIT,
    turn: Callable[[Item], str] | None = None,
) -> list[Result | list[DomainError]]:
    """Run an action for every item in a savepoint of its own; gives each one's result or its refusals, in order.

    With `turn` the items are done in the order of its text, so that two calls about the same rows, in whatever order
    they name them, never wait for each other in a circle.
    """
    check_length(items, path, limit)
    results: dict[int, Result | list[DomainError]] = {}
    numbered = list(enumerate(items))
    if turn is not None:
        numbered.sort(key=lambda pair: turn(pair[1]))
    for index, item in numbered:
        try:
            async with session.begin_nested():
                result = await action(item)
                await session.flush()
            results[index] = result
        except (DomainError, Refused, IntegrityError) as error:
            results[index] = [_placed(refusal, item, path, index) for refusal in refusals_of(error)]
    return [results[index] for index in range(len(items))]


def _placed(refusal: DomainError, item: object, path: str, index: int) -> DomainError:
    """A refusal of one item, seen from the call: inside its row; or, where it is a bare id, at the id itself.

    What else is said of an id, such as to whom it goes, stands once for all items.
    """
    if not isinstance(item, str):
        return refusal.under(path, str(index))
    if refusal.path in ((), ("id",)):
        refusal.path = (path, str(index))
    return refusal
