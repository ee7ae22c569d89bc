"""The command that migrates the database, writes a migration, or checks that none is missing."""

import tempfile
from pathlib import Path

import click

from app.commands.database_session import run, settings_in
from app.db.database import Database
from app.migrations import migrator
from app.settings import Settings


@click.command()
@click.option("--message", help="Write a new migration with this title instead of migrating.")
@click.option("--check", is_flag=True, help="Fail if a migrated database differs from the tables in the code.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The folder of the embedded database.")
def migrate(message: str | None, check: bool, data: Path | None) -> None:
    """Migrate the database to the newest version."""
    if message is None and not check:
        migrated = run(settings_in(data), migrator.upgrade)
        click.echo("migrated" if migrated else "nothing to do")
        return

    async def compare(database: Database) -> str | None:
        await migrator.upgrade(database)
        if message is not None:
            await migrator.write(database, message)
            return None
        return await migrator.differences(database)

    with tempfile.TemporaryDirectory() as folder:
        difference = run(Settings(database_url=f"sqlite:///{folder}/check.sqlite"), compare)
    if difference:
        raise click.ClickException(f"{difference}\nwrite a migration: scripts/migrate TITLE")
