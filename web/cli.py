"""The `allears` command: names, one-line descriptions, and where each command lives.

A command's module is imported only when it runs, so `allears --help` stays fast and a web process loads no model.
"""

from __future__ import annotations

import sys
from functools import cached_property
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import click

from listener import log
from listener.db import Database
from listener.errors import ChannelError, ListenerError, told
from listener.ground import Ground
from listener.settings import SettingsError
from web.composition import Context
from web.schema import SchemaError, require_current
from web.settings import Loaded, Settings, load

if TYPE_CHECKING:
    from datetime import timedelta

    from sentiment.budget import Outcome
    from sentiment.data import Row

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "web.commands.demo:demo",
        "Simulator and everything else in one process, on a throw-away folder.",
    ),
    "run": ("web.commands.serve:run", "Web, clock and workers in one process."),
    "web": ("web.commands.serve:web", "The panel and API alone."),
    "worker": ("web.commands.serve:worker", "Consume the queues (needs ALLEARS_QUEUE__URL)."),
    "ticks": ("web.commands.serve:ticks", "The clock alone (needs ALLEARS_QUEUE__URL)."),
    "check": ("web.commands.check:check", "Try database, model, channels and mail server."),
    "db": ("web.commands.database:db", "Migrate, back up, restore."),
    "user": ("alerts.cli:user", "People who log in."),
    "brand": ("listener.cli:brand", "Brands and their queries."),
    "source": ("listener.cli:source", "What is listened to."),
    "account": ("listener.cli:account", "Identities on platforms."),
    "channel": ("listener.cli:channel", "Kinds of channels; begin a new one."),
    "collect": ("listener.cli:collect", "Poll the sources that are due."),
    "import": ("listener.cli:import_", "Read mentions from CSV or JSON lines."),
    "coverage": ("listener.cli:coverage", "What was seen, truncated, back-filled, missed."),
    "score": ("sentiment.cli:score", "Score texts; needs no database."),
    "model": ("sentiment.cli:model", "List, use, train and evaluate models."),
    "process": ("web.commands.process:process", "Score and triage all that waits."),
    "publish": ("alerts.cli:publish", "Send due replies, resolve unknown ones."),
    "alert": ("alerts.cli:alert", "List and show alerts."),
    "rule": ("alerts.cli:rule", "Rules that raise alerts."),
    "reply": ("alerts.cli:reply", "Answer an alert or a mention."),
    "digest": ("alerts.cli_digest:digest", "Preview or send a digest."),
    "export": ("web.commands.export:export", "Mentions, alerts or the audit log as CSV or JSON lines."),
    "erase": ("web.commands.erase:erase", "Erase one author everywhere."),
    "sim": ("listener.simulator.cli:sim", "The simulated platforms alone."),
}


class App:
    """What commands get as `ctx.obj`: settings at once, everything else on first use."""

    @cached_property
    def loaded(self) -> Loaded:
        """The settings with their home; logging follows them."""
        loaded = load()
        log.configure(loaded.values.log)
        log.get(__name__).info(
            "home", home=str(loaded.home), settings=str(loaded.file) if loaded.file else None
        )
        return loaded

    @property
    def settings(self) -> Settings:
        """All settings."""
        return self.loaded.values

    @cached_property
    def context(self) -> Context:
        """The process's context, database not yet checked."""
        return Context(self.loaded)

    @cached_property
    def db(self) -> Database:
        """The database, at the code's revision. An empty embedded database is made on the spot."""
        from web.schema import current, upgrade  # noqa: PLC0415

        db = self.context.db
        if db.is_sqlite and current(db) is None:
            upgrade(db)
        require_current(db)
        return db

    @property
    def ground(self) -> Ground:
        """What channels need."""
        return self.context.ground

    def corrections(self) -> list[Row]:
        """What people said scores should have been, for `allears model train --from-corrections`."""
        from alerts import lessons  # noqa: PLC0415

        return lessons.corrections(self.db)

    def outcomes(self, since: timedelta) -> list[Outcome]:
        """What became of the mentions of that time, for `allears model budget`."""
        from alerts import lessons  # noqa: PLC0415

        return lessons.outcomes(self.db, since)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - passes the context's parts through
        if name in {"home", "reader", "mailer", "vault", "wake"}:
            return getattr(self.context, name)
        raise AttributeError(name)


class Commands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def expected_errors() -> tuple[type[Exception], ...]:
    """Return the error families of all rooms: their texts are for people and need no traceback."""
    from alerts.errors import AlertsError  # noqa: PLC0415
    from sentiment.errors import SentimentError  # noqa: PLC0415

    return (ListenerError, SettingsError, SchemaError, AlertsError, SentimentError)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("allears"), prog_name="allears")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Hear what people say about a brand, see how urgent it is, answer where it was said.

    Example: allears demo
    """
    if ctx.obj is None:
        ctx.obj = App()


def with_hint(error: Exception) -> str:
    """Return the message and, where a platform's error has one, what to do about it."""
    return told(str(error), error.hint if isinstance(error, ChannelError) else None)


def main() -> None:
    """Run the command line; expected errors become one line and exit code 1."""
    try:
        code = cli(standalone_mode=False, prog_name="allears")
        if isinstance(code, int) and code:  # click hands the code of Exit back instead of raising it
            sys.exit(code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:
        if isinstance(error, expected_errors()):
            click.echo(f"Error: {with_hint(error)}", err=True)
            sys.exit(1)
        raise
