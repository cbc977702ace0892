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


def install(app: Flask, *, images: bool = False) -> None:
    """Put the headers on every answer, errors, 304 and static files included.

    Args:
        app: what answers.
        images: whether pages may show images of other hosts.
    """
    answer = app.wsgi_app
    allowed = HEADERS | {"Content-Security-Policy": _with_images(CONTENT_SECURITY_POLICY)} if images else HEADERS
    added = list(allowed.items())

    def protected(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, headers + added, *error)

        return answer(environ, start)

    # Around the application, where adding them all is one step: a hook would have each of them checked anew.
    app.wsgi_app = protected  # type: ignore[method-assign] # as Flask documents it


def _with_images(policy: str) -> str:
    return policy.replace("img-src 'self'", "img-src 'self' https:")
