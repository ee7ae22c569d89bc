"""The command line: serve, jobs, migrate, schema, organization, keys."""

import gc
from importlib import import_module

import click

from app.core import logs

COMMANDS = ("serve", "jobs", "migrate", "schema", "organization", "keys")


class Commands(click.Group):
    """The commands, each in the file of its name, which is imported when the command is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of some name."""
        if cmd_name not in COMMANDS:
            return None
        # What is imported stays. To look for garbage in it takes a sixth of the start, and stops the server for a
        # tenth of a second whenever it is done again.
        gc.disable()
        try:
            found: click.Command = getattr(import_module(f"app.commands.{cmd_name}"), cmd_name)
        finally:
            gc.freeze()
            gc.enable()
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Credgraph: workforce credentials as one connected graph."""
    logs.configure()


if __name__ == "__main__":
    main(prog_name="python -m app")
