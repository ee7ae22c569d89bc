"""Checking an evidence pack that somebody hands in."""

from pathlib import Path
from typing import Any

import click
import httpx
import orjson

from app.evidence import checking
from app.evidence.checking import Unsound
from app.main import open_signature
from app.settings import Settings

WAIT_SECONDS = 10


@click.command()
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keys", help="The signer's keys: an address, or a file. This installation's own when not given.")
def evidence(pack: Path, keys: str | None) -> None:
    """Check that an evidence pack is whole, and signed by a key of whoever gave it out."""
    try:
        manifest = checking.check(pack, _keys(keys))
    except Unsound as error:
        raise click.ClickException("\n".join([f"{pack} is not sound:", *error.problems])) from None
    worker, organization = manifest["worker"], manifest["organization"]
    click.echo(f"{pack} is sound: {worker['displayName']} ({worker['id']}) at {organization['name']},")
    click.echo(f"as of {manifest['asOf']}, made at {manifest['madeAt']} for {manifest['madeFor']['name']}.")
    for problem in manifest["problems"]:
        click.echo(f"Its maker says: {problem['code']} {problem['path']}")


def _keys(source: str | None) -> dict[str, Any]:
    try:
        if source is None:
            return open_signature(Settings()).public_keys
        if source.startswith(("https://", "http://")):
            content = httpx.get(source, timeout=WAIT_SECONDS).raise_for_status().content
        else:
            content = Path(source).read_bytes()
        found = orjson.loads(content)
        if not isinstance(found, dict):
            raise ValueError("they are no JSON Web Key Set")
        return found
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(f"the keys cannot be had: {error}") from None
