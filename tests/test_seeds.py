from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import missing
from factories import SeedFolder, mention, seed, seed_file
from hypothesis import given, settings
from hypothesis import strategies as st

from search import native
from search.articles import Seed
from search.blocks import BlockReader
from search.errors import Location, SeedError
from search.files import MAX_SEED_BYTES, cut_lines, list_seed_files, read_range, split_lines
from search.lines import LineParser
from search.markup import Field
from search.parse import KNOWN_KEYS, parse_seed
from search.records import Sharing
from search.seeds import (
    FileContent,
    SeedReader,
    SourcedSeed,
    UnusualError,
    cut_front_matter,
    normalize_line_ends,
    read_json_line,
    read_whole,
    sourced,
)

CANARY = "Q0FOQVJZ;c2VjcmV0"
BODY = 'title: t\nwebUrl: https://a.example\nprovider: {name: "n"}\n'


def read(content: str | bytes, name: str = "seed.md") -> FileContent:
    return SeedReader().read(seed_file(name), content.encode() if isinstance(content, str) else content)


def only_seed(content: str | bytes, name: str = "seed.md") -> Seed:
    found = read(content, name)
    assert found.problems == []
    (sourced,) = found.seeds
    return sourced.seed


def only_problem(content: str | bytes, name: str = "seed.md") -> SeedError:
    found = read(content, name)
    assert found.seeds == []
    (problem,) = found.problems
    return problem


def place_and_code(problem: SeedError) -> tuple[int, int, str]:
    return problem.where.line, problem.where.column, problem.code


def lines_in(folder: SeedFolder, content: str | bytes) -> FileContent:
    """Read *content* as a file of lines, range by range."""
    folder.write("seeds.jsonl", content)
    (file,), _ = list_seed_files([folder.path])
    found, reader, before = FileContent(), SeedReader(), 0
    for part in cut_lines(file):
        lines = read_range(file, part)
        read_part = reader.read_lines(file, lines, is_start=not part.start)
        assert read_part.records is not None
        found.seeds += [SourcedSeed(line + before, one) for line, one, _ in sourced(read_part.records, Sharing())]
        found.problems += [at_line(problem, problem.where.line + before) for problem in read_part.problems]
        before += len(split_lines(lines))
    return found


def at_line(problem: SeedError, line: int) -> SeedError:
    return SeedError(problem.where._replace(line=line), problem.code, problem.fault, problem.advice)


# Where the front matter is


@pytest.mark.parametrize(
    "content",
    [
        f"---\n{BODY}---\n",
        f"---\n{BODY}---",
        f"---\n{BODY}...\n",
        f"--- \t\n{BODY}--- \t \n",
        f"\ufeff---\n{BODY}---\n",
        f"---\n{BODY}---\n".replace("\n", "\r\n"),
        f"---\n{BODY}---\n".replace("\n", "\r"),
        f"---\n{BODY}---\n".replace("\n", "\x85"),
        f"\ufeff---\r\n{BODY}---\r\n# Heading\r\n",
        f"---\n{BODY}---\n---\n",
        f"---\n{BODY}---\n---\n---\n",
        f"---\n\n# comment\n\n{BODY}\n\n---\n",
        BODY,
        f"\n\n{BODY}",
        f"# comment\n{BODY}",
        f"{BODY}---\n",
        f"{BODY}...\n",
        f"{BODY}\n---\n# nothing\n",
    ],
)
@pytest.mark.parametrize("name", ["seed.md", "seed.txt", "SEED.MARKDOWN", "seed.yaml", "seed.yml"])
def test_front_matter_is_found_however_it_is_fenced(content: str, name: str) -> None:
    assert only_seed(content, name) == only_seed(BODY)


@pytest.mark.parametrize(
    "body",
    [
        'Text with: colons, [brackets and "quotes\n',
        f"related:\n  - title: x\n{BODY}",
        f"---\n{BODY}---\n",
        "title: another\n---\n...\n",
        "\t\x00\x1b {{ &x *y !!z\n",
    ],
)
def test_a_markdown_body_is_not_read(body: str) -> None:
    assert only_seed(f"---\n{BODY}---\n{body}") == only_seed(BODY)


def test_a_line_that_only_begins_like_a_fence_closes_nothing() -> None:
    content = f"---\n{BODY}excerpt: |\n  a\n  ---\n  ...\n  b\n---\nbody\n"

    assert only_seed(content).article.excerpt == "a --- ... b"


def test_front_matter_that_is_not_closed_is_refused_but_in_a_yaml_file() -> None:
    problem = only_problem(f"---\n{BODY}")

    assert place_and_code(problem) == (1, 1, "unclosed")
    assert only_seed(f"---\n{BODY}", "seed.yaml") == only_seed(BODY)


def test_separators_are_blanks_and_no_line_ends() -> None:
    found = only_seed(f"---\n{BODY}excerpt: a\u2028b\u2029c\n---\n")

    assert found.article.excerpt == "a b c"


@given(
    st.binary(max_size=40) | st.lists(st.sampled_from([b"\r", b"\n", b"\xc2\x85", b"\xe2\x80\xa8", b"a"])).map(b"".join)
)
def test_line_ends_are_brought_to_one_kind_as_characters_have_them(content: bytes) -> None:
    normal = normalize_line_ends(content)

    text = content.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    expected = text.replace("\u2028", " ").replace("\u2029", " ").encode("utf-8", "surrogateescape")
    assert normal == expected


@given(st.lists(st.sampled_from(["---", "...", "\n", " ", "\t", "a", "-", "--- a", "\n---\n", "\n...\n"]), max_size=12))
def test_front_matter_ends_at_the_first_line_that_is_a_fence(parts: Sequence[str]) -> None:
    lines = ("---\n" + "".join(parts)).split("\n")
    fences = [number for number, line in enumerate(lines) if number and line.rstrip(" \t") in {"---", "..."}]

    header, first_line = cut_front_matter("\n".join(lines).encode(), seed_file("seed.yaml"))

    closing = fences[0] if fences else len(lines)
    assert first_line == 2
    assert header.decode().rstrip("\n") == "\n".join(lines[1:closing]).rstrip("\n")


# JSON


def test_json_is_a_seed_however_it_is_laid_out() -> None:
    keys = mention(excerpt="caf\u00e9 \N{GRINNING FACE} https://a/b", quality=5)
    layouts = [
        json.dumps(keys),
        json.dumps(keys, indent="\t", ensure_ascii=False),
        json.dumps(keys, indent=2).replace("\n", "\r\n"),
        "\ufeff" + json.dumps(keys).replace("/", "\\/"),
    ]

    assert {only_seed(layout, "seed.json").article for layout in layouts} == {
        only_seed(layouts[0], "seed.json").article
    }


def test_a_json_file_may_hold_yaml() -> None:
    assert only_seed(BODY, "seed.json") == only_seed(BODY)
    assert only_seed(f"---\n{BODY}---\n", "seed.json") == only_seed(BODY)
    assert only_seed('{"title": "t", webUrl: "https://a.example", "provider": {"name": "n"},}', "seed.json")


def test_what_is_neither_json_nor_yaml_is_named_as_json() -> None:
    problem = only_problem('{"title": "t",\n "webUrl": }}', "seed.json")

    assert place_and_code(problem) == (2, 12, "json")


def test_a_duplicate_key_in_json_is_not_given_to_yaml() -> None:
    problem = only_problem('{"title": "t",\n "title": "u"}', "seed.json")

    assert place_and_code(problem) == (2, 2, "duplicate-key")


# Files of lines


def test_every_line_is_a_seed_and_knows_its_line(folder: SeedFolder) -> None:
    content = "\ufeff" + json.dumps(mention("One")) + "\r\n\n  \n" + json.dumps(mention("Two"))

    found = lines_in(folder, content)

    assert [(one.line, one.seed.article.title) for one in found.seeds] == [(1, "One"), (4, "Two")]
    assert found.problems == []


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (b"{", 2, "json"),
        (b'{"title": "x", "title": "y"}', 16, "duplicate-key"),
        (b"title: yaml", 1, "json"),
        (b"[]", 1, "mapping"),
        (b"{}", 1, "title-missing"),
        (b'{"title": "caf\xe9"}', 15, "not-utf-8"),
        (b'{"title": "a\tb"}', 11, "json"),
        (b'{"title": "\\ud800"}', 11, "surrogate"),
        (b"[" * 100_000, 9, "depth"),
        (b'{"title": "' + b"x" * MAX_SEED_BYTES + b'"}', 1, "too-large"),
    ],
)
def test_a_bad_line_costs_only_itself(folder: SeedFolder, line: bytes, column: int, code: str) -> None:
    good = [json.dumps(mention(title)).encode() for title in ("One", "Two")]

    found = lines_in(folder, b"\n".join([good[0], line, good[1]]))

    assert [place_and_code(problem) for problem in found.problems] == [(2, column, code)]
    assert [(one.line, one.seed.article.title) for one in found.seeds] == [(1, "One"), (3, "Two")]


def test_lines_that_take_too_long_are_not_begun(folder: SeedFolder) -> None:
    if native.passes is None:
        missing("the passes in C are not compiled")
    folder.write("seeds.jsonl", "")
    (file,), _ = list_seed_files([folder.path])
    content = b"\n".join([json.dumps(mention("Usual")).encode(), b"{}"])

    with pytest.raises(UnusualError):
        SeedReader().read_lines(file, content, is_start=True, most_left=1)
    assert SeedReader().read_lines(file, content, is_start=True, most_left=2).problems


def test_an_empty_file_of_lines_is_no_fault(folder: SeedFolder) -> None:
    assert lines_in(folder, "\n\n") == FileContent()


# What is beside the seed


def test_the_ciphertext_is_in_nothing_that_is_read(folder: SeedFolder) -> None:
    related = [mention("Two", secured=CANARY)]
    files = {
        "whole.md": seed(secured=CANARY),
        "blocks.md": f'---\n{BODY}related:\n  - {json.dumps(related[0])}\n\nsecured: "{CANARY}"\n---\n',
        "other.md": f"---\n{BODY}secured:\n  - {CANARY}\n---\n",
        "seed.json": json.dumps(mention(secured=CANARY, related=related)),
    }
    lines = lines_in(folder, json.dumps(mention(secured=CANARY)))

    found = [read(content, name) for name, content in files.items()]

    assert all(content.seeds for content in [*found, lines])
    assert CANARY not in repr([*found, lines])
    assert "secured" not in repr([*found, lines])


def test_unknown_keys_are_counted_and_cut_texts_warned_of() -> None:
    found = read(f"---\n{BODY}layout: post\nexcerpt: C # language\n---\n")

    assert found.unknown_keys == {"layout": 1}
    assert [warning.where for warning in found.warnings] == [Location("seed.md", 6, 1)]


# Broken seeds

GOOD = "title: t\nwebUrl: https://a.example/b\nprovider:\n  name: n\n"
RELATED = "related:\n  - title: r\n    webUrl: https://a.example/r\n    provider: {name: n}\n"

BROKEN: dict[str, tuple[str | bytes, int, str]] = {
    "not-closed": (f"---\n{GOOD}", 1, "unclosed"),
    "empty": ("", 1, "mapping"),
    "empty-front-matter": ("---\n---\n", 2, "mapping"),
    "a-list": ("---\n- a\n- b\n---\n", 2, "mapping"),
    "prose": ("---\nOnly a sentence.\n---\n", 2, "mapping"),
    "latin-1": (b"---\ntitle: caf\xe9\n---\n", 2, "not-utf-8"),
    "latin-1-in-the-body": (f"---\n{GOOD}---\nna\xefve\n".encode("latin-1"), 7, "not-utf-8"),
    "utf-16": (f"---\n{GOOD}---\n".encode("utf-16"), 1, "not-utf-8"),
    "nul": ("---\ntitle: a\0b\n---\n", 2, "unprintable"),
    "escape": ("---\n" + GOOD + "excerpt: \x1b[31m\n---\n", 6, "unprintable"),
    "half-a-surrogate-pair": ('---\ntitle: "\\ud800"\n---\n', 2, "yaml"),
    "a-colon-in-a-title": ("---\ntitle: Azure update: new\n---\n", 2, "yaml"),
    "brackets-in-a-title": ("---\ntitle: [Preview] x\n---\n", 2, "yaml"),
    "an-at-sign": ("---\ntitle: @x\n---\n", 2, "yaml"),
    "an-open-quote": (f'---\n{GOOD}excerpt: "a\nquality: 3\n---\n', 6, "yaml"),
    "an-open-bracket": (f"---\n{GOOD}topics: [a,\n\n---\n", 6, "yaml"),
    "odd-indentation": (f"---\n{GOOD} quality: 3\n---\n", 6, "yaml"),
    "a-tab": (f"---\n{GOOD}images:\n\t- url: x\n---\n", 7, "yaml"),
    "a-duplicate-key": (f"---\n{GOOD}title: u\n---\n", 6, "duplicate-key"),
    "a-duplicate-list": (f"---\n{GOOD}{RELATED}{RELATED}---\n", 10, "duplicate-key"),
    "an-anchor": (f"---\n{GOOD}excerpt: &a b\n---\n", 6, "anchor"),
    "an-alias": (f"---\n{GOOD}excerpt: *a\n---\n", 6, "alias"),
    "a-merge-key": (f"---\n{GOOD}<<: {{a: b}}\n---\n", 6, "merge"),
    "a-tag": (f"---\n{GOOD}excerpt: !!python/name:os.system x\n---\n", 6, "tag"),
    "too-deep": (f"---\n{GOOD}topics: {'[' * 25_000}\n---\n", 6, "depth"),
    "too-deep-in-a-related-entry": (f"---\n{GOOD}{RELATED}    topics: [[[[[[[[]]]]]]]]\n---\n", 10, "depth"),
    "a-second-document": (f"{GOOD}---\ntitle: u\n", 6, "documents"),
    "no-title": (f"---\n{GOOD[9:]}---\n", 2, "title-missing"),
    "an-empty-title": ("---\n" + GOOD[9:] + 'title: ""\n---\n', 5, "title-missing"),
    "no-url": ("---\n\ntitle: t\nprovider: {name: n}\n---\n", 3, "url-missing"),
    "no-provider": ("---\n# comment\ntitle: t\nwebUrl: https://a.example\n---\n", 3, "provider-missing"),
    "no-name-of-the-provider": (f"---\n{GOOD[:-10]}\n  domain: x\n---\n", 4, "provider-missing"),
    "javascript": (f"---\n{GOOD}originalUrl: 'javascript:alert(1)'\n---\n", 6, "url"),
    "a-relative-url": ("---\ntitle: t\nwebUrl: /a\nprovider: {name: n}\n---\n", 3, "url"),
    "no-date": (f"---\n{GOOD}publishedDateTime: yesterday\n---\n", 6, "date"),
    "no-number": (f"---\n{GOOD}quality: high\n---\n", 6, "integer"),
    "no-flag": (f"---\n{GOOD}published: perhaps\n---\n", 6, "boolean"),
    "a-related-entry-without-a-title": (
        f"---\n{GOOD}related:\n  - webUrl: https://a.example\n---\n",
        7,
        "title-missing",
    ),
    "a-date-in-the-second-related-entry": (
        f"---\n{GOOD}{RELATED}{RELATED[9:]}    startDateTime: x\n---\n",
        13,
        "date",
    ),
    "a-related-entry-that-is-a-word": (f"---\n{GOOD}{RELATED}  - word\n---\n", 10, "mapping"),
}


@pytest.mark.parametrize(("content", "line", "code"), BROKEN.values(), ids=BROKEN)
def test_a_broken_seed_is_named_with_its_line(content: str | bytes, line: int, code: str) -> None:
    problem = only_problem(content)

    assert (problem.where.file, problem.where.line, problem.code) == ("seed.md", line, code)
    assert str(problem).startswith(f"seed.md:{line}:{problem.where.column}: ")
    assert "\n" not in str(problem)


def test_the_neighbours_of_broken_seeds_are_read_by_the_same_reader() -> None:
    reader = SeedReader()
    good = f"---\n{GOOD}{RELATED}---\n".encode()

    for content, *_ in BROKEN.values():
        assert reader.read(seed_file("a.md"), content.encode() if isinstance(content, str) else content).problems
        assert reader.read(seed_file("b.md"), good).seeds


# Block by block

OWN_KEYS = [
    *[
        "title: T",
        "webUrl: https://a.example/s",
        "provider:\n  name: n",
        "excerpt: >-\n  folded\n  text",
        "quality: 17",
    ],
    *["published: false", "topics:\n  - AI\n  - ML", "images:\n  - url: https://i.example/a.png", "layout: post"],
    *["# comment", "", 'secured: "QUJD;eHl6"', 'name: "a\n  b"', "category: a # b", "excerpt: |\n  kept\n\n"],
]
SIMPLE_ITEMS = [
    "title: One\n    webUrl: https://a.example/1\n    provider:\n      name: x",
    'title: "Two"\n    webUrl: "https://a.example/2"\n    provider: {name: y}\n    quality: 3',
    "title: Three # cut\n    webUrl: https://a.example/3\n    provider:\n      name: z\n      images:\n      - url: /z",
]
ODD_ITEMS = [
    'title: Four\n    excerpt: "a\n      b"\n    webUrl: https://a.example/4\n    provider: {name: x}',
    '{title: Five, webUrl: "https://a.example/5", provider: {name: q}}',
    "title: Six\n    webUrl: https://a.example/6\n    provider: {name: x}\n    excerpt: >\n      folded\n      text\n",
    "title: Seven\n    topics:\n    - a\n    - b\n    webUrl: https://a.example/7\n    provider: {name: x}",
    "title: Eight\n    webUrl: https://a.example/8\n    provider: {name: x}\n    excerpt: plain\n      text",
    "title: Nine\n    webUrl: https://a.example/9\n    provider: {name: x}\n    excerpt: |",
    "~",
]
# Separated by semicolons.
PIECES = (
    "\";';\n;\n  - ;\n    ;\n  ;  ;- ;: ;:; #;#;|\n; >\n;{;};[;];,;\t;---;\n---\n;\n...\n;%;? ;!;&a ;*a;\\;\n\n;"
    "\n# c\n;\n  # c\n;\nrelated:\n  - ;\nrelated: ;\n  - - ;\n- ;\n   - ;\n x;<<: ;~;\n~\n;\n  - {;\n \n;\n  -;"
    "\n  -\n    ;\ntitle: x;\n    title: y;\"\n  - \";'\n  - ';\n    k: |\n;\n  k: v;\n  - k: v;\n  - |\n    a\n;"
    '--- x\n;\nsecured: "QUJD"\n;\ufeff;\u00a0'
).split(";")


@st.composite
def front_matters(draw: st.DrawFn) -> str:
    """Write the front matter of a seed that has a related list."""
    own = draw(
        st.permutations([*OWN_KEYS[:3], *draw(st.lists(st.sampled_from(OWN_KEYS[3:]), max_size=3, unique=True))])
    )
    items = draw(
        st.lists(st.sampled_from(SIMPLE_ITEMS) | st.sampled_from(SIMPLE_ITEMS + ODD_ITEMS), min_size=1, max_size=4)
    )
    gaps = draw(st.lists(st.sampled_from(["", "", "", "\n", "  # c\n"]), min_size=len(items), max_size=len(items)))
    related = "".join(f"  - {item}\n{gap}" for item, gap in zip(items, gaps, strict=True))
    cut = draw(st.integers(1, len(own)))
    return (
        "\n".join(own[:cut])
        + f"\nrelated:\n{related}"
        + "\n".join(own[cut:])
        + draw(st.sampled_from(["", "\n", "\n\n"]))
    )


def edited(draw: st.DrawFn, text: str) -> str:
    """Delete, repeat or insert some characters."""
    start = draw(st.integers(0, len(text)))
    end = min(start + draw(st.sampled_from([1, 1, 2, 5, 20])), len(text))
    piece = draw(st.sampled_from(["", text[start:end]]) | st.sampled_from(PIECES))
    return text[:start] + piece + text[draw(st.sampled_from([start, end])) :]


def rearranged(draw: st.DrawFn, text: str) -> str:
    """Copy a line to another place or over another, or indent it otherwise."""
    lines = text.split("\n")
    numbers = st.integers(0, len(lines) - 1)
    line, place = lines[draw(numbers)], draw(numbers)
    prefix = draw(st.sampled_from(["", "", "", " ", "  ", "\t", "- "]))
    lines[place : place + draw(st.integers(0, 1))] = [prefix + line[draw(st.sampled_from([0, 0, 0, 1, 2, 4])) :]]
    return "\n".join(lines)


@st.composite
def mutations(draw: st.DrawFn, text: str) -> str:
    for edit in draw(st.lists(st.sampled_from([edited, edited, rearranged]), max_size=3)):
        text = edit(draw, text)
    return text


def whole(header: str) -> Any:
    """Return what reading in one go gives, but for the list among the keys."""
    try:
        found, structure = read_whole(header, 2, seed_file())
    except SeedError as exc:
        return str(exc)
    assert isinstance(structure.value, dict)
    return found, {key: field for key, field in structure.value.items() if key != "related"}


def by_blocks(reader: BlockReader, header: str) -> Any:
    found = reader.read(header.encode(), 2, seed_file().path)
    return found and (found[0], found[1].value)


@settings(max_examples=2_000)
@given(front_matters().flatmap(lambda text: st.tuples(st.just(text), mutations(text))))
def test_block_by_block_is_as_the_whole_wherever_it_answers(texts: tuple[str, str]) -> None:
    """Also with the blocks remembered that another seed had."""
    reader = BlockReader()

    for text in texts:
        assert by_blocks(reader, text) in (None, whole(text))


@given(
    st.lists(st.sampled_from(SIMPLE_ITEMS), min_size=1, max_size=5), st.sampled_from(["", '\nsecured: "QUJD;eHl6"\n'])
)
def test_the_front_matter_that_editors_write_is_read_block_by_block(items: Sequence[str], tail: str) -> None:
    text = "\n".join(OWN_KEYS[:3]) + "\nrelated:\n" + "".join(f"  - {item}\n" for item in items) + tail

    assert by_blocks(BlockReader(), text) == whole(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}{RELATED}---\n  - title: s\n",
        f"{GOOD}{RELATED}--- x\n{RELATED[9:]}",
        f"{GOOD}{RELATED}...\n{RELATED[9:]}",
        f"{GOOD}{RELATED}~\n",
        f"{GOOD}{RELATED}null\n",
        f"{GOOD}{RELATED}{{}}\n",
        f"{GOOD}{RELATED}\ufefftopics: [a]\n",
        f"{GOOD}excerpt: '\n{RELATED}  - '\n",
        f"{{{GOOD[:-1]},\n{RELATED}}}\n",
        f"{GOOD}{RELATED}related:\n{RELATED[9:]}",
        f"{GOOD}{RELATED}title: u\n",
        f"{GOOD}{RELATED}\n    - x\n",
        f"{GOOD}excerpt: |\n{RELATED}",
    ],
)
def test_what_a_cut_would_change_is_left_to_the_whole(text: str) -> None:
    assert by_blocks(BlockReader(), text) in (None, whole(text))


# Real seeds, mutated


def mutated(content: bytes, source: random.Random) -> bytes:
    """Damage *content* in one to four places."""
    for _ in range(source.randint(1, 4)):
        start = source.randrange(len(content) + 1)
        end = start + source.choice([1, 1, 1, 4, 30])
        piece = source.choice([b"", content[start:end] * 2, source.choice(PIECES).encode(), source.randbytes(1)])
        content = content[:start] + piece + content[source.choice([start, end]) :]
    return content


def is_inside(where: Location, content: bytes) -> bool:
    lines = normalize_line_ends(content.removeprefix(b"\xef\xbb\xbf")).decode("utf-8", "replace").split("\n")
    return 1 <= where.line <= len(lines) and 1 <= where.column <= len(lines[where.line - 1]) + 1


def test_20_000_mutated_real_seeds_are_read_or_refused_at_a_place_inside_the_file(corpus: Path) -> None:
    source = random.Random(20_211_209)  # noqa: S311 - the same damage in every run
    small = sorted(file for file in corpus.iterdir() if file.stat().st_size < 2_000)[::10]
    contents = [file.read_bytes() for file in small]
    reader, refused = SeedReader(), 0

    for _ in range(20_000):
        content = mutated(source.choice(contents), source)
        found = reader.read(seed_file(), content)
        assert len(found.seeds) + len(found.problems) == 1
        assert all(is_inside(problem.where, content) for problem in found.problems), (content, found.problems)
        refused += len(found.problems)

    assert 2_000 < refused < 18_000


# Lines, the short way

SCALARS = st.sampled_from(
    [None, True, False, 0, -0.0, 17, -1, 999_999_999, 1_000_000_000, 10**30, 1e3, 2.5, "", " ", "x"]
)
TEXTS = st.text(max_size=8) | st.sampled_from(
    [
        "AT&amp;T",
        "a  b",
        " a",
        "a\n",
        "a\x00b",
        "\u200b",
        "caf\u00e9",
        "\U0001f600",
        "&#x41;",
        "&nbsp;",
        "\ufeff",
        "a\u3000b",
    ]
)
URLS = st.sampled_from(
    [
        *["https://a.example/x", "http://WWW.a.example:80/x/?utm_source=y#z", " https://a.example/a b ", "/relative"],
        *["javascript:alert(1)", "https://", "https://a.example./", "http://[::1]/x", "https://a.example/?b&c", ""],
    ]
)
DATES = st.sampled_from(
    ["2021-12-09T07:49:00Z", "2021-02-30T07:49:00Z", "2021-12-09", "2021-12-09T24:00:00Z", "2021-W49-4T07:49:00Z"]
)
KEY_VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["title", "name", "excerpt", "type", "category"], TEXTS),
    **dict.fromkeys(["webUrl", "originalUrl", "website", "ampWebUrl", "cdnAmpWebUrl"], URLS),
    **dict.fromkeys(["publishedDateTime", "startDateTime"], DATES),
    **dict.fromkeys(["quality", "heat"], SCALARS | st.sampled_from(["17", "+3", "010", "1_0", "\u0663"])),
    **dict.fromkeys(["published", "removed"], SCALARS | st.sampled_from(["yes", "Off", "maybe"])),
    "provider": st.fixed_dictionaries({}, optional={"name": TEXTS, "domain": TEXTS, "images": SCALARS}),
    "topics": st.lists(TEXTS | st.none(), max_size=3),
    "images": st.lists(
        st.fixed_dictionaries({}, optional={"url": URLS, "width": SCALARS, "height": SCALARS}), max_size=2
    ),
    "secured": SCALARS,
    "layout": SCALARS
    | st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner)),
}
GOOD_KEYS = {"title": "t", "webUrl": "https://a.example/b", "provider": {"name": "n"}}


def entries(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make mappings that are mostly good, with a few keys that may hold anything."""
    anything = {key: values | SCALARS for key, values in (KEY_VALUES | more).items()}
    few = st.lists(st.sampled_from(sorted(anything)), max_size=4, unique=True)
    odd = few.flatmap(lambda keys: st.fixed_dictionaries({key: anything[key] for key in keys}))
    return odd.map(lambda keys: GOOD_KEYS | keys)


@st.composite
def json_lines(draw: st.DrawFn) -> bytes:
    """Write a seed as a line, and perhaps damage it."""
    content = draw(entries(related=st.lists(entries(), max_size=2)))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))
    line = json.dumps(content, ensure_ascii=draw(st.booleans()), separators=separators)
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        start = draw(st.integers(0, len(line)))
        end = min(start + draw(st.sampled_from([0, 0, 1, 3, 12])), len(line))
        piece = draw(st.sampled_from(LINE_PIECES) | st.just(line[start:end] * 2))
        line = line[:start] + piece + line[end:]
    return line.encode("utf-8", "surrogatepass").replace(b"\n", b"")


LINE_PIECES = [
    *['"', "\\", ",", ":", "{", "}", "[", "]", "0", "-", "NaN", "Infinity", "1e999", "null", "\r", "\t", "\x00", " "],
    *['"title": "u", ', '"ti\\u0074le": "u", ', '"layout": {"a": 1, "a": 2}, ', '"x": "\\ud83d\\ude00", ', "\ud800"],
    *['"x": "\\ud800", ', '"x": [[[[[[[[]]]]]]]], ', '"x": [[[[[[[]]]]]]], ', '"x": 010, ', '"x": 1., ', "9" * 30],
    *["\ufeff", "\x7f", "{}", '"x\\"": 1, ', '"x": ":", ', '"x" :1, "x": 2, '],
]


def long_way(line: bytes) -> Any:
    """Return what the reader that knows positions makes of a line."""
    try:
        structure = read_json_line(seed_file("a.jsonl"), line, 1)
        return parse_seed(structure, "a.jsonl"), unknown_keys(structure)
    except SeedError as exc:
        return str(exc)


def unknown_keys(structure: Field) -> set[str]:
    assert isinstance(structure.value, dict)
    return structure.value.keys() - KNOWN_KEYS


@settings(max_examples=settings().max_examples * 20)
@given(st.lists(json_lines(), min_size=1, max_size=3))
def test_the_short_way_is_as_the_long_wherever_it_answers(lines: list[bytes]) -> None:
    """Also with the texts remembered that other lines had."""
    parser = LineParser()

    for line in lines:
        short = parser.parse(line)
        assert short is None or (short[0], set(short[1])) == long_way(line)


@pytest.mark.parametrize("is_ascii", [False, True])
def test_lines_as_programs_write_them_take_the_short_way(*, is_ascii: bool) -> None:
    keys = mention(
        "Caf\u00e9 \U0001f600 AT&amp;T",
        related=[mention("Two", quality=3), mention("Three")],
        topics=["AI", "ML"],
        images=[{"url": "/a.png"}, {"url": "https://i.example/a.png", "width": 3, "height": 0}],
        published=False,
        quality=17,
        heat=-1,
        layout={"a": [1.5]},
    )

    found = LineParser().parse(json.dumps(keys, ensure_ascii=is_ascii).encode())

    assert found is not None
    assert (found[0].article.title, set(found[1])) == ("Caf\u00e9 \U0001f600 AT&T", {"layout"})


def test_what_goes_the_long_way_is_told_from_what_goes_the_short_one_by_nothing(folder: SeedFolder) -> None:
    """A number for a title is a text, and only the long way still knows how it was written."""
    lines = [json.dumps(mention("One")), json.dumps(mention("1", slug="x")).replace('"1"', "1e0"), "{", "", "[]"]

    found = lines_in(folder, "\n".join(lines))

    assert [sourced.seed.article.title for sourced in found.seeds] == ["One", "1e0"]
    assert [place_and_code(problem) for problem in found.problems] == [(3, 2, "json"), (5, 1, "mapping")]
