"""The command that runs the background jobs."""

import contextlib

import click

from app.commands.database_session import run
from app.core import private_files
from app.db.database import Database
from app.jobs import loop
from app.main import open_storage
from app.registries.registry_set import RegistrySet
from app.settings import Settings


@click.command()
def jobs() -> None:
    """Run the background jobs until interrupted: verify credentials, settle standings, remove unneeded files.

    Any number of these processes may run at the same time.
    """
    private_files.use_private_umask()
    settings = Settings()
    try:
        storage = open_storage(settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from None

    async def work(database: Database) -> None:
        registries = RegistrySet(settings.registries)
        try:
            await loop.run_until_stopped(database, registries, storage)
        finally:
            await registries.close()

    with contextlib.suppress(KeyboardInterrupt):
        run(settings, work)
