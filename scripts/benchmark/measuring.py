"""Check that all servers return equal answers, then measure them in interleaved rounds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmark import equality, load, processes
from scripts.benchmark.data import Dataset
from scripts.benchmark.operations import Operation, Request
from scripts.benchmark.report import Sample
from scripts.benchmark.servers import RunningServer
from scripts.benchmark.undo import ApprovalUndo

MAX_CHECKS = 20
"""The number of sets of variables of each operation with which all servers are compared before the measurement."""
WARM_UP_SECONDS = 1
SLOW_FACTOR = 2
"""A server that answers a connection less than twice during the warm-up is measured for twice the time."""
MAX_SECONDS = 20
MIN_SIZE_RATIO = 0.9
"""The least ratio of the average answer under load to the size of a checked answer: error answers are smaller."""


class MeasurementFailed(Exception):
    """A server behaved differently under load than in the check."""


@dataclass(frozen=True)
class Bench:
    """The running servers, and the operations and data to measure them with."""

    running: Sequence[RunningServer]
    operations: Sequence[Operation]
    dataset: Dataset
    undo: Mapping[bool, ApprovalUndo]
    """The undo of approvals by database: False for PostgreSQL, True for SQLite."""
    postgresql_pid: int
    """The id of PostgreSQL's main process."""
    expected: dict[tuple[str, int], Any] = field(default_factory=dict)
    """The first server's answers by operation and set of variables."""

    def pairs(self) -> list[tuple[Operation, RunningServer]]:
        """Return each operation with each server that supports it, grouped by operation."""
        return [
            (operation, running)
            for operation in self.operations
            for running in self.running
            if running.server.api in operation.apis
        ]

    def check(self) -> dict[str, int]:
        """Send the same requests to all servers; return the number of compared answers of each operation.

        Raises Difference if two answers, or the rows that they write, are not equal.
        """
        return {operation.name: self._check(operation) for operation in self.operations}

    def _check(self, operation: Operation) -> int:
        compared = 0
        for running in [running for other, running in self.pairs() if other is operation]:
            requests = operation.requests(running.server.api, self.dataset, f"check-{running.server.name}")
            step = max(1, len(requests) // MAX_CHECKS)
            for index in range(0, len(requests), step)[:MAX_CHECKS]:
                compared += (operation.name, index) in self.expected
                self._confirm(operation, running, requests[index], index)
            if operation.writes:
                asyncio.run(self._undo(running).restore())
        return compared

    def _undo(self, running: RunningServer) -> ApprovalUndo:
        return self.undo[running.server.uses_sqlite]

    def _confirm(self, operation: Operation, running: RunningServer, request: Request, index: int = 0) -> int:
        """Return the size of an answer. Raises Difference if it is not the expected one."""
        status, body = running.send(request)
        actual: dict[str, Any] = {"answer": equality.normalize(equality.data_of(running.server.name, status, body))}
        if operation.writes:
            credential = list(operation.variables(self.dataset))[index]["id"]
            actual["rows"] = asyncio.run(self._undo(running).written_rows(credential))
        expected = self.expected.setdefault((operation.name, index), actual)
        if operation.writes:
            expected = expected | {"rows": {name: expected["rows"][name] for name in actual["rows"]}}
        equality.compare(self.running[0].server.name, expected, running.server.name, actual)
        return len(body)

    def measure(self, rounds: int, seconds: int, report_progress: Callable[[str], None]) -> list[Sample]:
        """Generate the load of every operation on every server, once in each round."""
        slow = set()
        for operation, running in self.pairs():
            result, _ = self._load(operation, running, WARM_UP_SECONDS, "warm")
            if result.requests < SLOW_FACTOR * load.CONNECTIONS:
                slow.add((operation, running.server))
        samples: list[Sample] = []
        for number in range(1, rounds + 1):
            for operation, running in self.pairs():
                time = seconds * SLOW_FACTOR if (operation, running.server) in slow else seconds
                sample = self._sample(operation, running, time, f"round-{number}")
                samples.append(sample)
                report_progress(f"round {number}: {operation.title}, {running.server.name}: {sample.server_ms:.2f} ms")
        return samples

    def _sample(self, operation: Operation, running: RunningServer, seconds: int, run: str) -> Sample:
        server, database = running.process.pid, self.postgresql_pid
        processes.wait_until_idle(*(other.process.pid for other in self.running), database)
        before = processes.processor_seconds(server), processes.processor_seconds(database)
        result, after = self._load(operation, running, seconds, run)
        if not result.requests and seconds < MAX_SECONDS:
            return self._sample(operation, running, seconds * SLOW_FACTOR, f"{run}-again")
        return Sample(
            server=running.server.name,
            operation=operation.name,
            per_second=result.per_second,
            p50=result.p50,
            p99=result.p99,
            server_ms=(after[0] - before[0]) * 1_000 / result.sent,
            database_ms=None if running.server.uses_sqlite else (after[1] - before[1]) * 1_000 / result.sent,
        )

    def _load(
        self, operation: Operation, running: RunningServer, seconds: int, run: str
    ) -> tuple[load.LoadResult, tuple[float, float]]:
        requests = operation.requests(running.server.api, self.dataset, f"{run}-{running.server.name}")
        result = load.run(running.url, requests, running.headers, seconds, once=operation.writes)
        # Requests in flight when the load ended take processor time too.
        processes.wait_until_idle(running.process.pid, self.postgresql_pid)
        after = processes.processor_seconds(running.process.pid), processes.processor_seconds(self.postgresql_pid)
        if operation.writes:
            self._check_approvals(running, result)
        else:
            # Some servers compile documents that they see often, and might answer differently from then on.
            size = self._confirm(operation, running, requests[0])
            if len(requests) == 1 and result.bytes < result.requests * size * MIN_SIZE_RATIO:
                raise MeasurementFailed(
                    f"{running.server.name} returned smaller answers for {operation.title} under load than in the check"
                )
        return result, after

    def _check_approvals(self, running: RunningServer, result: load.LoadResult) -> None:
        approved = asyncio.run(self._undo(running).count_approvals())
        asyncio.run(self._undo(running).restore())
        # When all are approved, further requests only repeat the last approval.
        if not min(result.requests, len(self.dataset.pending_credentials)) <= approved <= result.sent:
            raise MeasurementFailed(f"{running.server.name} answered {result.requests} approvals, but made {approved}")
