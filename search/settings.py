"""Settings: defaults, then ``lede.toml``, then ``LEDE_*`` in the environment, then flags; one name everywhere."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

from search.errors import SettingsError
from search.urls import check_url

#: Read from the current folder, if it is there.
FILE = Path("lede.toml")
PREFIX = "LEDE_"
MAX_PORT = 65_535
MAX_SECONDS = 3600.0
MAX_CACHE_BYTES = 1 << 40
#: Seconds that a search may take, where nothing else is said.
TIME_BUDGET = 1.0

_QUERIES = Path("queries")

_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
_LIMIT = re.compile(r"[1-9][0-9]{0,8} ?/ ?([1-9][0-9]{0,4} )?(second|minute|hour|day)s?")

Value = TypeVar("Value")
Converter = Callable[[object], Value]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        msg = "it must be a text"
        raise ValueError(msg)
    return value


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(_text(value))


def _paths(value: object) -> tuple[Path, ...]:
    parts = value.split(os.pathsep) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        msg = "it must be one folder or more"
        raise ValueError(msg)
    return tuple(_path(part) for part in parts)


def _number(least: int, most: int) -> Callable[[object], int]:
    def convert(value: object) -> int:
        number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
        if type(number) is not int or not least <= number <= most:
            msg = f"it must be a whole number from {least} to {most}"
            raise ValueError(msg)
        return number

    return convert


def _seconds(value: object) -> float:
    number = float(value) if isinstance(value, str | int) and not isinstance(value, bool) else value
    # Written so that NaN, which no comparison holds for, is refused.
    if not isinstance(number, float) or not 0 < number <= MAX_SECONDS:
        msg = f"it must be a number of seconds above 0, at most {MAX_SECONDS:g}"
        raise ValueError(msg)
    return number


def _address(value: object) -> str:
    address = check_url(_text(value)).rstrip("/") if value else ""
    if "?" in address or "#" in address:
        msg = "it must end with a host or a path"
        raise ValueError(msg)
    return address


def _flag(value: object) -> bool:
    known = {True: True, False: False, "true": True, "1": True, "false": False, "0": False}
    if not isinstance(value, bool | str) or value not in known:
        msg = "it must be true or false"
        raise ValueError(msg)
    return known[value]


def _listed(value: object) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        msg = "it must be a list of texts"
        raise ValueError(msg)  # noqa: TRY004 - as every other value that cannot be
    return [_text(part.strip() if isinstance(part, str) else part) for part in parts if part != ""]


def _networks(value: object) -> tuple[str, ...]:
    return tuple(str(ip_network(part, strict=False)) for part in _listed(value))


def _origins(value: object) -> tuple[str, ...]:
    origins = tuple(part.rstrip("/").lower() for part in _listed(value))
    if not all(origin == "*" or _ORIGIN.fullmatch(origin) for origin in origins):
        msg = "it must be origins such as https://news.example, or *"
        raise ValueError(msg)
    return origins


def _limits(value: object) -> str:
    text = _text(value)
    if text != "off" and not all(_LIMIT.fullmatch(part.strip()) for part in text.split(";")):
        msg = "it must be like '15/20 seconds; 150/10 minutes', or 'off'"
        raise ValueError(msg)
    return text


def _setting(default: Value, convert: Converter[Value], text: str) -> Value:
    return field(default=default, metadata={"convert": convert, "text": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set: its default, what checks it, and what the reference in the README says of it.

    A line here is all that a setting needs; `make docs` brings it into the reference.
    """

    index: Path = _setting(Path("index"), _path, "folder of the index")
    seeds: tuple[Path, ...] = _setting(
        (Path("seeds"),), _paths, "folders of seeds; in the environment separated like `PATH`"
    )
    queries: Path = _setting(_QUERIES, _path, "folder of saved queries; by default beside the first folder of seeds")
    engine: str = _setting("whoosh", _text, "what holds the index")
    host: str = _setting("127.0.0.1", _text, "address that `lede serve` listens on")
    port: int = _setting(8000, _number(0, MAX_PORT), "its port; 0 takes one that is free")
    workers: int = _setting(2, _number(1, 64), "processes that answer")
    jobs: int = _setting(0, _number(0, 64), "processes that read seeds; 0 is one for each processor")
    time_budget: float = _setting(
        TIME_BUDGET, _seconds, "seconds that a search may take; a longer one is given up, with an error that says so"
    )
    base_url: str = _setting(
        "", _address, "where visitors find this site, for the addresses in feeds; as they were asked for if empty"
    )
    images: bool = _setting(
        default=False,
        convert=_flag,
        text="whether pages show the articles' images, which browsers then fetch from other people's hosts",
    )
    rate_limit: str = _setting(
        "15/20 seconds; 150/10 minutes",
        _limits,
        "searches that an address may ask for, except on this machine; `off` for any number",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        _networks,
        "addresses or networks of proxies whose `X-Forwarded-For` is believed; in the environment with commas",
    )
    cors_origins: tuple[str, ...] = _setting(
        (), _origins, "sites whose scripts may read the API, `*` for all; in the environment with commas"
    )
    log_json: bool = _setting(
        default=False,
        convert=_flag,
        text="whether `lede serve` writes a line of JSON for each request, to standard error",
    )
    slow_query_ms: int = _setting(
        500,
        _number(0, 3_600_000),
        "milliseconds from which an answer is logged as slow, without what was asked; 0 is never",
    )
    cache_bytes: int = _setting(
        67_108_864,
        _number(0, MAX_CACHE_BYTES),
        "bytes of answers, compressed where they are many, that each process of `lede serve` remembers; 0 is none",
    )

    @property
    def queries_folder(self) -> Path:
        """The folder of saved queries, which need not be there."""
        if self.queries != _QUERIES:
            return self.queries
        first = self.seeds[0]
        # The folder above `.` or `..` is not what is left when its last part is taken away.
        return (first.resolve() if first.name in {"", ".."} else first).parent / _QUERIES


_CONVERTERS: dict[str, Converter[object]] = {known.name: known.metadata["convert"] for known in fields(Settings)}


def read_settings(
    flags: Mapping[str, object], *, environment: Mapping[str, str] = os.environ, file: Path = FILE
) -> Settings:
    """Put the settings together; a flag that is None was not given.

    Raises:
        SettingsError: If a name is unknown or a value cannot be; it says where the value came from.
    """
    values: dict[str, object] = {}
    for origin, layer in (
        (str(file), _read_file(file)),
        ("environment", {k.removeprefix(PREFIX).lower(): v for k, v in environment.items() if k.startswith(PREFIX)}),
        ("flags", {name: value for name, value in flags.items() if value is not None}),
    ):
        for name, value in layer.items():
            values[name] = _checked(name, value, origin)
    return Settings(**values)  # type: ignore[arg-type] # _checked has seen to the types


def _read_file(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        msg = f"{file}: {exc}"
        raise SettingsError(msg) from exc


def _checked(name: str, value: object, origin: str) -> object:
    if name not in _CONVERTERS:
        msg = f"{origin}: unknown setting {name!r}; the settings are {', '.join(_CONVERTERS)}"
        raise SettingsError(msg)
    try:
        return _CONVERTERS[name](value)
    except (TypeError, ValueError) as exc:
        msg = f"{origin}: {name} cannot be {value!r}: {exc}"
        raise SettingsError(msg) from exc


def settings_reference() -> str:
    r"""Write all settings as a table in Markdown.

    >>> print("\n".join(settings_reference().splitlines()[:3]))
    | setting | in the environment | default | what it is |
    |---|---|---|---|
    | `index` | `LEDE_INDEX` | `index` | folder of the index |
    """
    rows = ["| setting | in the environment | default | what it is |", "|---|---|---|---|"]
    for known in fields(Settings):
        default = f"`{written}`" if (written := _written(known.default)) else "none"
        rows.append(f"| `{known.name}` | `{PREFIX}{known.name.upper()}` | {default} | {known.metadata['text']} |")
    return "\n".join(rows) + "\n"


def _written(value: object) -> str:
    """Write a value as in the environment."""
    if isinstance(value, tuple):
        return os.pathsep.join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
