"""Checking an evidence pack that somebody hands in."""

from pathlib import Path
from typing import Any

import click
import httpx
import orjson

from app.evidence import checking
from app.evidence.checking import Unsound
from app.evidence.report import one_line, quoted
from app.settings import Settings
from app.signing import jws

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
    of = f"{quoted(worker['displayName'])} ({worker['id']}) at {quoted(organization['name'])}"
    made = f"made at {manifest['madeAt']} for {quoted(manifest['madeFor']['name'])}"
    if manifest["problems"]:
        lacking = [f"{problem['code']} {problem['path']}" for problem in manifest["problems"]]
        raise click.ClickException("\n".join([f"{pack} is as it was signed, but its maker says:", *lacking]))
    click.echo(one_line(f"{pack} is sound: {of}, as of {manifest['asOf']}, {made}"))


def _keys(source: str | None) -> dict[str, Any]:
    try:
        if source is None:
            settings = Settings()
            return jws.load(settings.signing_key_file(), settings.former_keys).public_keys
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
