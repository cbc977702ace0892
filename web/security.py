"""What every answer says to browsers about what they may do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

#: Nothing but our own files, and nothing inline: a script that slipped through the escaping would still not run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HEADERS = list(HEADERS.items())


def install(app: Flask) -> None:
    """Put the headers on every answer, errors, 304 and static files included."""
    answer = app.wsgi_app

    def protected(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, headers + _HEADERS, *error)

        return answer(environ, start)

    # Around the application, where adding them all is one step: a hook would have each of them checked anew.
    app.wsgi_app = protected  # type: ignore[method-assign] # as Flask documents it
