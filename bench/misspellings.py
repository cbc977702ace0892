"""Lists of misspellings, and how many of them Lede mends right."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from judged import NOTHING, read_archive, read_rows, unpack, url_of

import search
from search.analysis import terms
from search.articles import Article
from search.spelling import allowed_edits, edits, near, ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspellings:
    """One list."""

    name: str
    #: What may have been meant, by what was written.
    meant: Mapping[str, frozenset[str]]

    @property
    def pairs(self) -> int:
        """How many pairs of what was written and what was meant there are."""
        return sum(map(len, self.meant.values()))


def read_misspellings(archive: Path) -> list[Misspellings]:
    """Read the lists of an archive, the files ``pairs.tsv`` of its folders: written and meant, below headings."""
    return [
        Misspellings(name=Path(name).parent.name or archive.name.removesuffix(".tar.xz"), meant=_meant(text))
        for name, text in sorted(read_archive(archive).items())
        if Path(name).name == "pairs.tsv"
    ]


def index_words(lists: list[Misspellings], corpus: Path | None, folder: Path) -> search.Index:
    """Index every word that is meant in a list, each as an article of its own, beside the seeds of *corpus*."""
    words = sorted({word for each in lists for meant in each.meant.values() for word in meant})
    provider = {"name": NOTHING, "domain": "judged.example"}
    seeds = ({"title": NOTHING, "excerpt": word, "originalUrl": url_of(word), "provider": provider} for word in words)
    if corpus:
        unpack(corpus, folder / "seeds")
    (folder / "seeds").mkdir(exist_ok=True)
    (folder / "seeds" / "words.jsonl").write_text("\n".join(map(json.dumps, seeds)) + "\n", "ascii")
    search.reindex([folder / "seeds"], folder / "index")
    return search.open_index(folder / "index", time_budget=60)


def shares(index: search.Index, vocabulary: Mapping[str, int], misspelt: Misspellings) -> tuple[float, float, float]:
    """Return which shares of the pairs are mended right at once; where two words are right, only one can be.

    Args:
        index: of the words.
        vocabulary: how many of its articles have each word.
        misspelt: what was written, and which words are right for it.

    Returns:
        By choosing among the words within two edits; by a search, as its suggestion; and the share that the rules let a
        search mend: those with the first letter right, and no more slips than one in five letters or two in nine.
    """
    near_by = _by_first_letter(vocabulary)
    chosen, suggested, reachable = 0, 0, 0
    for written, meant in misspelt.meant.items():
        chosen += _choice(written, near_by, vocabulary) in meant
        suggested += _suggestion(index, written) in meant
        reachable += any(_is_reachable(written, word) for word in meant)
    return chosen / misspelt.pairs, suggested / misspelt.pairs, reachable / misspelt.pairs


def count_words(articles: Iterable[Article]) -> dict[str, int]:
    """Return how many of the articles have each word in title or excerpt."""
    return dict(Counter(word for article in articles for word in {*terms(article.title), *terms(article.excerpt)}))


def _by_first_letter(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(word[0], []).append(word)
    return found


def _choice(written: str, near_by: Mapping[str, list[str]], vocabulary: Mapping[str, int]) -> str:
    found = near(written, near_by.get(written[0], ()), 2)
    return next(iter(ranked(written, {word: vocabulary[word] for word in found})), "")


def _suggestion(index: search.Index, written: str) -> str:
    return " ".join(terms(index.search(written, size=1, facets=False).suggestion or ""))


def _is_reachable(written: str, word: str) -> bool:
    most = allowed_edits(written)
    return written[0] == word[0] and edits(written, word, most) <= most


def _meant(text: str) -> dict[str, frozenset[str]]:
    meant: dict[str, set[str]] = {}
    for written, word in read_rows(text):
        meant.setdefault(written, set()).add(" ".join(terms(word)))
    return {written: frozenset(words) for written, words in meant.items()}
