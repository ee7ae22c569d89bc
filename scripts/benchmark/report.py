"""What was measured, as medians over the rounds and as tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Cell = Callable[["Result"], str]


@dataclass(frozen=True)
class Sample:
    """One operation of one server in one round."""

    server: str
    operation: str
    per_second: float
    p50: float
    """Milliseconds."""
    p99: float
    server_ms: float
    """Processor milliseconds of the server for each request."""
    database_ms: float | None
    """The same of the database; None where that is in the server itself."""


@dataclass(frozen=True)
class Result:
    """The medians of an operation of a server."""

    per_second: float
    p50: float
    p99: float
    server_ms: float
    database_ms: float | None


@dataclass(frozen=True)
class Start:
    """How a server starts, and how much memory it has for itself after all rounds."""

    seconds: float
    processor: float
    megabytes: float


Results = dict[tuple[str, str], Result]
"""By server and operation."""


def medians(samples: Sequence[Sample]) -> Results:
    """The median over the rounds, for each number on its own."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.server, sample.operation), []).append(sample)
    return {
        key: Result(
            per_second=median(sample.per_second for sample in group),
            p50=median(sample.p50 for sample in group),
            p99=median(sample.p99 for sample in group),
            server_ms=median(sample.server_ms for sample in group),
            database_ms=_median([sample.database_ms for sample in group if sample.database_ms is not None]),
        )
        for key, group in groups.items()
    }


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def ratio(one: float, other: float) -> float | None:
    """How many times the other one is; None where there is nothing to compare with."""
    return one / other if other else None


CELLS: dict[str, Cell] = {
    "Processor milliseconds of the server per request": lambda found: _number(found.server_ms),
    "Processor milliseconds of PostgreSQL per request": lambda found: (
        "" if found.database_ms is None else _number(found.database_ms)
    ),
    "Requests per second": lambda found: _number(found.per_second),
    "Latency in milliseconds, p50 / p99": lambda found: f"{_number(found.p50)} / {_number(found.p99)}",
}


def tables(
    results: Results, starts: Mapping[str, Start], servers: Mapping[str, str], operations: Mapping[str, str]
) -> list[tuple[str, list[list[str]]]]:
    """Each table's title with its rows, the head first. Servers and operations are given as name → title."""
    head = ["server", *operations.values()]
    found = [
        (title, [head, *([shown, *_row(results, name, operations, cell)] for name, shown in servers.items())])
        for title, cell in CELLS.items()
    ]
    found += _ratios(results, servers, operations)
    rows = [
        [servers[name], f"{start.seconds:.2f}", f"{start.processor:.2f}", f"{start.megabytes:.0f}"]
        for name, start in starts.items()
    ]
    start_head = ["server", "seconds to first answer", "processor seconds of that", "memory of its own, MB"]
    return [*found, ("Start and memory", [start_head, *rows])]


def _row(results: Results, server: str, operations: Mapping[str, str], cell: Cell) -> list[str]:
    return [cell(results[server, name]) if (server, name) in results else "" for name in operations]


def _ratios(
    results: Results, servers: Mapping[str, str], operations: Mapping[str, str]
) -> list[tuple[str, list[list[str]]]]:
    first, *others = servers
    if not others:
        return []
    found = []
    for title, number in (
        (f"{servers[first]}'s processor time, as a multiple of", lambda result: result.server_ms),
        (f"{servers[first]}'s requests per second, as a multiple of", lambda result: result.per_second),
    ):
        rows = [
            [servers[other], *(_ratio_of(results, first, other, name, number) for name in operations)]
            for other in others
        ]
        found.append((title, [["server", *operations.values()], *rows]))
    return found


def _ratio_of(results: Results, one: str, other: str, operation: str, number: Callable[[Result], float]) -> str:
    mine, theirs = results.get((one, operation)), results.get((other, operation))
    if mine is None or theirs is None:
        return ""
    times = ratio(number(mine), number(theirs))
    return "" if times is None else f"{times:.2f}"


def _number(value: float) -> str:
    """Three significant figures, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_text(title: str, rows: list[list[str]]) -> str:
    """A table for a terminal."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join([title, *(line.rstrip() for line in lines)])


def as_markdown(title: str, rows: list[list[str]]) -> str:
    """A table for a document."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])
