"""The results: medians over the rounds, and tables of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Cell = Callable[["Result"], str]


@dataclass(frozen=True)
class Result:
    """The results of one operation of one server."""

    per_second: float
    p50: float
    """The median latency in milliseconds."""
    p99: float
    server_ms: float
    """Processor milliseconds of the server per request."""
    database_ms: float | None
    """Processor milliseconds of the database per request; None if the database runs in the server."""


@dataclass(frozen=True, kw_only=True)
class Sample(Result):
    """The results of one operation of one server in one round."""

    server: str
    operation: str


@dataclass(frozen=True)
class StartResult:
    """The time and processor time of a server's start, and its private memory after all rounds."""

    seconds: float
    processor_seconds: float
    megabytes: float


Results = dict[tuple[str, str], Result]
"""The medians by server and operation."""


def medians(samples: Sequence[Sample]) -> Results:
    """Return the median over the rounds of each number."""
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
    """Return how many times `other` fits into `one`; None if `other` is zero."""
    return one / other if other else None


CELLS: dict[str, Cell] = {
    "Processor milliseconds of the server per request": lambda result: _format_number(result.server_ms),
    "Processor milliseconds of PostgreSQL per request": lambda result: (
        "" if result.database_ms is None else _format_number(result.database_ms)
    ),
    "Requests per second": lambda result: _format_number(result.per_second),
    "Latency in milliseconds, p50 / p99": lambda result: f"{_format_number(result.p50)} / {_format_number(result.p99)}",
}


def tables(
    results: Results, starts: Mapping[str, StartResult], servers: Mapping[str, str], operations: Mapping[str, str]
) -> list[tuple[str, list[list[str]]]]:
    """Return the title and the rows of each table, head first. `servers` and `operations` are titles by name."""
    head = ["server", *operations.values()]
    all_tables = [
        (title, [head, *([label, *_row(results, name, operations, cell)] for name, label in servers.items())])
        for title, cell in CELLS.items()
    ]
    all_tables += _ratios(results, servers, operations)
    rows = [
        [servers[name], f"{start.seconds:.2f}", f"{start.processor_seconds:.2f}", f"{start.megabytes:.0f}"]
        for name, start in starts.items()
    ]
    start_head = ["server", "seconds to first answer", "processor seconds to it", "private memory, MB"]
    return [*all_tables, ("Start and memory", [start_head, *rows])]


def _row(results: Results, server: str, operations: Mapping[str, str], cell: Cell) -> list[str]:
    return [cell(results[server, name]) if (server, name) in results else "" for name in operations]


def _ratios(
    results: Results, servers: Mapping[str, str], operations: Mapping[str, str]
) -> list[tuple[str, list[list[str]]]]:
    first, *others = servers
    if not others:
        return []
    ratio_tables = []
    for title, number in (
        (f"{servers[first]}'s processor time, as a multiple of", lambda result: result.server_ms),
        (f"{servers[first]}'s requests per second, as a multiple of", lambda result: result.per_second),
    ):
        rows = [
            [servers[other], *(_ratio_of(results, first, other, name, number) for name in operations)]
            for other in others
        ]
        ratio_tables.append((title, [["server", *operations.values()], *rows]))
    return ratio_tables


def _ratio_of(results: Results, one: str, other: str, operation: str, number: Callable[[Result], float]) -> str:
    result, other_result = results.get((one, operation)), results.get((other, operation))
    if result is None or other_result is None:
        return ""
    times = ratio(number(result), number(other_result))
    return "" if times is None else f"{times:.2f}"


def _format_number(value: float) -> str:
    """Return a number with three significant figures, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_text(title: str, rows: list[list[str]]) -> str:
    """Return a table as plain text."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join([title, *(line.rstrip() for line in lines)])


def as_markdown(title: str, rows: list[list[str]]) -> str:
    """Return a table as Markdown."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])
