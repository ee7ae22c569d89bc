"""Commands for API keys: create, list, rotate and revoke."""

from datetime import UTC, datetime

import click

from app.access import ROLES, Role, Scope
from app.commands.database_session import operator, run
from app.db.database import Database
from app.lists.page_request import PageRequest
from app.organizations import api_keys, queries
from app.settings import Settings


@click.group()
def keys() -> None:
    """Manage the API keys of an organization."""


ORGANIZATION = click.option("--organization", "organization_id", required=True, help="The organization's id.")


@keys.command("create")
@ORGANIZATION
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role if role is not Role.WORKER]),
    help="Grant all scopes of a role.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Grant one scope; repeatable.",
)
@click.option("--expires", type=click.DateTime(), help="The time the key expires, in UTC.")
@click.option("--org-unit", help="The id of an org unit to restrict the key to, with all units below it.")
def keys_create(
    organization_id: str,
    name: str,
    role: str | None,
    scopes: tuple[str, ...],
    expires: datetime | None,
    org_unit: str | None,
) -> None:
    """Create a key and print its id and its token. The token cannot be shown again."""
    granted = {Scope(scope) for scope in scopes} | (ROLES[Role(role)] if role else frozenset())
    input = {
        "name": name,
        "scopes": granted,
        "expiresAt": expires.replace(tzinfo=UTC) if expires else None,
        "orgUnit": org_unit,
    }

    async def create(database: Database) -> api_keys.IssuedKey:
        async with database.writing() as session:
            return await api_keys.create(session, operator(organization_id), input)

    issued = run(Settings(), create)
    click.echo(issued.api_key.id)
    click.echo(issued.token)


@keys.command("list")
@ORGANIZATION
def keys_list(organization_id: str) -> None:
    """List the newest 100 keys of an organization."""

    async def read(database: Database) -> list[str]:
        async with database.reading() as session:
            page = await queries.keys.page(session, operator(organization_id), PageRequest(limit=100))
            return [f"{key.id}  {key.name}  {api_keys.status(key, session.now)}" for key in page.rows]

    for line in run(Settings(), read):
        click.echo(line)


@keys.command("rotate")
@ORGANIZATION
@click.argument("key")
@click.option("--overlap-minutes", default=0, show_default=True, help="Minutes that the old secret keeps working.")
def keys_rotate(organization_id: str, key: str, overlap_minutes: int) -> None:
    """Replace a key's secret and print the new token. The token cannot be shown again."""

    async def rotate(database: Database) -> api_keys.IssuedKey:
        async with database.writing() as session:
            input = {"id": key, "overlapMinutes": overlap_minutes}
            return await api_keys.rotate(session, operator(organization_id), input)

    click.echo(run(Settings(), rotate).token)


@keys.command("revoke")
@ORGANIZATION
@click.argument("key")
def keys_revoke(organization_id: str, key: str) -> None:
    """Revoke a key immediately."""

    async def revoke(database: Database) -> None:
        async with database.writing() as session:
            await api_keys.revoke(session, operator(organization_id), {"id": key})

    run(Settings(), revoke)
    click.echo(f"{key} is revoked")
