"""Writes what is made of the code: the README's settings, and docs/api.md. Run by `make docs`, held by tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from search.settings import settings_reference
from web.openapi import describe

ROOT = Path(__file__).parents[1]
README, API = ROOT / "README.md", ROOT / "docs" / "api.md"
#: Of docs/api.md, all that follows is made.
BEGIN = "<!-- From here on, `make docs` writes this page. -->\n"
_NAMES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}


def with_references(text: str) -> str:
    """Return *text* with the table of settings as it must be now.

    Raises:
        ValueError: If there is no such table in it.
    """
    table = settings_reference()
    header = re.escape(table.splitlines()[0])
    written, count = re.subn(rf"^{header}\n(\|.*\n)+", lambda _: table, text, flags=re.MULTILINE)
    if count != 1:
        msg = f"{count} tables of settings where one was expected"
        raise ValueError(msg)
    return written


def with_api(text: str) -> str:
    """Return *text* with the API's paths and shapes as they are now.

    Raises:
        ValueError: If it does not say where they begin.
    """
    return text[: text.index(BEGIN) + len(BEGIN)] + "\n" + "\n".join(_api(describe()))


def _api(described: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in described["paths"].items():
        yield from _path(path, methods["get"])
    yield "## Shapes\n"
    for name, shape in described["components"]["schemas"].items():
        yield f"### {name}\n"
        yield _table(("field", "is", "meaning"), map(_field, shape["properties"].items()))


def _path(path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {path}\n\n{operation['summary'].rstrip('.')}.\n"
    parameters = operation.get("parameters", ())
    if parameters:
        yield _table(("parameter", "is", "default", "meaning"), map(_parameter, parameters))
    yield _table(("status", "answers", "meaning"), map(_response, operation["responses"].items()))


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    schema = parameter["schema"]
    default = f"`{schema['default']}`" if "default" in schema else ""
    return f"`{parameter['name']}`", _kind(schema), default, parameter["description"]


def _response(response: tuple[str, Mapping[str, Any]]) -> tuple[str, ...]:
    status, said = response
    kinds = [_kind(content["schema"]) for content in said.get("content", {}).values()]
    return status, ", ".join(kinds), said["description"]


def _field(field: tuple[str, Mapping[str, Any]]) -> tuple[str, ...]:
    name, schema = field
    return f"`{name}`", _kind(schema), schema.get("description", "")


def _kind(schema: Mapping[str, Any]) -> str:
    """Say in words what a schema allows."""
    for key, said in _SAID.items():
        if key in schema:
            return said(schema)
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return " or ".join(_NAMES.get(kind, kind) for kind in kinds)


def _list(schema: Mapping[str, Any]) -> str:
    return f"list of {_kind(schema['items'])}"


def _link(schema: Mapping[str, Any]) -> str:
    name = schema["$ref"].rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _range(schema: Mapping[str, Any]) -> str:
    return f"{schema['minimum']} to {schema['maximum']:,}"


def _format(schema: Mapping[str, Any]) -> str:
    moment = "moment, as `2021-12-09T07:49:00Z`, or null"
    return {"date-time": moment, "date": "day, as `2021-12-09`", "uri-reference": "URL"}[schema["format"]]


#: What a schema says of itself, the most telling first.
_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "$ref": _link,
    "anyOf": lambda schema: " or ".join(map(_kind, schema["anyOf"])),
    "enum": lambda schema: ", ".join(f"`{value}`" for value in schema["enum"] if value),
    "const": lambda schema: f"`{schema['const']}`",
    "pattern": lambda _: "date: `2021-12-09`, `2021-12` or `2021`",
    "format": _format,
    "prefixItems": lambda _: "start and end",
    "items": _list,
    "maximum": _range,
    "properties": lambda schema: "object of " + ", ".join(f"`{name}`" for name in schema["properties"]),
    "maxProperties": lambda _: "`{}`",
}


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (header, ("---",) * len(header), *rows)
    return "".join(f"| {' | '.join(line)} |\n".replace("  ", " ") for line in lines)


if __name__ == "__main__":
    README.write_text(with_references(README.read_text("utf-8")), "utf-8")
    API.write_text(with_api(API.read_text("utf-8")), "utf-8")
