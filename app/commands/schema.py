"""Writing the committed schema from the code, and checking that it is fresh."""

from pathlib import Path

import click
from graphql import build_schema
from graphql.utilities import find_breaking_changes

from app.graph.schema import schema as graph

SNAPSHOT = Path(__file__).parents[2] / "schema.graphql"


@click.command()
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
