"""Saved queries: files that hold one search each, to be run whenever there is something new."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

from search.errors import BadParameterError, Location, NotFoundError, SeedError, SeedsFolderError
from search.files import SeedFile, list_seed_files, read_bytes
from search.parse import Entry, SeedWarning
from search.query import Filters, Query, parse
from search.query.request import Sort
from search.query.values import read_days
from search.seeds import read_mapping

EXTENSIONS = frozenset({".yaml", ".yml"})
#: In the order in which an error lists them.
KEYS = ("title", "q", "provider", "topic", "category", "type", "from", "to", "sort")
# Fit for an address, a terminal and a file on any machine.
_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A search that somebody keeps."""

    #: Of its file, without the extension.
    name: str
    title: str
    #: Finds what has all words only; the newest first, where the file says nothing else.
    query: Query
    #: Where its file says what to search for.
    where: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQueries:
    """What a folder of saved queries holds."""

    #: In the order of their names.
    queries: tuple[SavedQuery, ...] = ()
    #: A file that cannot be read costs only itself.
    problems: tuple[SeedError, ...] = ()
    warnings: tuple[SeedWarning, ...] = ()


def read_saved_queries(folder: Path) -> SavedQueries:
    """Read every ``.yaml`` file in *folder*, but none in the folders below; without a folder there are none."""
    files, problems = _list_files(folder)
    queries: dict[str, SavedQuery] = {}
    warnings: list[SeedWarning] = []
    for file in files:
        try:
            saved, remarks = parse_saved_query(read_bytes(file), file)
            queries[saved.name] = saved
            warnings += remarks
        except SeedError as exc:
            problems.append(exc)
    return SavedQueries(
        queries=tuple(queries[name] for name in sorted(queries)), problems=tuple(problems), warnings=tuple(warnings)
    )


def find_saved_query(folder: Path, name: str) -> SavedQuery:
    """Return one saved query.

    Raises:
        NotFoundError: If there is none of this name.
        SeedError: If there is, but it cannot be read.
    """
    files, problems = _list_files(folder)
    for file in files:
        if Path(file.name).stem == name:
            return parse_saved_query(read_bytes(file), file)[0]
    for problem in problems:
        if Path(problem.where.file) == folder or Path(problem.where.file).stem == name:
            raise problem
    raise NotFoundError("query", name)


def parse_saved_query(content: bytes, file: SeedFile) -> tuple[SavedQuery, list[SeedWarning]]:
    """Make a saved query of its file.

    Raises:
        SeedError: At the first thing that is wrong.
    """
    entry = Entry(read_mapping(content, file), file.path)
    for key, unknown in entry.fields.items():
        if key not in KEYS:
            raise entry.error(
                unknown, "unknown-key", f"the key {key[:40]!r} is unknown", f"the keys are {', '.join(KEYS)}"
            )
    title, text = entry.text("title"), entry.raw("q")
    if not title:
        at = entry.fields.get("title", entry.field)
        raise entry.error(at, "title-missing", "the title is missing", 'add `title: "..."`')
    if text is None:
        raise entry.error(entry.fields.get("q", entry.field), "query-missing", "the query is missing", 'add `q: "..."`')
    searched = entry.fields["q"]
    where = Location(file.path, searched.line, searched.column)
    query = _query(entry, text)
    warnings = [SeedWarning(where, notice.code, notice.text) for notice in query.parsed.notices]
    if searched.is_cut:
        warnings.append(
            SeedWarning(where, "comment", "what follows # is a comment: put the query in quotes to keep it")
        )
    return SavedQuery(name=_name(file), title=title, query=query, where=where), warnings


def _list_files(folder: Path) -> tuple[list[SeedFile], list[SeedError]]:
    if not folder.is_dir():
        return [], []
    try:
        files, refused = list_seed_files([folder])
    except SeedsFolderError as exc:
        fault, advice = f"cannot be read ({exc.__cause__})", "check the folder and its permissions"
        return [], [SeedError(Location(str(folder)), "unreadable", fault, advice)]
    problems = [one.problem for one in refused if _is_query(one.name)]
    named: dict[str, SeedFile] = {}
    for file in filter(lambda file: _is_query(file.name), files):
        if named.setdefault(Path(file.name).stem, file) is not file:
            fault = "another file has this name, with another extension"
            problems.append(SeedError(Location(file.path), "duplicate-name", fault, "rename or remove one of them"))
    return list(named.values()), problems


def _is_query(name: str) -> bool:
    return "/" not in name and Path(name).suffix.lower() in EXTENSIONS


def _name(file: SeedFile) -> str:
    name = Path(file.name).stem
    if not _NAME.fullmatch(name):
        fault, advice = "this name cannot be part of an address", "name the file with letters, digits, dots and dashes"
        raise SeedError(Location(file.path), "name", fault, advice)
    return name


def _query(entry: Entry, text: str) -> Query:
    try:
        return Query(
            parsed=parse(text),
            filters=Filters(
                provider=_values(entry, "provider"),
                topic=_values(entry, "topic"),
                category=_values(entry, "category"),
                type=_values(entry, "type"),
                date_from=_day(entry, "from", 0),
                date_to=_day(entry, "to", 1),
            ),
            sort=cast("Sort", entry.text("sort") or "newest"),
            match="all",
        )
    except BadParameterError as exc:
        raise entry.error(entry.fields[exc.name], "value", str(exc), "change or remove it") from exc


def _values(entry: Entry, key: str) -> tuple[str, ...]:
    """Return the one text under *key*, or the texts of the list under it."""
    given = entry.fields.get(key)
    if given is None or not isinstance(given.value, list):
        return tuple(filter(None, [entry.raw(key)]))
    texts = entry.items(key)
    for text in texts:
        if not isinstance(text.value, str):
            raise entry.error(text, "text", f"a {key} is not a text", "put its value in double quotes")
    return tuple(dict.fromkeys(str(text.value) for text in texts))


def _day(entry: Entry, key: str, end: int) -> date | None:
    def convert(text: str) -> date:
        days = read_days(text)
        if days is None:
            msg = f"{text[:40]!r} is not a date"
            raise ValueError(msg)
        return days[end]

    return entry.value(key, convert, "write it as 2021-12-09, 2021-12 or 2021")
