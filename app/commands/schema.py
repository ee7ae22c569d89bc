"""The command that writes schema.graphql from the code, or checks that the file is up to date."""

from pathlib import Path

import click
from graphql import build_schema
from graphql.utilities import find_breaking_changes

from app.graph.schema import schema as graph

SNAPSHOT = Path(__file__).parents[2] / "schema.graphql"


@click.command()
@click.option("--check", is_flag=True, help="Fail if schema.graphql is stale.")
@click.option("--allow", multiple=True, help="The message of a breaking change to allow; repeatable.")
def schema(check: bool, allow: tuple[str, ...]) -> None:
    """Write schema.graphql from the code. Fails on a change that breaks clients, unless that change is allowed."""
    new = graph.as_str() + "\n"
    old = SNAPSHOT.read_text() if SNAPSHOT.exists() else None
    if check:
        if new != old:
            raise click.ClickException("schema.graphql is stale; run scripts/schema")
        return
    changes = find_breaking_changes(build_schema(old), build_schema(new)) if old else []
    breaking = [change.description for change in changes if change.description not in allow]
    if breaking:
        raise click.ClickException("this breaks clients:\n" + "\n".join(breaking))
    SNAPSHOT.write_text(new)
