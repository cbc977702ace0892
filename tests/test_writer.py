"""Generations in files: what changed is added to what is there, and answers as if all had been written at once."""

from __future__ import annotations

import pickle
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Never

import numpy as np
import orjson
import pytest
from factories import SeedFolder, article, catalog, mention, seed
from hypothesis import given, settings
from hypothesis import strategies as st
from segments import told

import search
from search import native
from search.articles import Article, Seed
from search.catalog import Catalog, make_catalog
from search.engines.memory import MemoryEngine
from search.engines.whoosh import WhooshEngine, generations, writer
from search.engines.whoosh.arrays import Arrays
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.generations import Generations, Pointer
from search.engines.whoosh.inversion import invert
from search.engines.whoosh.opening import open_generation
from search.engines.whoosh.writer import MAX_SEGMENTS
from search.errors import IndexDamagedError, IndexUnreadableError, IndexWriteError
from search.line_records import NOTHING, with_seeds
from search.mentions import MentionedLines
from search.recorded import Recorded

with warnings.catch_warnings():
    # Whoosh has escapes that newer Pythons warn of when they compile it.
    warnings.simplefilter("ignore")
    from whoosh.index import open_dir
    from whoosh.query import Term

COUNT = 24
#: Words, phrases, patterns, exclusions and their fallbacks; what only gone articles have among them.
QUERIES = (
    "",
    "rates",
    "rates -changed",
    "-withdrawn rates",
    "changed OR withdrawn",
    '"rates rise"',
    '"rise again"~2',
    "cha*",
    "w?thdrawn",
    "changd~",
    "title:rates",
    "topic:changed",
    "absent rates",
    "outlets:>1",
    "quality:>=1",
    "site:b.example",
)
WORDS = ("rates rise", "rates changed", "withdrawn rate", "rising again rates", "京都 rated changes")

State = dict[int, int]
steps = st.lists(
    st.dictionaries(st.integers(0, COUNT + 3), st.none() | st.integers(0, len(WORDS) - 1), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)


def made(number: int, variant: int) -> Article:
    """Make an article; the variants of a number are the same article with other content."""
    return article(
        WORDS[variant] if number % 4 else f"{WORDS[variant]} {number}",
        url=f"https://news.example/{number}",
        excerpt=" ".join([WORDS[(variant + 1) % 5]] * (1 + 40 * (number == 1))),
        domain="b.example" if (number + variant) % 3 else "a.example",
        provider=f"Provider {(number * variant) % 4}",
        published=None if number % 7 == 3 else f"2021-{1 + (number + variant) % 12:02}-05",
        topics=("changed",) if variant == 1 else (),
        quality=None if variant else number,
    )


def news(state: Mapping[int, int]) -> Catalog:
    """Make a catalog, the articles of which are in stories of up to three."""
    own = {number: made(number, variant) for number, variant in sorted(state.items())}
    groups = [tuple(own[n] for n in range(at, at + 3) if n in own) for at in range(0, COUNT, 6)]
    return catalog(*own.values(), related=tuple(group for group in groups if len(group) > 1))


def newest_folder(index: Path) -> Path:
    name = (index / "CURRENT").read_text().split()[0]
    return index / "generations" / name


def segment_files(index: Path) -> list[Path]:
    folder = newest_folder(index)
    return [folder / name for name in orjson.loads((folder / "SEGMENTS.json").read_bytes())]


def opened(index: Path) -> Collection:
    return open_generation(newest_folder(index))


def gone(index: Path) -> list[int]:
    """Count, segment by segment, the articles that are no longer there."""
    parts = opened(index).parts
    return [0 if part.living is None else int(np.count_nonzero(~part.living)) for part in parts]


START: State = dict.fromkeys(range(COUNT), 0)


@given(steps)
@settings(max_examples=settings().max_examples // 5)
def test_after_any_changes_every_answer_is_that_of_a_fresh_index(changes: list[dict[int, int | None]]) -> None:
    state = dict(START)
    memory = MemoryEngine()
    with TemporaryDirectory() as folder:
        index = Path(folder)
        engine = WhooshEngine(index)
        engine.publish(news(state))
        for change in changes:
            state = {number: v for number, v in (state | change).items() if v is not None}
            wanted = news(state)
            memory.publish(wanted)

            assert engine.publish(wanted) == wanted.generation
            assert engine.fingerprints() == wanted.fingerprints
            assert len(segment_files(index)) <= MAX_SEGMENTS

        with_changes, afresh = engine.open(), memory.open()
        for text in QUERIES:
            for options in ({"size": 100}, {"size": 3, "page": 2, "sort": "newest"}, {"size": 5, "match": "any"}):
                assert told(with_changes, text, **options) == told(afresh, text, **options)
        found, expected = with_changes.statistics(), afresh.statistics()
        assert (found.articles, found.stories, found.providers) == (
            expected.articles,
            expected.stories,
            expected.providers,
        )
        assert found.newest == expected.newest
        assert engine.verify() == []


def test_a_small_change_adds_a_segment_and_marks_what_is_gone(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(news(START))
    (first,) = segment_files(index_path)
    before = first.read_bytes()

    engine.publish(news(START | {0: 1, 100: 2}))

    kept, added = segment_files(index_path)
    assert kept.read_bytes() == before
    assert [len(part.segment) for part in opened(index_path).parts] == [COUNT, 2]
    assert gone(index_path) == [1, 0]
    assert added.stat().st_size < len(before)


def test_a_removal_alone_adds_nothing(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(news(START))

    engine.publish(news({number: 0 for number in START if number}))

    assert len(segment_files(index_path)) == 1
    assert gone(index_path) == [1]


def test_what_is_changed_back_is_written_again(index_path: Path) -> None:
    """An article that is marked as gone stays so, also where it comes back as it was."""
    engine = WhooshEngine(index_path)
    for state in (START, START | {0: 1}, START):
        engine.publish(news(state))

    assert opened(index_path).count == COUNT
    assert engine.fingerprints() == news(START).fingerprints
    assert engine.verify() == []


def test_a_large_change_writes_everything_anew(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(news(START))

    engine.publish(news(START | dict.fromkeys(range(COUNT // 2), 1)))

    assert gone(index_path) == [0]


def test_many_small_changes_are_merged_into_few_segments(index_path: Path) -> None:
    engine, state, counts = WhooshEngine(index_path), dict(START), []
    for number in range(100, 112):
        state[number] = number % 5
        engine.publish(news(state))
        counts.append(len(segment_files(index_path)))

    assert max(counts) == MAX_SEGMENTS
    assert opened(index_path).count == len(state)
    assert engine.verify() == []


def test_anew_leaves_nothing_of_before(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(news(START))
    engine.publish(news(START | {0: 1}))

    engine.publish(news(START | {0: 2}), anew=True)

    assert gone(index_path) == [0]
    assert len(opened(index_path).parts[0].segment) == COUNT


def test_everything_may_go_and_come_back(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    for state in (START, {}, START):
        engine.publish(news(state))

        assert engine.open().statistics().articles == len(state)
        assert engine.verify() == []


def test_a_segment_nothing_is_left_of_is_dropped(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    for state in (START, START | {100: 1}, START | {100: 2}):
        engine.publish(news(state))

    assert gone(index_path) == [0, 0]


def test_articles_that_are_too_many_for_one_go_become_the_same_segment(
    index_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    WhooshEngine(tmp_path / "at once").publish(news(START))
    monkeypatch.setattr(writer, "RUN", 7)
    WhooshEngine(index_path).publish(news(START))

    (in_runs,), (at_once,) = opened(index_path).parts, opened(tmp_path / "at once").parts
    for name, array in at_once.segment.arrays.items():
        assert name.startswith("stored") or np.array_equal(in_runs.segment.arrays[name], array)
    assert len(list(newest_folder(index_path).glob("segment-*"))) == 1


# Two generations


@pytest.fixture
def two_generations(index_path: Path) -> tuple[WhooshEngine, list[Path]]:
    """Publish twice, so that both generations have the first segment; return their folders, the newest first."""
    engine = WhooshEngine(index_path)
    engine.publish(news(START))
    older = newest_folder(index_path)
    engine.publish(news(START | {0: 1}))
    return engine, [newest_folder(index_path), older]


def damage(file: Path) -> None:
    """Change a byte in the middle of a file, in place."""
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 1]))


def test_damage_to_one_generation_leaves_the_other_whole(two_generations: tuple[WhooshEngine, list[Path]]) -> None:
    engine, (newest, older) = two_generations
    (shared,) = older.glob("segment-*")
    damage(newest / shared.name)

    assert engine.open().generation == older.name.partition("-")[0]
    assert len(engine.verify()) == 1
    damage(shared)
    with pytest.raises(IndexDamagedError):
        engine.open()


def test_damage_to_the_older_generation_is_no_harm(two_generations: tuple[WhooshEngine, list[Path]]) -> None:
    engine, (newest, older) = two_generations
    (shared,) = older.glob("segment-*")
    damage(shared)

    assert engine.open().generation == newest.name.partition("-")[0]
    engine.publish(news(START | {0: 2}))
    assert engine.verify() == []


def test_what_was_published_is_known_without_being_read_again(
    index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(news(START))
    reads = list[str]()

    class Watched(FileIO):
        def __init__(self, path: str) -> None:
            reads.append(path)
            super().__init__(path)

    monkeypatch.setattr(generations, "FileIO", Watched)

    # So soon after it was written the file may yet be replaced by one that looks the same.
    assert {engine.current() for _ in range(3)} == {newest_folder(index_path).name}
    assert len(reads) == 3
    monkeypatch.setattr(generations, "_FRESH", 0)
    assert {engine.current() for _ in range(3)} == {newest_folder(index_path).name}
    assert len(reads) == 4
    WhooshEngine(index_path).publish(news(START | {0: 1}))
    assert engine.current() == newest_folder(index_path).name
    (index_path / "CURRENT").unlink()
    assert engine.current() is None


def test_the_older_generation_is_not_read_while_the_newest_is_whole(
    two_generations: tuple[WhooshEngine, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, (newest, older) = two_generations
    marks, checked = engine.fingerprints().fingerprints, set[str]()
    fault = Generations.fault

    def watched(generations: Generations, pointer: Pointer) -> str | None:
        checked.add(pointer.name)
        return fault(generations, pointer)

    monkeypatch.setattr(Generations, "fault", watched)

    assert len(engine.recall(marks)) == engine.open().statistics().articles
    assert checked == {newest.name}
    damage(newest / "columns.arrays")
    assert engine.open().generation == older.name.partition("-")[0]
    assert checked == {newest.name, older.name}


def test_a_reindex_builds_on_no_damaged_generation(two_generations: tuple[WhooshEngine, list[Path]]) -> None:
    engine, folders = two_generations
    for folder in folders:
        damage(next(folder.glob("segment-*")))

    engine.publish(news(START | {0: 2}))

    assert engine.open().statistics().articles == COUNT
    assert engine.verify() == []


def test_postings_that_are_not_those_of_the_articles_are_named(
    index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are whole, but were written wrong."""
    monkeypatch.setattr(writer, "invert", lambda articles, known, _records=None: invert(articles[::-1], known))
    engine = WhooshEngine(index_path)
    engine.publish(news(START))

    (fault,) = engine.verify()

    assert "the postings are other than those of the articles" in fault
    assert "position" in fault


# Whoosh's table of contents


def test_the_served_folder_is_one_that_whoosh_opens(two_generations: tuple[WhooshEngine, list[Path]]) -> None:
    _, (newest, older) = two_generations
    with open_dir(str(newest)).searcher() as searcher:
        assert searcher.doc_count() == COUNT
        assert [hit["id"] for hit in searcher.search(Term("topics", "changed"))] == [made(0, 1).id]
    with open_dir(str(older)).searcher() as searcher:
        assert searcher.doc_count() == COUNT
        assert len(searcher.search(Term("topics", "changed"))) == 0


def test_nothing_is_ever_unpickled(
    folder: SeedFolder, index_path: Path, reindexed: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("first.md", seed("Rates rise", related=[mention("Rates rise", slug="copy"), mention("More")]))
    reindexed()
    folder.write("second.md", seed("Something else"))

    def refuse(*_: object, **__: object) -> Never:
        pytest.fail("something was unpickled")

    for name in ("load", "loads", "_load", "_loads", "Unpickler", "_Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    reindexed(jobs=1)
    with search.open_index(index_path) as index:
        assert index.search("rates").total == 3
        assert index.search('"something else"').hits[0].article.title == "Something else"
    assert WhooshEngine(index_path).verify() == []


# Opening


def test_a_generation_that_goes_while_it_is_opened_is_not_the_end(
    two_generations: tuple[WhooshEngine, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another reindex may prune a generation between the look at its files and their opening."""
    engine, (newest, _) = two_generations
    whole, opened_first = Generations.open_newest, list[Path]()

    def pruned_at_first(generations: Generations) -> tuple[Pointer, Path]:
        pointer, folder = whole(generations)
        if not opened_first:
            opened_first.append(folder)
            shutil.rmtree(folder)
        return pointer, folder

    monkeypatch.setattr(Generations, "open_newest", pruned_at_first)

    assert engine.open().statistics().articles == COUNT
    assert opened_first == [newest]


def test_files_that_cannot_be_opened_are_named(
    two_generations: tuple[WhooshEngine, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, (newest, _) = two_generations
    (newest / "SEGMENTS.json").unlink()
    monkeypatch.setattr(Generations, "fault", lambda *_: None)

    with pytest.raises(IndexUnreadableError):
        engine.open()


def test_what_cannot_be_read_back_is_not_published(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(news(START))
    before = engine.current()
    write = writer.write_generation
    monkeypatch.setattr(
        "search.engines.whoosh.writer.write_generation", lambda _, folder, last: write(news({0: 1}), folder, last)
    )

    with pytest.raises(IndexWriteError, match="cannot be read back"):
        engine.publish(news(START | {0: 1}))

    assert engine.current() == before
    assert engine.open().statistics().articles == COUNT


# Articles that are records


def as_records(news: Catalog) -> Catalog:
    """Return the same catalog as lines of JSON make it."""
    seeds = [(line, Seed(article=one)) for line, one in enumerate(news.articles, 1)]
    lines = MentionedLines("lines.jsonl", 0, with_seeds(NOTHING, seeds))
    return replace(news, articles=make_catalog([], [lines]).articles)


def written_by(news: Catalog, folder: Path, last: Path | None = None) -> list[bytes]:
    """Write a generation, and return what is in its files but for the names of segments."""
    folder.mkdir()
    writer.write_generation(news, folder, last)
    return sorted(file.read_bytes() for file in folder.glob("*.arrays"))


@pytest.mark.parametrize("count", [3, 700])
def test_records_are_written_as_the_articles_that_they_are_of(tmp_path: Path, count: int) -> None:
    """As a whole, and beside what was written before; 700 are enough to learn from how to compress them."""
    first = catalog(*(made(number, 0) for number in range(count)))
    second = catalog(*(made(number, number % 100 == 1) for number in range(count + 1)))

    assert isinstance(as_records(first).articles, Recorded)
    assert written_by(as_records(first), tmp_path / "a") == written_by(first, tmp_path / "b")
    beside = written_by(as_records(second), tmp_path / "c", tmp_path / "a")
    assert beside == written_by(second, tmp_path / "d", tmp_path / "b")


def test_records_are_written_the_same_without_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    news = catalog(*(made(number, number % 5) for number in range(700)))
    written_by(as_records(news), tmp_path / "a")
    monkeypatch.setattr(native, "passes", None)

    written_by(as_records(news), tmp_path / "b")

    assert arrays_in(tmp_path / "a") == arrays_in(tmp_path / "b")


def arrays_in(folder: Path) -> dict[str, list[Any]]:
    """Return the arrays of a generation of one segment."""
    (file,) = folder.glob("segment-*")
    return {name: array.tolist() for name, array in Arrays(file).items()}
