"""`lede serve`: the application in several processes, behind a real web server."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from flask import Flask
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from search.errors import LedeError
from search.options import index_options, queries_option
from search.query import Query, parse
from search.settings import PREFIX, Settings, read_settings
from search.wire import page_to_json
from web import create_app, metrics, visits
from web.service import current_reader

#: Threads of a worker that run the application. A search is Python and holds the interpreter all the while: with a
#: second thread a worker answers a fifth less, since both wait for each other. Workers are what uses more processors.
THREADS = 1
#: Connections that a worker keeps, those included on which nothing is asked at the moment; well within the 1,024 files
#: that a process may usually have open.
CONNECTIONS = 512
#: Connections in the kernel's queue.
BACKLOG = 1024
#: Milliseconds that a connection may take to ask something; a browser opens a new one without anybody noticing.
PATIENCE = 10_000
#: How often, and how many seconds apart, it is looked whether the server listens already.
ANNOUNCE_TRIES = 200
ANNOUNCE_PAUSE = 0.02
#: Seconds that a worker may take to finish what it is answering when it is told to stop: many times what answers take.
#: Once in a while a worker that is told so as it starts does not hear it, and is ended then.
GRACE = 3


class ServeError(LedeError, OSError):
    """The server cannot listen where it was told to."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen at {host}, port {port}: {reason}: choose others with --host and --port")


def serve(settings: Settings) -> None:
    """Answer until told to stop by SIGTERM or SIGINT; then finish what is being answered, and return.

    A worker that dies is replaced.

    Raises:
        ServeError: If the address is in use or no address of this machine.
        SettingsError: If there is no such engine.
    """
    address, port = find_address(settings.host, settings.port)
    # What no worker could do fails here, in one line, and not in each of them.
    create_app(settings)
    # How workers get to know: they build the application for themselves, and read their settings as everybody does.
    os.environ[f"{PREFIX}INDEX"] = str(settings.index.absolute())
    os.environ[f"{PREFIX}ENGINE"] = settings.engine
    os.environ[f"{PREFIX}LOG_JSON"] = str(settings.log_json).lower()
    server = Server(
        "web.server:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=address,
        port=port,
        workers=settings.workers,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        backlog=BACKLOG,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
        http1_settings=HTTP1Settings(header_read_timeout=PATIENCE),
        websockets=False,
        log_access=False,
        # It logs to standard output, where a script reads our line; its warnings are advice that Lede has weighed.
        log_level=LogLevels.error,
    )
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_be_stoppable)
    # The hooks of the server run before it listens; who reads the line may follow it at once.
    threading.Thread(target=_announce, args=(settings, address, port), daemon=True).start()
    with TemporaryDirectory(prefix="lede-") as shared:
        visits.prepare(Path(shared))
        os.environ[metrics.FOLDER] = shared
        server.serve()


@click.command("serve", context_settings={"help_option_names": ["-h", "--help"]})
@index_options
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", metavar="N", help="Its port; 0 takes one that is free.  [default: 8000]")
@click.option("--workers", metavar="N", help="Processes that answer.  [default: 2]")
@queries_option
@click.option("--log-json", is_flag=True, default=None, help="Write a line of JSON for each request.")
def serve_command(**options: str | None) -> None:
    """Serve the search page and the API, until stopped by Ctrl-C or SIGTERM."""
    settings = read_settings(options)
    if options["queries"]:
        # As for the workers, which read everything else in the file anew when they are told to.
        os.environ[f"{PREFIX}QUERIES"] = str(settings.queries.absolute())
    serve(settings)


def application() -> Flask:
    """Build the application of one worker, from the settings that :func:`serve` left in the environment."""
    app = create_app()
    _warm_up(app)
    return app


def _warm_up(app: Flask) -> None:
    """Do ahead what the first visitor would wait for: compile the templates, and find something."""
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    with app.app_context(), suppress(LedeError):
        page = current_reader().search(Query(parsed=parse("the news")))
        page_to_json(page)
    # What is there now stays, and need not be looked at again whenever garbage is collected.
    gc.collect()
    gc.freeze()


def find_address(host: str, port: int) -> tuple[str, int]:
    """Return the numeric address and the port to listen at; port 0 becomes one that is free.

    Raises:
        ServeError: If nothing can listen there.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            # As the server does: a port that only lingers from the last run is free, one that is listened at is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
            address, free, *_ = probe.getsockname()
    except (OSError, UnicodeError) as exc:
        raise ServeError(host, port, getattr(exc, "strerror", None) or str(exc)) from exc
    return address, free


def _be_stoppable() -> None:
    """Let a worker be stopped by its parent, at any moment, and by nobody else.

    Until it listens it has its parent's handlers, which would only note what it is told. Ctrl-C reaches every process,
    and a worker that begins to stop on its own hangs when its parent stops it too.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _announce(settings: Settings, address: str, port: int) -> None:
    """Say where the server is as soon as it takes connections."""
    for _ in range(ANNOUNCE_TRIES):
        try:
            socket.create_connection((address, port), timeout=1).close()
            break
        except OSError:
            time.sleep(ANNOUNCE_PAUSE)
    place = f"[{settings.host}]" if ":" in settings.host else settings.host
    plural = "" if settings.workers == 1 else "s"
    click.echo(f"Lede is at http://{place}:{port} ({settings.workers} worker{plural}); stop with Ctrl-C")
