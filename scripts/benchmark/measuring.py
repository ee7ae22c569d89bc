"""Checking that all servers answer the same, and then measuring them, interleaved over rounds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmark import equality, load, processes
from scripts.benchmark.data import Facts
from scripts.benchmark.operations import Operation, Request
from scripts.benchmark.report import Sample
from scripts.benchmark.servers import Running
from scripts.benchmark.undo import Changes

CHECKED = 20
"""Sets of variables of each operation that all servers are asked with before anything is measured."""
WARM_UP_SECONDS = 1
SLOW = 2
"""Who answers a connection less than twice while warming up is measured twice as long."""
LONGEST_SECONDS = 20
LEAST_SHARE = 0.9
"""An average answer under load is at least this share of the smallest one seen before: refusals are small."""


class WentWrong(Exception):
    """A server did something under load that it did not do when it was checked."""


@dataclass(frozen=True)
class Bench:
    """The running servers and what they are measured with."""

    running: Sequence[Running]
    operations: Sequence[Operation]
    facts: Facts
    changes: Mapping[bool, Changes]
    """Those of PostgreSQL, and those of the embedded database."""
    database: int
    """The first process of PostgreSQL."""
    expected: dict[tuple[str, int], Any] = field(default_factory=dict)
    """The first server's answers, by operation and set of variables."""

    def pairs(self) -> list[tuple[Operation, Running]]:
        """Each operation with each server that answers it, the servers of one operation side by side."""
        return [
            (operation, running)
            for operation in self.operations
            for running in self.running
            if running.server.dialect in operation.asked
        ]

    def check(self) -> dict[str, int]:
        """Ask all servers the same. Raises Differs where two answers, or the rows they write, are not equal.

        Gives the number of compared answers of each operation.
        """
        return {operation.name: self._check(operation) for operation in self.operations}

    def _check(self, operation: Operation) -> int:
        compared = 0
        for running in [running for found, running in self.pairs() if found is operation]:
            requests = operation.requests(running.server.dialect, self.facts, f"check-{running.server.name}")
            step = max(1, len(requests) // CHECKED)
            for index in range(0, len(requests), step)[:CHECKED]:
                compared += (operation.name, index) in self.expected
                self._confirm(operation, running, requests[index], index)
            if operation.writes:
                asyncio.run(self._changes(running).take_back())
        return compared

    def _changes(self, running: Running) -> Changes:
        return self.changes[running.server.embedded]

    def _confirm(self, operation: Operation, running: Running, request: Request, index: int = 0) -> int:
        """Raises Differs when an answer is not the expected one; gives its size."""
        status, body = running.ask(request)
        found: dict[str, Any] = {"answer": equality.flat(equality.data_of(running.server.name, status, body))}
        if operation.writes:
            credential = list(operation.variables(self.facts))[index]["id"]
            found["rows"] = asyncio.run(self._changes(running).written(credential))
        expected = self.expected.setdefault((operation.name, index), found)
        if operation.writes:
            expected = expected | {"rows": {name: expected["rows"][name] for name in found["rows"]}}
        equality.compare(self.running[0].server.name, expected, running.server.name, found)
        return len(body)

    def measure(self, rounds: int, seconds: int, tell: Callable[[str], None]) -> list[Sample]:
        """Put the load on every server for every operation, once in each round."""
        slow = set()
        for operation, running in self.pairs():
            loaded, _ = self._load(operation, running, WARM_UP_SECONDS, "warm")
            if loaded.requests < SLOW * load.CONNECTIONS:
                slow.add((operation, running.server))
        samples: list[Sample] = []
        for number in range(1, rounds + 1):
            for operation, running in self.pairs():
                time = seconds * SLOW if (operation, running.server) in slow else seconds
                sample = self._sample(operation, running, time, f"round-{number}")
                samples.append(sample)
                tell(f"round {number}: {operation.title}, {running.server.name}: {sample.server_ms:.2f} ms")
        return samples

    def _sample(self, operation: Operation, running: Running, seconds: int, run: str) -> Sample:
        server, database = running.process.pid, self.database
        processes.wait_until_idle(*(other.process.pid for other in self.running), database)
        before = processes.processor_seconds(server), processes.processor_seconds(database)
        loaded, after = self._load(operation, running, seconds, run)
        if not loaded.requests and seconds < LONGEST_SECONDS:
            return self._sample(operation, running, seconds * SLOW, f"{run}-again")
        return Sample(
            server=running.server.name,
            operation=operation.name,
            per_second=loaded.per_second,
            p50=loaded.p50,
            p99=loaded.p99,
            server_ms=(after[0] - before[0]) * 1_000 / loaded.sent,
            database_ms=None if running.server.embedded else (after[1] - before[1]) * 1_000 / loaded.sent,
        )

    def _load(
        self, operation: Operation, running: Running, seconds: int, run: str
    ) -> tuple[load.Loaded, tuple[float, float]]:
        requests = operation.requests(running.server.dialect, self.facts, f"{run}-{running.server.name}")
        loaded = load.run(running.url, requests, running.headers, seconds, once=operation.writes)
        # Requests that were under way when the load ended were sent, and are paid for.
        processes.wait_until_idle(running.process.pid, self.database)
        after = processes.processor_seconds(running.process.pid), processes.processor_seconds(self.database)
        if operation.writes:
            self._check_changes(running, loaded)
        else:
            # Some servers compile what they have seen often, and might answer otherwise from then on.
            size = self._confirm(operation, running, requests[0])
            if len(requests) == 1 and loaded.bytes < loaded.requests * size * LEAST_SHARE:
                raise WentWrong(f"{running.server.name} gave less of {operation.title} under load than alone")
        return loaded, after

    def _check_changes(self, running: Running, loaded: load.Loaded) -> None:
        done = asyncio.run(self._changes(running).count())
        asyncio.run(self._changes(running).take_back())
        # Once all are approved, what is still sent only repeats the last one.
        if not min(loaded.requests, len(self.facts.pending)) <= done <= loaded.sent:
            raise WentWrong(f"{running.server.name} answered {loaded.requests} approvals, and made {done}")
