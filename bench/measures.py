"""How good answers are, by trec_eval's own code, and how sure a difference is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pytrec_eval
from numpy.typing import NDArray
from rankers import Run

#: As trec_eval names them, and as they are printed.
MEASURES = {"ndcg_cut_10": "nDCG@10", "map": "MAP", "recall_100": "recall@100"}
RESAMPLES = 10_000

#: One value for each query, always in the same order.
Values = NDArray[np.float64]


class Difference(NamedTuple):
    """A mean difference, with the band that holds 95 % of its bootstrapped means."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        """Write it with three decimals."""
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def score(run: Run, judgements: Mapping[str, Mapping[str, int]]) -> dict[str, Values]:
    """Return every measure for each query of the judgements, in their order; a query without an answer has 0."""
    evaluator = pytrec_eval.RelevanceEvaluator(
        {query: dict(gains) for query, gains in judgements.items()}, set(MEASURES)
    )
    found = evaluator.evaluate({query: answer for query, answer in run.items() if answer})
    return {name: np.array([found.get(query, {}).get(name, 0.0) for query in judgements]) for name in MEASURES}


def difference(ours: Sequence[Values], theirs: Sequence[Values]) -> Difference:
    """Return the mean over collections of the mean difference over their queries.

    Args:
        ours: one array for each collection.
        theirs: of the same queries in the same order.

    Paired bootstrap over queries: Sakai (2006), "Evaluating evaluation metrics based on the bootstrap", section 2.
    """
    rng = np.random.default_rng(1)
    means = np.zeros(RESAMPLES)
    for mine, other in zip(ours, theirs, strict=True):
        means += _resampled_means(mine - other, rng) / len(ours)
    low, high = np.percentile(means, [2.5, 97.5]).tolist()
    mean = np.mean([np.mean(mine - other) for mine, other in zip(ours, theirs, strict=True)])
    return Difference(float(mean), low, high)


def _resampled_means(values: Values, rng: np.random.Generator) -> Values:
    """Return the means of samples with replacement, drawn in portions that fit into memory."""
    portions = (rng.integers(0, len(values), (RESAMPLES // 10, len(values))) for _ in range(10))
    return np.concatenate([values[portion].mean(axis=1) for portion in portions])
