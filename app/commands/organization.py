"""Commands for organizations: create and list."""

import click

from app.access import ROLES, Role
from app.commands.database_session import operator, run
from app.credential_types import catalogue
from app.db.database import Database
from app.organizations import api_keys, founding, queries
from app.settings import Settings


@click.group()
def organization() -> None:
    """Manage the organizations of the installation."""


@organization.command("create")
@click.argument("name")
@click.option("--time-zone", default="UTC", show_default=True, help="The time zone of the organization's dates.")
@click.option("--sandbox", is_flag=True, help="Verify credentials with the sandbox registry.")
def organization_create(name: str, time_zone: str, sandbox: bool) -> None:
    """Create an organization with the starter catalogue, and print its id and its owner's key."""

    async def create(database: Database) -> api_keys.IssuedKey:
        async with database.writing() as session:
            created = await founding.create(session, name, time_zone, sandbox=sandbox)
            await catalogue.install(session, operator(created.id))
            input = {"name": "Owner", "scopes": ROLES[Role.OWNER]}
            return await api_keys.create(session, operator(created.id), input)

    issued = run(Settings(), create)
    click.echo(issued.api_key.organization_id)
    click.echo(issued.token)


@organization.command("list")
def organization_list() -> None:
    """List the organizations."""

    async def read(database: Database) -> list[str]:
        async with database.reading() as session:
            return [f"{row.id}  {row.name}" for row in await queries.all_organizations(session)]

    for line in run(Settings(), read):
        click.echo(line)
