"""Run a command's work on the installation's database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.exc import OperationalError

from app.access import ALL_SCOPES, Actor, ActorKind
from app.core.errors import DomainError, DomainErrorGroup
from app.db.database import Database
from app.main import open_database
from app.registries.protocol import Misconfigured
from app.settings import Settings

CommandResult = TypeVar("CommandResult")


def settings_in(data: Path | None) -> Settings:
    """Return the settings, with another data folder if one is given."""
    return Settings() if data is None else Settings(data=data)


def run(settings: Settings, work: Callable[[Database], Awaitable[CommandResult]]) -> CommandResult:
    """Run a command's work on the database and return its result.

    Raises click.ClickException with the message of a domain error, a misconfiguration or an unusable database.
    """

    async def open_and_work() -> CommandResult:
        database = open_database(settings)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return asyncio.run(open_and_work())
    except (DomainError, DomainErrorGroup, Misconfigured) as error:
        raise click.ClickException(str(error)) from None
    except (OSError, OperationalError) as error:
        raise click.ClickException(f"cannot use the database or the folder {settings.data}: {error}") from None


def operator(organization_id: str) -> Actor:
    """Return the actor for commands: the system, with every scope in the organization."""
    return Actor(organization_id, ActorKind.SYSTEM, "cli", "Command line", ALL_SCOPES)
