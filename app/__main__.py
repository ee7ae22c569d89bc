"""The command line: serve, jobs, migrate, schema, organization, keys, evidence."""

import gc

# What is imported stays. To look for garbage among it, time and again, took a quarter of a start.
gc.disable()

import click

from app.core import lazy_modules

# Most starts need none of these: there is a demo, nothing to migrate, no registry to ask, no token of others to check.
lazy_modules.read("app.demo.seed", "app.migrations.runner", "httpx", "jwt")

from app.commands.evidence import evidence
from app.commands.jobs import jobs
from app.commands.keys import keys
from app.commands.migrate import migrate
from app.commands.organization import organization
from app.commands.schema import schema
from app.commands.serve import serve
from app.core import logs

gc.freeze()
gc.enable()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Credgraph: workforce credentials as one connected graph."""
    logs.configure()


for command in (serve, jobs, migrate, schema, organization, keys, evidence):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m app")
