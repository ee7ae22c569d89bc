"""The command that serves the API; with an empty database it loads a demo organization and prints its keys once."""

import contextlib
import gc
from pathlib import Path

import click
import uvicorn

from app.commands.database_session import run, settings_in
from app.core import private_files
from app.core.errors import DomainError
from app.db.database import Database
from app.demo import key_file as demo_keys
from app.demo import seed
from app.main import create_app
from app.migrations import migrator, version
from app.organizations import api_keys, queries
from app.settings import Settings

SHUTDOWN_TIMEOUT_SECONDS = 10
"""The time that open responses have to end before the server closes them."""
GC_THRESHOLD = 10_000
"""New objects between two garbage collections; Python's default is 700."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the embedded database, files and keys.",
)
@click.option("--no-demo", is_flag=True, help="Do not load the demo organization into an empty database.")
def serve(host: str, port: int, data: Path | None, no_demo: bool) -> None:
    """Migrate the database, load the demo organization if the database is empty, and serve."""
    private_files.use_private_umask()
    settings = settings_in(data)
    is_new, keys = run(settings, lambda database: _prepare(database, settings, demo=not no_demo))
    try:
        app = create_app(settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=settings.body_bytes,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_SECONDS,
    )
    # The socket is bound before the URL is printed, so that a client that reads the URL can connect.
    try:
        socket = config.bind_socket()
    except SystemExit:
        raise click.ClickException(f"cannot listen on {host} port {port}; choose another with --port") from None
    click.echo(f"GraphiQL  http://{host}:{port}/graphql")
    if is_new:
        for role, key in keys.items():
            click.echo(f"{role:<9} {key}")
    elif keys:
        click.echo(f"Demo keys {settings.data / demo_keys.FILE}")
    if not keys:
        environment = "" if data is None else f"CREDGRAPH_DATA={data} "
        click.echo("There are no demo keys for this database. To create an organization and its owner's key:", err=True)
        click.echo(f'{environment}.venv/bin/python -m app organization create "Its name"', err=True)
    # Imported modules and the built schema live as long as the process. Scanning them would stop the server for about
    # 0.1 s in each full collection, so they are excluded from collection.
    gc.freeze()
    # A request makes some hundred objects. Reference counting frees nearly all of them.
    gc.set_threshold(GC_THRESHOLD)
    # After a clean shutdown uvicorn raises the signal again.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[socket])


async def _prepare(database: Database, settings: Settings, *, demo: bool) -> tuple[bool, dict[str, str]]:
    """Migrate the database, and load the demo if there is no organization.

    Return True if the demo is new, and its keys by role, if there are any.
    """
    if not await version.is_newest(database):
        await migrator.upgrade(database)
    async with database.reading() as session:
        empty = not await queries.all_organizations(session)
    if empty and demo:
        click.echo("Loading the demo organization ...", err=True)
        keys = await seed.load(database)
    else:
        keys = await _read_demo_keys(database, settings.data)
    if keys:
        demo_keys.write(keys, settings.data)
    return empty and demo, keys


async def _read_demo_keys(database: Database, folder: Path) -> dict[str, str]:
    """Return the keys by role that an earlier start saved for this database, without those that no longer work."""
    for saved in demo_keys.read(folder):
        keys = {role: key for role, key in saved.items() if await _is_valid(database, key)}
        if keys:
            return keys
    return {}


async def _is_valid(database: Database, key: str) -> bool:
    async with database.reading() as session:
        try:
            await api_keys.authenticate(session, key)
        except DomainError:
            return False
    return True
