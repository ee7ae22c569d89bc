"""The command line: serve, jobs, migrate, schema, organization, keys, evidence."""

import gc

# Imported modules stay in memory, so collecting garbage during imports finds nothing; it took a quarter of the start.
gc.disable()

import click

from app.core import lazy_modules

# Most starts use none of these: the demo is loaded, the database is migrated, no registry or token issuer is called.
lazy_modules.defer("app.demo.seed", "app.migrations.migrator", "httpx", "jwt")

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
