"""Doing what nobody calls for: any number of processes may."""

import contextlib

import click

from app.commands.database_session import run
from app.db.database import Database
from app.jobs import loop
from app.main import open_storage
from app.registries.registry_set import Sources
from app.settings import Settings


@click.command()
def jobs() -> None:
    """Make the checks that wait or are due, settle standings, and remove files that nobody needs, until interrupted.

    Any number of these may run.
    """
    settings = Settings()
    try:
        storage = open_storage(settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from None

    async def work(database: Database) -> None:
        sources = Sources(settings.registries)
        try:
            await loop.until_stopped(database, sources, storage)
        finally:
            await sources.close()

    with contextlib.suppress(KeyboardInterrupt):
        run(settings, work)
