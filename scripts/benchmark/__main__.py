"""Compare Credgraph with its peers on the same data and operations. Run it with scripts/bench."""

import asyncio
import hashlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from scripts.benchmark import data, holdings, people, processes, report
from scripts.benchmark.data import Dataset
from scripts.benchmark.equality import Difference
from scripts.benchmark.load import CONNECTIONS, LoadFailed
from scripts.benchmark.measuring import Bench, MeasurementFailed
from scripts.benchmark.operations import OPERATIONS, Operation
from scripts.benchmark.servers import ROOT, SERVERS, Locations, RunningServer, Server, ServerFailed, serving
from scripts.benchmark.undo import ApprovalUndo
from tests import postgres

FOLDER_MODE = 0o755  # PostgreSQL's account must be able to reach the folder


def _choice(items: tuple[Server, ...] | tuple[Operation, ...]) -> click.Choice[str]:
    return click.Choice([item.name for item in items])


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--rounds", type=click.IntRange(1), default=3, show_default=True, help="Number of measurements of each operation."
)
@click.option("--seconds", type=click.IntRange(1), default=3, show_default=True, help="Duration of each load.")
@click.option(
    "--servers", "-s", type=_choice(SERVERS), multiple=True, help="Measure only this server. Repeat for more."
)
@click.option(
    "--operations", "-o", type=_choice(OPERATIONS), multiple=True, help="Measure only this operation. Repeat for more."
)
@click.option(
    "--quick", is_flag=True, help="Run one round of one second, to try the benchmark; the figures are not reliable."
)
@click.option("--check", is_flag=True, help="Only check that all answers are equal; measure nothing.")
@click.option(
    "--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Also write the tables to a Markdown file."
)
@click.option("--keep", is_flag=True, help="Keep the databases, and reuse those of the same day.")
def main(
    rounds: int,
    seconds: int,
    servers: tuple[str, ...],
    operations: tuple[str, ...],
    quick: bool,
    check: bool,
    markdown: Path | None,
    keep: bool,
) -> None:
    """Compare Credgraph with its peers: requests per second, latencies and processor times."""
    chosen_servers = [server for server in SERVERS if not servers or server.name in servers]
    chosen_operations = [operation for operation in OPERATIONS if not operations or operation.name in operations]
    # Exit normally on SIGTERM, so that the started processes are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if quick or check:
        rounds, seconds = int(not check), 1
    try:
        with _data_folder(keep) as home:
            tables = _run(home, chosen_servers, chosen_operations, rounds, seconds, keep)
    except (Difference, LoadFailed, MeasurementFailed, ServerFailed, postgres.ServerUnavailable) as error:
        raise click.ClickException(str(error)) from None
    if check:
        return
    conditions = _conditions(rounds, seconds)
    click.echo("\n\n".join([conditions, *(report.as_text(title, rows) for title, rows in tables)]))
    if markdown is not None:
        markdown.write_text(
            "\n\n".join([conditions, *(report.as_markdown(title, rows) for title, rows in tables)]) + "\n"
        )


def _conditions(rounds: int, seconds: int) -> str:
    """Return a sentence about the data, the load and the versions of the programs."""
    node = subprocess.run([os.environ["BENCH_NODE"], "--version"], capture_output=True, text=True).stdout.strip()
    database = subprocess.run([postgres.binaries() / "postgres", "--version"], capture_output=True, text=True).stdout
    return (
        f"{people.WORKERS:,} workers, {holdings.CREDENTIALS:,} credentials, {holdings.VERSIONS:,} versions; "
        f"{CONNECTIONS} connections; medians of {rounds} interleaved rounds of {seconds} s; every server on one core, "
        f"the load and the database on {'another' if os.cpu_count() == 2 else 'the others'}. "
        f"Python {platform.python_version()}, Node {node.removeprefix('v')}, {database.strip()}."
    )


@contextmanager
def _data_folder(keep: bool) -> Iterator[Path]:
    """Yield the folder for all data, which every account can reach, as PostgreSQL's account must."""
    if not keep:
        with tempfile.TemporaryDirectory(prefix="credgraph-bench-") as name:
            Path(name).chmod(FOLDER_MODE)
            yield Path(name)
        return
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir(), f"credgraph-bench-{checkout}")
    home.mkdir(FOLDER_MODE, exist_ok=True)
    yield home


def _run(
    home: Path, servers: list[Server], operations: list[Operation], rounds: int, seconds: int, keep: bool
) -> list[tuple[str, list[list[str]]]]:
    server_core, load_cores = processes.cores()
    database = home / "postgresql"
    database.mkdir(exist_ok=True)
    with ExitStack() as stack:
        # This process, the database and the load stay off the core of the server that is measured.
        stack.enter_context(processes.pinned(load_cores))
        running = stack.enter_context(postgres.start_server(database, kept=keep))
        locations = Locations(running.url, home / "credgraph.sqlite", home)
        dataset = _load_dataset(locations, any(server.uses_sqlite for server in servers))
        undo = {
            uses_sqlite: ApprovalUndo(locations.url(uses_sqlite))
            for uses_sqlite in {server.uses_sqlite for server in servers}
        }
        for approvals in undo.values():
            asyncio.run(approvals.save())
        started = [
            stack.enter_context(_started(server, locations, dataset, OPERATIONS[0], server_core)) for server in servers
        ]
        bench = Bench(started, operations, dataset, undo, running.pid)
        for name, compared in bench.check().items():
            _print_progress(f"{name}: {compared} answers are equal to {servers[0].name}'s")
        results = report.medians(bench.measure(rounds, seconds, _print_progress) if rounds else [])
        starts = {
            server.server.name: report.StartResult(
                server.start_seconds,
                server.start_processor_seconds,
                processes.private_megabytes(server.process.pid),
            )
            for server in started
        }
    return report.tables(
        results,
        starts,
        {server.name: server.title for server in servers},
        {operation.name: operation.title for operation in operations},
    )


@contextmanager
def _started(
    server: Server, locations: Locations, dataset: Dataset, operation: Operation, cores: set[int]
) -> Iterator[RunningServer]:
    first = operation.requests(server.api, dataset, "start")[0]
    with serving(server, locations, dataset.token, first, cores) as running:
        _print_progress(f"{server.name} answered after {running.start_seconds:.2f} s")
        yield running


def _load_dataset(locations: Locations, with_sqlite: bool) -> Dataset:
    """Fill the databases, unless there are kept ones of today."""
    file = locations.folder / "facts.json"
    dataset = Dataset.read(file)
    if dataset is None:
        _print_progress("generating the data ...")
        dataset = asyncio.run(data.create(locations.postgresql))
        dataset.save(file)
        locations.sqlite.unlink(missing_ok=True)
    if with_sqlite and not locations.sqlite.exists():
        _print_progress("copying it to SQLite ...")
        asyncio.run(data.copy_to_sqlite(locations.postgresql, locations.sqlite))
    return dataset


def _print_progress(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main(prog_name="scripts/bench")
