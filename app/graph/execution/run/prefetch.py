"""Reading ahead: what the edges of rows will ask for, read together with the rows that they belong to."""

from collections.abc import Generator
from typing import Any

from app.db.read_batch import Follow
from app.db.read_executor import Needs
from app.graph.execution.run.executor import Level, Run

MOST_CALLERS = 100
"""Callers for whom a level remembers what follows its rows."""


class Begun:
    """Something that asks, as far as it got: `needs` is what it needs to know next; None once it has its outcome."""

    def __init__(self, asking: Generator[Needs, list[Any], Any]) -> None:
        self._asking = asking
        self._outcome: Any = None
        self.needs: Needs | None = None
        self.go_on(None)

    def go_on(self, answers: list[Any] | None) -> None:
        """Go on with what was needed, until something else is."""
        try:
            self.needs = next(self._asking) if answers is None else self._asking.send(answers)
        except StopIteration as done:
            self._outcome, self.needs = done.value, None
        except Exception as error:
            self._outcome, self.needs = error, None

    def rest(self) -> Generator[Needs, list[Any], Any]:
        """What is left of it; gives its outcome. Raises what it raised."""
        while self.needs is not None:
            self.go_on((yield self.needs))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def following(run: Run, *levels: Level) -> tuple[Follow, ...]:
    """What follows the rows of some levels; nothing where it saves nothing to read it with them."""
    if run.context.caller is None or not run.reader.together:
        return ()
    return tuple([each for level in levels for each in _following(run, level)])


def _following(run: Run, level: Level) -> tuple[Follow, ...]:
    caller = run.context.actor
    found = level.follows.get(caller)
    if found is None:
        found = tuple([each for edge in level.edges for each in edge.ahead(run)])
        if level.lasts:
            if len(level.follows) >= MOST_CALLERS:
                level.follows.clear()
            level.follows[caller] = found
    return found
