"""Measures Credgraph beside its peers: the same data, the same questions, equal answers. Run it by scripts/bench."""

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
from scripts.benchmark.data import Facts
from scripts.benchmark.equality import Differs
from scripts.benchmark.load import CONNECTIONS, LoadFailed
from scripts.benchmark.measuring import Bench, WentWrong
from scripts.benchmark.operations import OPERATIONS, Operation
from scripts.benchmark.servers import ROOT, SERVERS, NotServing, Place, Running, Server, serving
from scripts.benchmark.undo import Changes
from tests import postgres

REACHABLE = 0o755


def _names(known: tuple[Server, ...] | tuple[Operation, ...]) -> click.Choice[str]:
    return click.Choice([item.name for item in known])


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often all are measured.")
@click.option("--seconds", type=click.IntRange(1), default=3, show_default=True, help="How long each load lasts.")
@click.option("--servers", "-s", type=_names(SERVERS), multiple=True, help="Only this server; may be given again.")
@click.option("--operations", "-o", type=_names(OPERATIONS), multiple=True, help="Only this operation; likewise.")
@click.option("--quick", is_flag=True, help="One round of one second: to see that all works, not to trust.")
@click.option("--check", is_flag=True, help="Measure nothing: only see that all answers are equal.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write the tables into a file too.")
@click.option("--keep", is_flag=True, help="Keep the databases, and use those that were kept the same day.")
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
    """Measure Credgraph beside its peers, and print requests per second, latencies and processor times."""
    chosen = [server for server in SERVERS if not servers or server.name in servers]
    asked = [operation for operation in OPERATIONS if not operations or operation.name in operations]
    # Told to end, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if quick or check:
        rounds, seconds = int(not check), 1
    try:
        with _home(keep) as home:
            found = _run(home, chosen, asked, rounds, seconds, keep)
    except (Differs, LoadFailed, WentWrong, NotServing, postgres.NoServer) as error:
        raise click.ClickException(str(error)) from None
    if check:
        return
    how = _conditions(rounds, seconds)
    click.echo("\n\n".join([how, *(report.as_text(title, rows) for title, rows in found)]))
    if markdown is not None:
        markdown.write_text("\n\n".join([how, *(report.as_markdown(title, rows) for title, rows in found)]) + "\n")


def _conditions(rounds: int, seconds: int) -> str:
    """What was measured, and how."""
    node = subprocess.run([os.environ["BENCH_NODE"], "--version"], capture_output=True, text=True).stdout.strip()
    database = subprocess.run([postgres.binaries() / "postgres", "--version"], capture_output=True, text=True).stdout
    return (
        f"{people.WORKERS:,} workers, {holdings.CREDENTIALS:,} credentials, {holdings.VERSIONS:,} versions; "
        f"{CONNECTIONS} connections; medians of {rounds} interleaved rounds of {seconds} s; every server on one core, "
        f"the load and the database on {'another' if os.cpu_count() == 2 else 'the others'}. "
        f"Python {platform.python_version()}, Node {node.removeprefix('v')}, {database.strip()}."
    )


@contextmanager
def _home(keep: bool) -> Iterator[Path]:
    """The folder of all that is written. Everybody can reach it, as PostgreSQL's own account must."""
    if not keep:
        with tempfile.TemporaryDirectory(prefix="credgraph-bench-") as name:
            Path(name).chmod(REACHABLE)
            yield Path(name)
        return
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir(), f"credgraph-bench-{checkout}")
    home.mkdir(REACHABLE, exist_ok=True)
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
        running = stack.enter_context(postgres.started(database, kept=keep))
        place = Place(running.url, home / "credgraph.sqlite", home)
        facts = _data(place, any(server.embedded for server in servers))
        changes = {embedded: Changes(place.url(embedded)) for embedded in {server.embedded for server in servers}}
        for found in changes.values():
            asyncio.run(found.begin())
        started = [
            stack.enter_context(_started(server, place, facts, OPERATIONS[0], server_core)) for server in servers
        ]
        bench = Bench(started, operations, facts, changes, running.pid)
        for name, compared in bench.check().items():
            _tell(f"{name}: {compared} answers are equal to {servers[0].name}'s")
        results = report.medians(bench.measure(rounds, seconds, _tell) if rounds else [])
        starts = {
            server.server.name: report.Start(
                server.started_seconds,
                server.started_processor,
                processes.own_megabytes(server.process.pid),
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
def _started(server: Server, place: Place, facts: Facts, operation: Operation, cores: set[int]) -> Iterator[Running]:
    first = operation.requests(server.dialect, facts, "start")[0]
    with serving(server, place, facts.token, first, cores) as running:
        _tell(f"{server.name} answered after {running.started_seconds:.2f} s")
        yield running


def _data(place: Place, embedded: bool) -> Facts:
    """The databases, filled; those of today that were kept are used again."""
    file = place.folder / "facts.json"
    facts = Facts.read(file)
    if facts is None:
        _tell("writing the data ...")
        facts = asyncio.run(data.make(place.postgresql))
        facts.save(file)
        place.sqlite.unlink(missing_ok=True)
    if embedded and not place.sqlite.exists():
        _tell("copying it to SQLite ...")
        asyncio.run(data.copy_to_sqlite(place.postgresql, place.sqlite))
    return facts


def _tell(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main(prog_name="scripts/bench")
