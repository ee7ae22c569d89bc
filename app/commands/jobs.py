"""Doing what nobody calls for: any number of processes may."""

import contextlib

import click

from app.commands.running import run
from app.core.database import Database
from app.jobs import loop
from app.registries.sources import Sources
from app.settings import Settings


@click.command()
def jobs() -> None:
    """Make the checks that wait or are due, and settle standings, until interrupted. Any number of these may run."""
    settings = Settings()

    async def work(database: Database) -> None:
        sources = Sources(settings.registries)
        try:
            await loop.until_stopped(database, sources)
        finally:
            await sources.close()

    with contextlib.suppress(KeyboardInterrupt):
        run(settings, work)
