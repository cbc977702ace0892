"""The command line: `lede`, and `reindex` as a command of its own. Thin: parses, calls, shows."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import IO, Any

import click
import orjson

from search import __version__, wire
from search.cache import count_refused
from search.display import show_page, show_problems, show_report, show_statistics
from search.engines import make_engine
from search.errors import ImportRefusedError, LedeError, SettingsError
from search.index import open_index
from search.options import (
    ALERT,
    FAILED,
    FILE,
    REFUSED,
    Reporting,
    Searching,
    index_options,
    queries_option,
    seeds_option,
)
from search.query import MAX_SIZE
from search.reindex import check as check_seeds
from search.reindex import reindex
from search.report import Report
from search.settings import Settings, read_settings
from search.shells import SHELLS, completion_script
from search.terminal import reading_file, reading_seeds, say
from search.transfer import export_index, import_index


class LedeGroup(Reporting, click.Group):
    """The commands of this package, and those that others bring: `serve` comes with the web."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List every command."""
        return sorted({*super().list_commands(ctx), *_commands_of_others().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command; another package's is loaded only when it is asked for."""
        for point in _commands_of_others().select(name=cmd_name):
            command: click.Command = point.load()
            return command
        return super().get_command(ctx, cmd_name)


def _commands_of_others() -> EntryPoints:
    return entry_points(group="lede.commands")


@click.group(cls=LedeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lede", message="%(prog)s %(version)s")
def lede() -> None:
    """Full-text search for curated news: a folder of seeds becomes a search page, an API and feeds."""


@lede.command("reindex", cls=Reporting, context_settings={"help_option_names": ["-h", "--help"]})
@seeds_option
@index_options
@click.option("--full", is_flag=True, help="Forget what is cached: read and write everything anew.")
@click.option("--check", is_flag=True, help="Only validate the seeds; touch no index.")
@click.option("--watch", is_flag=True, help="Stay, and reindex whenever seeds change.")
@click.option("--force", is_flag=True, help="Publish even nothing, or less than half of what is served.")
@queries_option
@click.option("--alert", is_flag=True, help="Leave with exit code 10 if a saved query finds new articles.")
@click.option("--jobs", metavar="N", help="Processes that read seeds.  [default: one for each processor]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="Print only what is wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Print where the time went, and which keys were ignored.")
@click.pass_context
def reindex_command(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - one per option above
    """Bring the index up to date with the seeds.

    Searches see the old index until the new one is whole. Exit codes: 0 done; 1 failed, and nothing changed; 2 wrong
    usage; 3 done, but seeds were refused; 4 another reindex holds the lock; 10 done, and with --alert: a saved query
    finds new articles, whether or not seeds were refused.
    """
    names = ("seeds", "index", "engine", "jobs", "queries")
    settings = read_settings({name: options[name] for name in names})
    if options["watch"] and options["alert"]:
        msg = "--alert tells by the exit code, and --watch stays: use one of them"
        raise click.UsageError(msg)
    if options["watch"]:
        _reindex_and_watch(settings, options)
    else:
        report = _reindex_once(settings, options)
        _show(report, options)
        ctx.exit(_exit_code(report, alert=options["alert"]))


def _exit_code(report: Report, *, alert: bool) -> int:
    # A seed that stays broken must not hide what is new from whoever asked to be told.
    if alert and any(finding.new for finding in report.queries):
        return ALERT
    return REFUSED if report.problems else 0


def _reindex_once(settings: Settings, options: dict[str, Any]) -> Report:
    with reading_seeds(wanted=not options["quiet"] and not options["as_json"]) as progress:
        given: dict[str, Any] = {"jobs": settings.jobs, "queries": settings.queries_folder, "progress": progress}
        if options["check"]:
            return check_seeds(settings.seeds, settings.index, **given)
        return reindex(
            settings.seeds,
            settings.index,
            full=options["full"],
            force=options["force"],
            engine=settings.engine,
            **given,
        )


def _show(report: Report, options: dict[str, Any]) -> None:
    show_problems(report, with_warnings=not options["quiet"])
    if options["as_json"]:
        _print_json(wire.report_to_wire(report, with_details=options["check"]))
    elif not options["quiet"]:
        show_report(report, check=options["check"], verbose=options["verbose"])


def _reindex_and_watch(settings: Settings, options: dict[str, Any]) -> None:
    """Reindex after every burst of changes, until told to stop; what fails is said, and watching goes on."""
    from search.watching import bursts  # noqa: PLC0415 - no other command should wait for what it imports

    # What supervisors send ends it as Ctrl-C does. In the middle of a reindex too: a later one makes up for it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    changes = bursts(settings.seeds, apart_from=settings.index)
    said: object = None
    try:
        next(changes)
        while True:
            said = _reindex_again(settings, options, said)
            options |= {"full": False, "force": False}
            changes.send(isinstance(said, str))
    except KeyboardInterrupt:
        say("Stopped watching.")


def _reindex_again(settings: Settings, options: dict[str, Any], said: object) -> object:
    """Reindex; say what came of it unless that was *said* last time, and return it: a text where it failed."""
    try:
        report = _reindex_once(settings, options)
    except SettingsError:
        raise
    except LedeError as exc:
        if str(exc) != said:
            click.echo(f"Error: {exc}", err=True)
        return str(exc)
    news = (report.generation, report.problems)
    if news != said:
        _show(report, options)
    return news


@lede.command(cls=Searching)
@click.argument("query", nargs=-1)
@index_options
@click.option(
    "--limit", type=click.IntRange(1, MAX_SIZE), default=10, metavar="N", show_default=True, help="Hits to show."
)
@click.option("--json", "as_json", is_flag=True, help="Print the page as JSON, as the API does.")
@click.option("--explain", is_flag=True, help="Say what each score is made of.")
def search(query: tuple[str, ...], limit: int, *, as_json: bool, explain: bool, **options: str | None) -> None:
    """Search, and show the best hits.

    A query that begins with a minus comes behind two of them: lede search -- -ipo
    """
    settings = read_settings(options)
    with open_index(settings.index, engine=settings.engine, time_budget=settings.time_budget) as index:
        page = index.search(" ".join(query), size=limit, explain=explain)
    if as_json:
        _print_json(orjson.loads(wire.page_to_json(page)))
    else:
        show_page(page)


@lede.command(cls=Reporting)
@index_options
@seeds_option
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
def stats(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Say what is served: articles, stories, providers, size on disk, generation, newest article, refused seeds."""
    settings = read_settings(options)
    with open_index(settings.index, engine=settings.engine) as index:
        statistics = index.statistics()
    refused = count_refused(settings.index)
    if as_json:
        _print_json(wire.statistics_to_wire(statistics, refused))
    else:
        show_statistics(statistics, refused)


@lede.command(cls=Reporting)
@index_options
@click.pass_context
def verify(ctx: click.Context, /, **options: str | None) -> None:
    """Check the index files against their checksums, and every article against its postings."""
    settings = read_settings(options)
    faults = make_engine(settings.engine, settings.index).verify()
    for fault in faults:
        click.echo(f"{settings.index}: {fault}", err=True)
    if not faults:
        click.echo(f"{settings.index} is whole.")
    ctx.exit(FAILED if faults else 0)


@lede.command("export", cls=Reporting)
@click.argument("file", type=FILE)
@index_options
def export_command(file: str, **options: str | None) -> None:
    """Write the whole index to one FILE, or to standard output if that is a dash.

    A file that is there is replaced, all at once. The server and `reindex` may go on meanwhile.
    """
    settings = read_settings(options)
    say(f"Exporting {settings.index} ...")
    if file != "-":
        generation = export_index(settings.index, file, engine=settings.engine)
        click.echo(f"Exported generation {generation} to {file}.")
    elif sys.stdout.isatty():
        msg = "an export is no text for a terminal: name a file, or send it to another program"
        raise click.UsageError(msg)
    else:
        export_index(settings.index, sys.stdout.buffer, engine=settings.engine)


@lede.command("import", cls=Reporting)
@click.argument("file", type=FILE)
@index_options
def import_command(file: str, **options: str | None) -> None:
    """Serve the index in FILE, which `lede export` wrote; a dash is standard input.

    Searches see the old index until the new one is whole. Exit codes: 0 done; 1 failed, and nothing changed; 2 wrong
    usage; 4 a reindex holds the lock.
    """
    settings = read_settings(options)
    with _opened(file) as stream, reading_file(stream, "Importing") as source:
        generation = import_index(source, settings.index, engine=settings.engine)
    click.echo(f"Imported generation {generation}.")


def _opened(file: str) -> IO[bytes]:
    try:
        return sys.stdin.buffer if file == "-" else Path(file).open("rb")
    except OSError as exc:
        raise ImportRefusedError(file, exc.strerror or str(exc)) from exc


@lede.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes a SHELL complete `lede` and `reindex`.

    For bash and zsh, put into ~/.bashrc or ~/.zshrc: eval "$(lede completion bash)". For fish, save it as
    ~/.config/fish/completions/lede.fish.
    """
    click.echo(completion_script(shell, {"lede": lede, "reindex": reindex_command}))


def _print_json(content: object) -> None:
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
