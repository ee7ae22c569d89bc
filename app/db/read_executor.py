"""The fast way to read: prepared statements that run on the drivers' own connections.

A read program is a generator. It yields the reads that it needs next, receives their rows (or the exceptions that they
raised), and returns its result, so that it need not know how reads are run. It may also yield async functions, for
values that no read returns; it receives what they return.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Protocol, TypeVar

from app.db.read_batch import Read

Result = TypeVar("Result")
AsyncCall = Callable[[], Awaitable[Any]]
Requests = Sequence[Read | AsyncCall]
ReadProgram = Generator[Requests, list[Any], Result]

observers: list[Callable[[str], None]] = []
"""Functions called with every statement that runs outside SQLAlchemy, whose own events report the others."""


class ReadExecutor(Protocol):
    """Runs read programs on connections of its own."""

    async def run(self, program: ReadProgram[Result]) -> Result:
        """Return the program's result."""

    async def close(self) -> None:
        """Close the connections."""


def raise_first_error(answers: list[Any]) -> list[Any]:
    """Return the answers to a program's requests, for a program that needs all of them. Raises the first exception."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def notify_observers(text: str) -> None:
    """Report a statement that is about to run to the observers."""
    for observer in observers:
        observer(text)


async def capture(call: AsyncCall) -> Any:
    """Return the value of an async function, or the exception that it raised."""
    try:
        return await call()
    except Exception as error:
        return error
