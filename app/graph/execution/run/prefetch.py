"""Prefetching: the reads of a level's edges, made in one statement with the level's own rows.

PostgreSQL runs them as common table expressions that take their keys from the rows. That saves a round trip for each
level of nesting, and a fifth of the processor time of the operation in ../README.md. SQLite has no round trips to save.
"""

from collections.abc import Generator
from typing import Any

from app.db.read_batch import DependentRead
from app.db.read_executor import Requests
from app.graph.execution.run.plan import PlanLevel, Run

MAX_ACTORS = 100  # whose dependent reads a level keeps; one more empties the cache


class PausedRead:
    """A read program, run up to its next requests."""

    def __init__(self, program: Generator[Requests, list[Any], Any]) -> None:
        self._program = program
        self._outcome: Any = None
        self.requests: Requests | None = None
        """The requests that the program waits for; None once it has ended."""
        self.resume(None)

    def resume(self, answers: list[Any] | None) -> None:
        """Run the program up to its next requests, or to its end; `answers` is None at its start."""
        try:
            self.requests = next(self._program) if answers is None else self._program.send(answers)
        except StopIteration as done:
            self._outcome, self.requests = done.value, None
        except Exception as error:
            self._outcome, self.requests = error, None

    def finish(self) -> Generator[Requests, list[Any], Any]:
        """Run the rest of the program; return its result. Raises what the program raised."""
        while self.requests is not None:
            self.resume((yield self.requests))
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def level_prefetch(run: Run, *levels: PlanLevel) -> tuple[DependentRead, ...]:
    """Return the reads that can be made together with the rows of some levels."""
    if run.context.caller is None or not run.reads.can_prefetch:
        return ()
    return tuple([read for level in levels for read in _level_prefetch(run, level)])


def _level_prefetch(run: Run, level: PlanLevel) -> tuple[DependentRead, ...]:
    actor = run.context.actor
    reads = level.dependent_reads.get(actor)
    if reads is None:
        reads = tuple([read for edge in level.edges for read in edge.prefetch(run)])
        if level.is_stable:
            if len(level.dependent_reads) >= MAX_ACTORS:
                level.dependent_reads.clear()
            level.dependent_reads[actor] = reads
    return reads
