"""The command line: serve, migrate, schema, organization, keys."""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
import uvicorn
from graphql import build_schema
from graphql.utilities import find_breaking_changes
from sqlalchemy.exc import OperationalError

from app.access import EVERYTHING, ROLES, Actor, ActorKind, Role, Scope
from app.core import logs
from app.core.database import Database
from app.core.errors import DomainError, Refused
from app.core.pages import Ask
from app.credential_types import catalogue
from app.demo import keys as demo_keys
from app.demo import seed
from app.graph.schema import schema as graph
from app.jobs import loop
from app.main import create_app, open_database
from app.migrations import runner
from app.organizations import keys as api_keys
from app.organizations import queries
from app.organizations import settings as organizations
from app.registries.findings import Misconfigured
from app.registries.sources import Sources
from app.settings import Settings

ROOT = Path(__file__).parent.parent
SNAPSHOT = ROOT / "schema.graphql"
STREAMS_END_AFTER_SECONDS = 10

Result = TypeVar("Result")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Credgraph: workforce credentials as one connected graph."""
    logs.configure()


def run(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Run a command's work on the database; a refusal ends the command with its message."""

    async def attempt() -> Result:
        database = open_database(settings)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return asyncio.run(attempt())
    except (DomainError, Refused, Misconfigured) as error:
        raise click.ClickException(str(error)) from None
    except (OSError, OperationalError) as error:
        raise click.ClickException(f"cannot use the database or the folder {settings.data}: {error}") from None


def operator(organization_id: str) -> Actor:
    """Who acts from the command line."""
    return Actor(organization_id, ActorKind.SYSTEM, "cli", "Command line", EVERYTHING)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The folder for all that is written.")
@click.option("--no-demo", is_flag=True, help="Do not load the demo organization into an empty database.")
def serve(host: str, port: int, data: Path | None, no_demo: bool) -> None:
    """Migrate the database, load the demo organization into an empty one, and serve."""
    settings = _settings(data)
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
    # The server has stopped cleanly by then; it only hands the signal on.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[socket])


async def _prepare(database: Database, settings: Settings, *, demo: bool) -> dict[str, str]:
    """Migrate, and load the demo where there is nothing yet; gives the demo's keys, if it is there."""
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


@main.command()
def jobs() -> None:
    """Make the checks that wait or are due, until interrupted. Any number of these may run."""
    settings = Settings()

    async def work(database: Database) -> None:
        sources = Sources(settings.registries)
        try:
            await loop.until_stopped(database, sources)
        finally:
            await sources.close()

    with contextlib.suppress(KeyboardInterrupt):
        run(settings, work)


@main.command()
@click.option("--message", help="Write a new migration with this title instead.")
@click.option("--check", is_flag=True, help="Fail if a migrated database would differ from the code's tables.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The folder of the embedded database.")
def migrate(message: str | None, check: bool, data: Path | None) -> None:
    """Bring the database to the newest version."""
    if message is None and not check:
        done = run(_settings(data), runner.upgrade)
        click.echo("migrated" if done else "nothing to do")
        return

    async def compare(database: Database) -> str | None:
        await runner.upgrade(database)
        if message is not None:
            await runner.write(database, message)
            return None
        return await runner.differences(database)

    with tempfile.TemporaryDirectory() as folder:
        difference = run(Settings(database_url=f"sqlite:///{folder}/check.sqlite"), compare)
    if difference:
        raise click.ClickException(f"{difference}\nwrite a migration: scripts/migrate TITLE")


@main.command()
@click.option("--check", is_flag=True, help="Fail if schema.graphql is stale.")
@click.option("--allow", multiple=True, help="A breaking change to let pass, as its message says it.")
def schema(check: bool, allow: tuple[str, ...]) -> None:
    """Write schema.graphql from the code; refuses a change that breaks clients unless it is allowed."""
    new = graph.as_str() + "\n"
    old = SNAPSHOT.read_text() if SNAPSHOT.exists() else None
    if check:
        if new != old:
            raise click.ClickException("schema.graphql is stale; run scripts/schema")
        return
    broken = find_breaking_changes(build_schema(old), build_schema(new)) if old else []
    refused = [change.description for change in broken if change.description not in allow]
    if refused:
        raise click.ClickException("this breaks clients:\n" + "\n".join(refused))
    SNAPSHOT.write_text(new)


@main.group()
def organization() -> None:
    """Organizations of the installation."""


@organization.command("create")
@click.argument("name")
@click.option("--time-zone", default="UTC", show_default=True, help="The time zone that its dates mean days in.")
@click.option("--sandbox", is_flag=True, help="Verify its credentials by the sandbox registry.")
def organization_create(name: str, time_zone: str, sandbox: bool) -> None:
    """Found an organization with the starter catalogue, and print its owner's key."""

    async def found(database: Database) -> api_keys.IssuedKey:
        async with database.writing() as session:
            founded = await organizations.found(session, name, time_zone, sandbox=sandbox)
            await catalogue.stock(session, operator(founded.id))
            given = {"name": "Owner", "scopes": ROLES[Role.OWNER]}
            return await api_keys.create(session, operator(founded.id), given)

    issued = run(Settings(), found)
    click.echo(issued.api_key.organization_id)
    click.echo(issued.token)


@organization.command("list")
def organization_list() -> None:
    """List the organizations."""

    async def read(database: Database) -> list[str]:
        async with database.reading() as session:
            return [f"{row.id}  {row.name}" for row in await organizations.all_organizations(session)]

    for line in run(Settings(), read):
        click.echo(line)


@main.group()
def keys() -> None:
    """API keys of an organization."""


ORGANIZATION = click.option("--organization", "organization_id", required=True, help="The organization's id.")


@keys.command("create")
@ORGANIZATION
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role if role is not Role.WORKER]),
    help="All scopes of a role.",
)
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]), help="One scope."
)
@click.option("--expires", type=click.DateTime(), help="When it expires, in UTC.")
@click.option("--org-unit", help="A unit to restrict it to, with its subtree.")
def keys_create(
    organization_id: str,
    name: str,
    role: str | None,
    scopes: tuple[str, ...],
    expires: datetime | None,
    org_unit: str | None,
) -> None:
    """Make a key and print its token, which is shown this once."""
    granted = {Scope(scope) for scope in scopes} | (ROLES[Role(role)] if role else frozenset())
    given = {
        "name": name,
        "scopes": granted,
        "expiresAt": expires.replace(tzinfo=UTC) if expires else None,
        "orgUnit": org_unit,
    }

    async def create(database: Database) -> api_keys.IssuedKey:
        async with database.writing() as session:
            return await api_keys.create(session, operator(organization_id), given)

    issued = run(Settings(), create)
    click.echo(issued.api_key.id)
    click.echo(issued.token)


@keys.command("list")
@ORGANIZATION
def keys_list(organization_id: str) -> None:
    """List an organization's keys, the newest 100."""

    async def read(database: Database) -> list[str]:
        async with database.reading() as session:
            page = await queries.keys.page(session, operator(organization_id), Ask(limit=100))
            return [f"{key.id}  {key.name}  {api_keys.state(key, session.now)}" for key in page.rows]

    for line in run(Settings(), read):
        click.echo(line)


@keys.command("rotate")
@ORGANIZATION
@click.argument("key")
@click.option("--overlap-minutes", default=0, show_default=True, help="How long the old secret still works.")
def keys_rotate(organization_id: str, key: str, overlap_minutes: int) -> None:
    """Give a key a new secret and print its token, which is shown this once."""

    async def rotate(database: Database) -> api_keys.IssuedKey:
        async with database.writing() as session:
            given = {"id": key, "overlapMinutes": overlap_minutes}
            return await api_keys.rotate(session, operator(organization_id), given)

    click.echo(run(Settings(), rotate).token)


@keys.command("revoke")
@ORGANIZATION
@click.argument("key")
def keys_revoke(organization_id: str, key: str) -> None:
    """End a key at once."""

    async def revoke(database: Database) -> None:
        async with database.writing() as session:
            await api_keys.revoke(session, operator(organization_id), {"id": key})

    run(Settings(), revoke)
    click.echo(f"{key} is revoked")


def _settings(data: Path | None) -> Settings:
    return Settings() if data is None else Settings(data=data)


if __name__ == "__main__":
    main(prog_name="python -m app")
