"""Serving: on a new machine with a demo organization, whose keys are printed."""

import contextlib
import gc
from pathlib import Path

import click
import uvicorn

from app.commands.database_session import run, settings_in
from app.core.errors import DomainError
from app.db.database import Database
from app.demo import key_file as demo_keys
from app.demo import seed
from app.main import create_app
from app.migrations import runner, version
from app.organizations import api_keys
from app.organizations import settings as organizations
from app.settings import Settings

STREAMS_END_AFTER_SECONDS = 10
GARBAGE_LOOKED_FOR_AFTER = 10_000
"""New objects; Python would look after 700."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The folder for all that is written.")
@click.option("--no-demo", is_flag=True, help="Do not load the demo organization into an empty database.")
def serve(host: str, port: int, data: Path | None, no_demo: bool) -> None:
    """Migrate the database, load the demo organization into an empty one, and serve."""
    settings = settings_in(data)
    keys = run(settings, lambda database: _prepare(database, settings, demo=not no_demo))
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
        timeout_graceful_shutdown=STREAMS_END_AFTER_SECONDS,
    )
    # Bound first: who reads the address can rely on it.
    try:
        socket = config.bind_socket()
    except SystemExit:
        raise click.ClickException(f"cannot listen on {host} port {port}; choose another with --port") from None
    click.echo(f"GraphiQL  http://{host}:{port}/graphql")
    for role, key in keys.items():
        click.echo(f"{role:<9} {key}")
    if not keys:
        where = "" if data is None else f"CREDGRAPH_DATA={data} "
        click.echo(
            "There are no demo keys for this database. An organization of your own, with its owner's key:", err=True
        )
        click.echo(f'{where}.venv/bin/python -m app organization create "Its name"', err=True)
    # What is imported and built by now stays: to look for garbage in it stops the server for a tenth of a second.
    gc.freeze()
    # A request makes some hundred objects, of which reference counting frees nearly all.
    gc.set_threshold(GARBAGE_LOOKED_FOR_AFTER)
    # The server has stopped cleanly by then; it only hands the signal on.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[socket])


async def _prepare(database: Database, settings: Settings, *, demo: bool) -> dict[str, str]:
    """Migrate, and load the demo where there is nothing yet; gives the demo's keys, if it is there."""
    if not await version.is_newest(database):
        await runner.upgrade(database)
    async with database.reading() as session:
        empty = not await organizations.all_organizations(session)
    if empty and demo:
        click.echo("Loading the demo organization ...", err=True)
        keys = await seed.load(database)
    else:
        keys = await _kept_keys(database, settings.data)
    if keys:
        demo_keys.write(keys, settings.data)
    return keys


async def _kept_keys(database: Database, folder: Path) -> dict[str, str]:
    """The keys that an earlier start wrote down for this database."""
    for known in demo_keys.read(folder):
        keys = {role: key for role, key in known.items() if await _works(database, key)}
        if keys:
            return keys
    return {}


async def _works(database: Database, key: str) -> bool:
    async with database.reading() as session:
        try:
            await api_keys.authenticate(session, key)
        except DomainError:
            return False
    return True
