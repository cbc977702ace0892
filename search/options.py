"""What commands have in common: their options, how they report what is refused, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from search.errors import BadParameterError, IndexLockedError, LedeError, SettingsError
from search.shells import complete_engine

FAILED, USAGE, REFUSED, LOCKED, ALERT = 1, 2, 3, 4, 10
_EXIT_CODES: dict[type[LedeError], int] = {IndexLockedError: LOCKED, SettingsError: USAGE, BadParameterError: USAGE}

#: Checked by whoever opens it, with better words; what shells complete is all that this is for.
_FOLDER = click.Path(file_okay=False)
FILE = click.Path(allow_dash=True)
Function = TypeVar("Function", bound=Callable[..., Any])


class Reporting(click.Command):
    """Shows what Lede refuses as one line, and leaves with the exit code that goes with it."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LedeError as exc:
            click.echo(f"Error: {exc}", err=True)
            codes = (code for kind, code in _EXIT_CODES.items() if isinstance(exc, kind))
            ctx.exit(next(codes, FAILED))


class Searching(Reporting):
    """Says how to exclude, which looks like an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what was typed."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as exc:
            msg = f"{exc.format_message()} A query that excludes comes behind two minuses: lede search -- rates -ipo"
            raise click.UsageError(msg, ctx) from exc


def index_options(function: Function) -> Function:
    """Give a command the options that say which index it works on."""
    text = "What holds the index.  [default: whoosh]"
    engine = click.option("--engine", metavar="NAME", shell_complete=complete_engine, help=text)
    index = click.option("--index", metavar="DIR", type=_FOLDER, help="Folder of the index.  [default: index]")
    return engine(index(function))


def seeds_option(function: Function) -> Function:
    """Give a command the option that says which seeds it reads."""
    text = "Folder of seeds; may be given several times.  [default: seeds]"
    chosen = click.option("--seeds", metavar="DIR", type=_FOLDER, multiple=True, callback=_none_if_empty, help=text)
    return chosen(function)


def queries_option(function: Function) -> Function:
    """Give a command the option that says where saved queries are."""
    text = "Folder of saved queries.  [default: beside the seeds]"
    return click.option("--queries", metavar="DIR", type=_FOLDER, help=text)(function)


def _none_if_empty(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...] | None:
    return value or None
