"""The command that verifies an evidence pack."""

from pathlib import Path
from typing import Any

import click
import httpx
import orjson

from app.evidence import checking
from app.evidence.checking import InvalidPack
from app.evidence.report import quote, to_one_line
from app.settings import Settings
from app.signing import jws

TIMEOUT_SECONDS = 10


@click.command()
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keys", help="The signer's public keys: a URL or a file. Defaults to this installation's keys.")
def evidence(pack: Path, keys: str | None) -> None:
    """Verify that an evidence pack is complete, unchanged and signed by the expected key."""
    try:
        manifest = checking.check(pack, _load_keys(keys))
    except InvalidPack as error:
        raise click.ClickException("\n".join([f"{pack} is not sound:", *error.problems])) from None
    worker, organization = manifest["worker"], manifest["organization"]
    subject = f"{quote(worker['displayName'])} ({worker['id']}) at {quote(organization['name'])}"
    made = f"made at {manifest['madeAt']} for {quote(manifest['madeFor']['name'])}"
    if manifest["problems"]:
        problems = [f"{problem['code']} {problem['path']}" for problem in manifest["problems"]]
        raise click.ClickException("\n".join([f"{pack} is unchanged, but its maker reported problems:", *problems]))
    click.echo(to_one_line(f"{pack} is sound: {subject}, as of {manifest['asOf']}, {made}"))


def _load_keys(source: str | None) -> dict[str, Any]:
    try:
        if source is None:
            settings = Settings()
            return jws.load_signer(settings.signing_key_file(), settings.former_keys).public_keys
        if source.startswith(("https://", "http://")):
            content = httpx.get(source, timeout=TIMEOUT_SECONDS).raise_for_status().content
        else:
            content = Path(source).read_bytes()
        keys = orjson.loads(content)
        if not isinstance(keys, dict):
            raise ValueError("the content is not a JSON Web Key Set")
        return keys
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(f"cannot read the keys: {error}") from None
