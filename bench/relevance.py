"""How good the order of the answers is, on judged collections, beside Lucene's BM25 as bm25s computes it.

    python bench/relevance.py FOLDER [--corpus ARCHIVE]

FOLDER holds the collections, one ``NAME.tar.xz`` each (see ``judged.py``). Prints, for each of them and on the mean:

- nDCG@10, MAP and recall@100, by trec_eval's code, and the difference with the band that holds 95 % of its bootstrap;
- the same as the queries were typed, signs of the query language and all;
- what is lost when a word of every query is misspelt;
- of lists of misspellings, the share that is mended right (``misspellings.py``).

ARCHIVE holds real seeds. Their words join those of the lists, and words of their titles should find the articles of
the same story (``titles.py``).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from judged import Collection, Texts, clean, read_collection, unpack
from measures import MEASURES, Values, difference, score
from misspellings import Misspellings, count_words, index_words, read_misspellings, shares
from rankers import Bm25sRanker, LedeRanker, without
from tables import print_table
from titles import crowded_share, make_queries, read_articles, story_scores

import search

NDCG = "ndcg_cut_10"
#: Values of every query, by measure.
Scores = dict[str, Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What Lede and bm25s make of a collection, with its queries cleaned, as typed, and misspelt and cleaned."""

    collection: Collection
    cleaned: tuple[Scores, Scores]
    typed: tuple[Scores, Scores]
    #: None where the collection has none.
    misspelt: tuple[Scores, Scores] | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything there is, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--corpus", type=Path, metavar="ARCHIVE")
    options = parser.parse_args(arguments)
    collections = filter(None, map(read_collection, sorted(options.folder.glob("*.tar.xz"))))
    outcomes = [measure(collection) for collection in collections]
    if outcomes:
        show_all(outcomes)
    lists = [each for archive in sorted(options.folder.glob("*.tar.xz")) for each in read_misspellings(archive)]
    if lists:
        show_misspellings(lists, options.corpus)
    if options.corpus:
        show_corpus(options.corpus)


def measure(collection: Collection) -> Outcome:
    """Index a collection, and ask its queries in every form."""
    with tempfile.TemporaryDirectory() as folder:
        lede, bm25s = LedeRanker(collection, Path(folder)), Bm25sRanker(collection)

        def ask(queries: Texts) -> tuple[Scores, Scores]:
            runs = (without(ranker.run(queries), collection.excluded) for ranker in (lede, bm25s))
            ours, theirs = (score(run, collection.judgements) for run in runs)
            return ours, theirs

        outcome = Outcome(
            collection=collection,
            cleaned=ask(_cleaned(collection.queries)),
            typed=ask(collection.queries),
            misspelt=ask(_cleaned(collection.misspelt)) if collection.misspelt else None,
        )
        lede.close()
    return outcome


def show_all(outcomes: Sequence[Outcome]) -> None:
    """Print the tables of the collections."""
    print("\nqueries cleaned to words: Lede, bm25s\n")
    measures = [f"{name}, {who}" for name in MEASURES.values() for who in ("Lede", "bm25s")]
    header = ["", "documents", "queries", *measures, f"{MEASURES[NDCG]}, difference"]
    print_table(header, [*map(_sizes_and_measures, outcomes), _mean_of_measures(outcomes)])
    print("\nas typed: signs of the query language exclude, and ask for phrases\n")
    pairs = [(outcome.collection.name, outcome.typed) for outcome in outcomes]
    print_table(["", "Lede", "bm25s", f"{MEASURES[NDCG]}, difference"], _compare(pairs))
    lost = [(outcome.collection.name, _lost(outcome)) for outcome in outcomes if outcome.misspelt]
    if lost:
        print("\nlost by a misspelling in every query\n")
        print_table(["", "Lede", "bm25s", f"{MEASURES[NDCG]}, difference"], _compare(lost))


def show_misspellings(lists: list[Misspellings], corpus: Path | None) -> None:
    """Print how many misspellings are mended right, among the words of all lists and of the corpus."""
    with tempfile.TemporaryDirectory() as folder, index_words(lists, corpus, Path(folder)) as index:
        vocabulary = count_words(read_articles(index)[0])
        rows = [
            [each.name, f"{sum(map(len, each.meant.values())):,}", *_figures(*shares(index, vocabulary, each))]
            for each in lists
        ]
    print(f"\nmisspellings mended right, among {len(vocabulary):,} words\n")
    print_table(["", "pairs", "within two edits", "by a search", "as the rules allow"], rows)


def show_corpus(archive: Path) -> None:
    """Index real seeds, and print what their own titles find."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(archive, Path(folder, "seeds"))
        search.reindex([Path(folder, "seeds")], Path(folder, "index"))
        with search.open_index(Path(folder, "index"), time_budget=60) as index:
            show_titles(index)


def show_titles(index: search.Index) -> None:
    """Print how well words of a title find its story, and how many first pages one domain crowds."""
    articles, stories = read_articles(index)
    queries = make_queries([article for article in articles if article.id in stories], 2, 4)
    mixed, plain = (story_scores(index, queries, stories, diversity=on) for on in (True, False))
    print(f"\n{len(queries)} queries of 2 to 4 words of a title, for the articles of its story\n")
    print_table(
        ["", "with diversity", "without", "difference"],
        [[MEASURES[NDCG], *_figures(mixed.mean(), plain.mean()), str(difference([mixed], [plain]))]],
    )
    pairs = make_queries(articles, 2, 2)
    crowded = [f"{crowded_share(index, pairs, diversity=on):.1%}" for on in (True, False)]
    print(f"\n{len(pairs)} queries of 2 words of a title\n")
    print_table(["", "with diversity", "without"], [["first pages crowded by one domain", *crowded]])


def _cleaned(queries: Texts) -> Texts:
    return {query: clean(text) for query, text in queries.items()}


def _lost(outcome: Outcome) -> tuple[Scores, Scores]:
    assert outcome.misspelt  # noqa: S101 - asked for only where there are any
    ours, theirs = (
        {NDCG: whole[NDCG] - misspelt[NDCG]} for whole, misspelt in zip(outcome.cleaned, outcome.misspelt, strict=True)
    )
    return ours, theirs


def _sizes_and_measures(outcome: Outcome) -> list[str]:
    sizes = (len(outcome.collection.documents), len(outcome.collection.queries))
    means = [scores[name].mean() for name in MEASURES for scores in outcome.cleaned]
    ours, theirs = ([scores[NDCG]] for scores in outcome.cleaned)
    return [outcome.collection.name, *(f"{size:,}" for size in sizes), *_figures(*means), str(difference(ours, theirs))]


def _mean_of_measures(outcomes: Sequence[Outcome]) -> list[str]:
    means = [np.mean([each.cleaned[who][name].mean() for each in outcomes]) for name in MEASURES for who in (0, 1)]
    ours, theirs = ([each.cleaned[who][NDCG] for each in outcomes] for who in (0, 1))
    return ["mean", "", "", *_figures(*means), str(difference(ours, theirs))]


def _compare(pairs: Sequence[tuple[str, tuple[Scores, Scores]]]) -> list[list[str]]:
    """Return a row for each collection, and one for their mean."""
    columns = [(name, ours[NDCG], theirs[NDCG]) for name, (ours, theirs) in pairs]
    rows = [[name, *_figures(o.mean(), t.mean()), str(difference([o], [t]))] for name, o, t in columns]
    _, ours, theirs = zip(*columns, strict=True)
    means = (np.mean([values.mean() for values in side]) for side in (ours, theirs))
    return [*rows, ["mean", *_figures(*means), str(difference(ours, theirs))]]


def _figures(*values: float | np.floating) -> list[str]:
    return [f"{value:.3f}" for value in values]


if __name__ == "__main__":
    main()
