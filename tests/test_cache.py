from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from factories import article
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from search.articles import Article, Image, Seed
from search.cache import Cache, count_refused
from search.catalog import fingerprint
from search.errors import IndexWriteError, Location, SeedError
from search.files import UNREAD, Stamp
from search.keys import Fingerprints, ids_to_numbers, to_bytes, to_column
from search.line_records import NOTHING, with_seeds
from search.packs import Unpacked, pack, pack_records
from search.recorded import NONE, Recorded, with_articles
from search.records import Sharing, to_record
from search.remembered import KnownFile, KnownPart, LastRun
from search.seeds import SourcedSeed, sourced

FILE = "seeds.cache"
PACKS = "seeds-a.packs"
LATIN_1 = os.fsdecode(b"/seeds/caf\xe9.md")


def memory() -> LastRun:
    """Make what a run leaves: a file with two seeds that share articles, one with a problem, one with an odd name."""
    full = article(
        excerpt="caf\u00e9 \N{GRINNING FACE}",
        topics=("AI", "ML"),
        quality=17,
        heat=0,
        is_published=False,
        type="article",
        category="news",
        image=Image(url="https://i.example/a", width=3, height=None),
    )
    bare = article("Bare", published=None)
    seeds = [
        SourcedSeed(1, Seed(article=full, related=(bare, full)), fingerprint(full)),
        SourcedSeed(7, Seed(article=bare, is_removed=True), fingerprint(bare)),
    ]
    kept = [SourcedSeed(3, Seed(article=bare), fingerprint(bare))]
    problem = SeedError(Location("a\nb.md", 3, 4), "date", "it is none", "write it so")
    return LastRun(
        articles=2,
        stories=1,
        generation="000002",
        index_format=1,
        started_ns=1_700_000_000_000_000_000,
        files={
            "/seeds/a.md": known("a.md", Stamp(1, 2, 3, 4), KnownPart(b"\x00\xff" * 8, 9, [], seeds)),
            "/seeds/b.md": known(
                "b.md", Stamp(5, 6, 7, 2**63), KnownPart(problems=[problem]), kept=KnownPart(seeds=kept)
            ),
            LATIN_1: known(os.path.basename(LATIN_1), Stamp(0, 0, 0, 0), KnownPart(b"x" * 16)),  # noqa: PTH119 - no path
        },
    )


def known(name: str, stamp: Stamp, *parts: KnownPart, kept: KnownPart | None = None) -> KnownFile:
    return KnownFile(name, stamp, list(parts), kept)


def as_text(remembered: LastRun) -> str:
    """Write everything that is remembered, but where it is kept, since errors have no equality."""
    files = {
        identity: (file.name, file.stamp, file.digests, file.problems, list(file.seeds()))
        for identity, file in remembered.files.items()
    }
    return repr((replace(remembered, files={}), files))


def loaded(folder: Path) -> LastRun | None:
    """Return what is remembered, with its seeds; None where any of it cannot be used."""
    cache = Cache(folder)
    found = cache.load()
    return found if found and cache.load_seeds(found, nothing) else None


def nothing(_fingerprints: NDArray[np.uint64]) -> Recorded:
    """Find no published article, as in a folder without generations."""
    return NONE


def by_fingerprint(articles: Iterable[Article]) -> Recorded:
    """Return articles as an engine finds them."""
    found = with_articles(NONE, list(articles), {})
    return found.chosen(np.unique(found.fingerprints, return_index=True)[1])


def column(fingerprints: Iterable[bytes]) -> Fingerprints:
    return Fingerprints(to_column(fingerprints))


def sealed(content: object) -> bytes:
    line = json.dumps(content).encode()
    return blake2b(line, digest_size=16).hexdigest().encode() + b" " + line + b"\n"


@pytest.fixture(scope="module")
def saved() -> Iterator[dict[str, bytes]]:
    """Return the bytes of a cache, by file."""
    with TemporaryDirectory() as name:
        Cache(Path(name)).save(memory())
        yield {file: (Path(name) / file).read_bytes() for file in (FILE, PACKS)}


def test_what_was_saved_is_loaded_also_of_files_whose_names_are_not_unicode(tmp_path: Path) -> None:
    Cache(tmp_path).save(memory())

    found = loaded(tmp_path)

    assert found is not None
    assert list(found.files) == ["/seeds/a.md", "/seeds/b.md", LATIN_1]
    assert as_text(found) == as_text(memory())


def test_the_seeds_are_loaded_only_when_asked_for(tmp_path: Path) -> None:
    Cache(tmp_path).save(memory())
    cache = Cache(tmp_path)

    found = cache.load()

    assert found is not None
    assert [list(file.seeds()) for file in found.files.values()] == [[], [], []]
    assert cache.load_seeds(found, nothing)
    assert len(list(found.files["/seeds/a.md"].seeds())) == 2


def test_an_article_that_several_seeds_hold_is_one_object(tmp_path: Path) -> None:
    Cache(tmp_path).save(memory())

    found = loaded(tmp_path)

    assert found is not None
    first, second = (sourced.seed for sourced in found.files["/seeds/a.md"].seeds())
    assert first.article is first.related[1]
    assert first.related[0] is second.article


def test_what_is_elsewhere_is_found_there_and_what_is_kept_for_a_broken_file_is_not_left_out(tmp_path: Path) -> None:
    everything = {
        fingerprint(one): one
        for file in memory().files.values()
        for sourced in file.seeds()
        for one in (sourced.seed.article, *sourced.seed.related)
    }
    Cache(tmp_path).save(memory(), column(everything))
    cache = Cache(tmp_path)
    found = cache.load()
    assert found is not None
    asked: set[bytes] = set()

    def recall(fingerprints: NDArray[np.uint64]) -> Recorded:
        asked.update(to_bytes(fingerprints))
        return by_fingerprint(everything[mark] for mark in asked)

    assert cache.load_seeds(found, recall)
    assert as_text(found) == as_text(memory())
    assert asked == everything.keys()

    without = cache.load()
    assert without is not None
    assert cache.load_seeds(without, nothing)
    kept = [list(file.seeds()) for file in without.files.values()]
    assert kept == [[], list(memory().files["/seeds/b.md"].seeds()), []]
    assert [file.stamp == UNREAD for file in without.files.values()] == [True, False, False]


@given(st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_lists_are_whole_if_all_that_was_left_out_is_found(elsewhere: set[int], there: set[int]) -> None:
    articles = [article(f"Article {number}") for number in range(8)]
    marks = list(map(fingerprint, articles))
    first = [SourcedSeed(1, Seed(article=articles[0], related=tuple(articles[1:4])), marks[0])]
    second = [SourcedSeed(number, Seed(article=articles[number]), marks[number]) for number in range(4, 8)]
    unpacked = Unpacked(pack([first, second, []], column(marks[number] for number in elsewhere)), Sharing())
    assert set(to_bytes(unpacked.missing())) == {marks[number] for number in elsewhere}

    left_out = [number for number in map(marks.index, to_bytes(unpacked.missing())) if number in there]
    found = with_articles(NONE, [articles[number] for number in left_out], {})

    gone = elsewhere - there
    assert unpacked.lists(found) == [
        None if gone & {0, 1, 2, 3} else first,
        None if gone & {4, 5, 6, 7} else second,
        [],
    ]


#: Seeds of lines, by the lines: the numbers of their articles, and whether they take theirs away.
said = st.dictionaries(
    st.integers(1, 99), st.tuples(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.booleans()), max_size=6
)


@given(said, st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_lines_are_records_again_if_all_that_was_left_out_is_found(
    told: dict[int, tuple[list[int], bool]], elsewhere: set[int], there: set[int]
) -> None:
    """Two versions of each article, of which both may be in the same lines."""
    articles = [article(f"Article {n}", url=f"https://x.example/{n // 2}", published=None) for n in range(8)]
    seeds = [
        (line, Seed(article=articles[own], related=tuple(articles[n] for n in related), is_removed=is_removed))
        for line, ((own, *related), is_removed) in sorted(told.items())
    ]
    records = with_seeds(NOTHING, seeds)
    marks = list(map(fingerprint, articles))
    unpacked = Unpacked(pack_records(records, column(marks[n] for n in elsewhere)), Sharing())
    left_out = list(map(marks.index, to_bytes(unpacked.missing())))
    assert set(left_out) == elsewhere & {n for listed, _ in told.values() for n in listed}

    found = unpacked.lines(with_articles(NONE, [articles[n] for n in left_out if n in there], {}))

    if not set(left_out) <= there:
        assert found is None
        return
    assert found is not None
    assert found.recorded == records.recorded
    assert found.recorded.records() == records.recorded.records()
    assert found.recorded.ages.tolist() == records.recorded.ages.tolist()
    assert sourced(found, Sharing()) == sourced(records, Sharing())
    assert pack_records(found) == pack_records(records)


@given(said, said, st.sets(st.integers(0, 7)))
def test_seeds_are_told_but_for_those_of_some_articles(
    first: dict[int, tuple[list[int], bool]], second: dict[int, tuple[list[int], bool]], gone: set[int]
) -> None:
    articles = [article(f"Article {n}") for n in range(8)]
    seeds = [
        [
            SourcedSeed(line, Seed(article=articles[own], related=tuple(articles[n] for n in related)), b"")
            for line, ((own, *related), _) in sorted(told.items())
        ]
        for told in (first, second)
    ]
    part = KnownPart(seeds=seeds[0], records=with_seeds(NOTHING, [one[:2] for one in seeds[1]]))
    but_of = np.sort(ids_to_numbers(articles[n].id for n in gone))

    left = [one[:2] for one in part.all_seeds(but_of)]

    assert left == [one[:2] for one in (*seeds[0], *seeds[1]) if articles.index(one.seed.article) not in gone]
    assert part.seed_count == len(seeds[0]) + len(seeds[1]) == len(part.all_seeds())


def test_saving_replaces_what_was_saved_and_leaves_nothing_else(tmp_path: Path) -> None:
    Cache(tmp_path).save(memory())
    Cache(tmp_path).save(LastRun(articles=0, stories=0, generation="3", index_format=1, started_ns=0, files={}))

    found = loaded(tmp_path)

    assert found is not None
    assert (found.generation, found.files) == ("3", {})
    assert {file.name for file in tmp_path.iterdir()} <= {FILE, PACKS}


def test_what_is_kept_already_is_not_written_again(tmp_path: Path) -> None:
    Cache(tmp_path).save(memory())
    before = (tmp_path / PACKS).read_bytes()
    cache = Cache(tmp_path)
    found = cache.load()
    assert found is not None
    assert cache.load_seeds(found, nothing)
    more = SourcedSeed(1, Seed(article=article("More")), fingerprint(article("More")))
    found.files["/seeds/c.md"] = known("c.md", Stamp(1, 1, 1, 1), KnownPart(b"c" * 16, 1, [], [more]))

    cache.save(found)

    after = (tmp_path / PACKS).read_bytes()
    assert after[: len(before)] == before
    assert b"Bare" not in after[len(before) :]
    assert as_text(loaded(tmp_path) or found) == as_text(found)


def test_what_was_kept_and_never_saved_is_overwritten(tmp_path: Path) -> None:
    """As after a crash, or a reindex that was refused."""
    Cache(tmp_path).save(memory())
    whole = tree(tmp_path)
    cache = Cache(tmp_path)
    assert cache.load()
    cache.keep(pack([[]]))
    assert tree(tmp_path) != whole
    assert as_text(loaded(tmp_path) or memory()) == as_text(memory())

    cache.give_up()

    assert tree(tmp_path) == whole


def test_what_was_saved_is_there_until_all_is_saved_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of what was kept meanwhile is out of use."""
    Cache(tmp_path).save(memory())
    cache = Cache(tmp_path)
    found = cache.load()
    assert found is not None
    assert cache.load_seeds(found, nothing)
    cache.start_anew(found)
    cache.keep(pack([[SourcedSeed(1, Seed(article=article("Kept for nothing", excerpt="x" * 99)))]]))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _fail)
        with pytest.raises(IndexWriteError):
            cache.save(found)

    cache.give_up()

    again = loaded(tmp_path)
    assert again is not None
    assert as_text(again) == as_text(memory())


def _fail(_descriptor: int) -> None:
    raise OSError(5, "Input/output error")


def test_what_is_out_of_use_is_dropped_in_time(tmp_path: Path) -> None:
    """A file of lines stays as it is kept, beside many others that change all the time."""
    first = Cache(tmp_path)
    lines = [SourcedSeed(n, Seed(article=article(f"Line {n}")), fingerprint(article(f"Line {n}"))) for n in range(1, 9)]
    last = memory()
    part = KnownPart(b"l" * 16, 8, [], lines, first.keep(pack([lines])))
    last.files["/seeds/l.jsonl"] = known("l.jsonl", Stamp(9, 9, 9, 9), part)
    first.save(last)
    sizes, stores = [], set()
    for number in range(200):
        cache = Cache(tmp_path)
        found = cache.load()
        assert found is not None
        assert cache.load_seeds(found, nothing)
        changed = article(f"Changed {number}")
        seeds = [SourcedSeed(1, Seed(article=changed), fingerprint(changed))]
        found.files[f"/seeds/{number % 50}.md"] = known("n.md", Stamp(0, 0, 0, 0), KnownPart(b"n" * 16, 1, [], seeds))
        cache.save(found)
        sizes.append(sum(len(content) for content in tree(tmp_path).values()))
        stores.add(next(name for name in tree(tmp_path) if name != FILE))

    assert stores == {PACKS, "seeds-b.packs"}
    assert max(sizes) < 4 * min(sizes[50:])
    again = loaded(tmp_path)
    assert again is not None
    assert found is not None
    assert as_text(again) == as_text(found)
    assert list(again.files["/seeds/l.jsonl"].seeds()) == lines


def tree(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_cache_that_cannot_be_written_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    """A folder in the file's place stands for a full disk."""
    (tmp_path / FILE).mkdir()

    with pytest.raises(IndexWriteError, match=str(tmp_path)):
        Cache(tmp_path).save(memory())


def test_refused_seeds_are_counted(tmp_path: Path) -> None:
    assert count_refused(tmp_path) == 0

    Cache(tmp_path).save(memory())

    assert count_refused(tmp_path) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\n\n",
        b" ",
        b"\x80\x04K\x01.",
        sealed({"format": 0}),
        sealed({"format": "1"}),
        sealed({}),
        sealed(None),
        sealed({"format": 0, "files": [[]]}) + sealed({}),
    ],
)
def test_what_is_no_cache_of_this_version_is_not_loaded(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)

    assert loaded(tmp_path) is None


@settings(max_examples=400)
@given(st.data())
def test_a_damaged_cache_is_not_loaded_and_never_an_exception(saved: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([FILE, PACKS]))
    content = saved[name]
    place = data.draw(st.integers(0, len(content) - 1))
    damage = data.draw(st.sampled_from(["flip", "cut", "insert"]))
    damaged = {
        "flip": content[:place] + bytes([content[place] ^ data.draw(st.integers(1, 255))]) + content[place + 1 :],
        "cut": content[:place],
        "insert": content[:place] + data.draw(st.binary(min_size=1, max_size=3)) + content[place:],
    }[damage]

    with TemporaryDirectory() as folder:
        for other, whole in saved.items():
            (Path(folder) / other).write_bytes(damaged if other == name else whole)
        found = loaded(Path(folder))

    # What is behind the last byte of a line that is whole does not count.
    assert found is None or as_text(found) == as_text(memory())
    assert found is None or damaged.rstrip(b"\n") == content.rstrip(b"\n") or damage == "insert"


@given(
    st.builds(
        article, st.text(), excerpt=st.text(), quality=st.none() | st.integers(0, 189), topics=st.tuples(st.text())
    )
)
def test_an_article_is_the_same_after_a_way_through_json(made: Article) -> None:
    assert msgspec.json.decode(to_record(made), type=Article) == made
