"""Judged collections: documents, queries, and which of the documents answer them.

A collection is an archive ``NAME.tar.xz`` of one folder:

- ``docs.jsonl``: objects with ``id``, ``title`` (may be empty) and ``text``.
- ``queries.jsonl``: objects with ``id`` and ``text``; ``queries-typo.jsonl``, which may be missing: the same, misspelt.
- ``qrels.tsv``: query, document and gain, below a line of headings.
- ``exclude.tsv``, which may be missing: query and document, to be taken out of the answers before they are scored.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

Texts = Mapping[str, str]

#: Stands where a document has no title, and for the outlet, which no document has: there is no word in it.
NOTHING = "—"
_SITE = "https://judged.example/"
_OPERATORS = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One judged collection; everything is by the id of a query or a document."""

    name: str
    #: Title and text.
    documents: Mapping[str, tuple[str, str]]
    queries: Texts
    #: Empty where there are none.
    misspelt: Texts
    #: Gain by document, by query; every query has one.
    judgements: Mapping[str, Mapping[str, int]]
    #: Documents that are no answers, by query.
    excluded: Mapping[str, frozenset[str]]


def read_collection(archive: Path) -> Collection | None:
    """Read an archive into memory; None where it holds something else.

    Only queries that a document answers are kept.
    """
    files = read_archive(archive)
    if "docs.jsonl" not in files:
        return None
    judgements: dict[str, dict[str, int]] = {}
    for query, document, gain in read_rows(files["qrels.tsv"]):
        if int(gain) > 0:
            judgements.setdefault(query, {})[document] = int(gain)
    excluded: dict[str, set[str]] = {}
    for query, document, *_ in read_rows(files.get("exclude.tsv", "")):
        excluded.setdefault(query, set()).add(document)
    return Collection(
        name=archive.name.removesuffix(".tar.xz"),
        documents={line["id"]: (line["title"].strip(), line["text"]) for line in _lines(files["docs.jsonl"])},
        queries=_queries(files["queries.jsonl"], judgements),
        misspelt=_queries(files.get("queries-typo.jsonl", ""), judgements),
        judgements=judgements,
        excluded={query: frozenset(documents) for query, documents in excluded.items()},
    )


def read_archive(archive: Path) -> dict[str, str]:
    """Return the texts of an archive's files, by their names without the folder (with it, where names repeat)."""
    with tarfile.open(archive) as packed:
        members = [member for member in packed.getmembers() if member.isfile()]
        names = [Path(member.name).name for member in members]
        keys = [name if names.count(name) == 1 else member.name for name, member in zip(names, members, strict=True)]
        found = (packed.extractfile(member) for member in members)
        return {key: file.read().decode("utf-8") for key, file in zip(keys, found, strict=True) if file}


def unpack(archive: Path, folder: Path) -> None:
    """Write an archive's files into *folder*, without the folders that they are in."""
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and (file := packed.extractfile(member)):
                (folder / Path(member.name).name).write_bytes(file.read())


def read_rows(text: str) -> list[list[str]]:
    """Return the rows of a table below its headings."""
    return [line.split("\t") for line in text.splitlines()[1:]]


def write_seeds(collection: Collection, folder: Path) -> None:
    """Write the documents as seeds of one outlet, of which nothing else is known, so that all priors are neutral."""
    provider = {"name": NOTHING, "domain": "judged.example"}
    seeds = (
        {"title": title or NOTHING, "excerpt": text, "originalUrl": url_of(document), "provider": provider}
        for document, (title, text) in collection.documents.items()
    )
    folder.mkdir(parents=True)
    (folder / f"{collection.name}.jsonl").write_text("\n".join(map(json.dumps, seeds)) + "\n", "ascii")


def url_of(document: str) -> str:
    """Return the URL that a document gets."""
    return _SITE + quote(document, safe="")


def document_of(url: str) -> str:
    """Return the document that has a URL.

    >>> document_of(url_of("a/b?"))
    'a/b?'
    """
    return unquote(url.removeprefix(_SITE))


def clean(query: str) -> str:
    """Return the words of a query, separated by blanks; an operator becomes the word that it looks like.

    >>> clean('Who said "NOT now" (in 2020)?')
    'Who said not now in 2020'
    """
    words = re.findall(r"\w+", query)
    return " ".join(word.lower() if word in _OPERATORS else word for word in words)


def _lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines() if line]


def _queries(text: str, judgements: Mapping[str, object]) -> dict[str, str]:
    return {line["id"]: line["text"] for line in _lines(text) if line["id"] in judgements}
