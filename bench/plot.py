"""A plot of latency against the size of the corpus, of the figures that ``searching.py --json`` keeps.

    python bench/plot.py FILE.json [FILE.json ...] [--kind "two words"] [--facets] [--output bench/latency.svg]

Several files are taken together, for peers or sizes that were measured apart.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

#: Size and seconds, by peer.
Lines = dict[str, list[tuple[int, float]]]

#: Colours that remain apart for the colour-blind (Okabe & Ito 2008, "Color universal design").
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
INCHES = (9.0, 4.2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--kind", default="two words", help="of queries")
    parser.add_argument("--facets", action="store_true", help="of searches that count facets")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("latency.svg"))
    options = parser.parse_args(arguments)
    runs = [run for file in options.files for run in json.loads(file.read_text("utf-8"))["runs"]]
    mode = "facets" if options.facets else "plain"
    draw(runs, options.kind, mode, options.output)


def draw(runs: list[dict[str, Any]], kind: str, mode: str, output: Path) -> None:
    """Draw p50 and p99 beside each other into a file, the same bytes for the same figures."""
    figure = Figure(figsize=INCHES, layout="constrained")
    with_facets = " with facets" if mode == "facets" else ""
    for axes, percentile in zip(figure.subplots(1, 2, sharey=True), ("p50", "p99"), strict=True):
        for colour, (name, points) in zip(COLOURS, read_lines(runs, kind, mode, percentile).items(), strict=False):
            sizes, seconds = zip(*sorted(points), strict=True)
            width = 2.5 if name.startswith("lede") else 1.2
            axes.loglog(sizes, [1000 * each for each in seconds], "o-", color=colour, linewidth=width, label=name)
        axes.set(title=f"{kind}{with_facets}, {percentile}", xlabel="articles")
        axes.grid(visible=True, which="major", alpha=0.3)
    figure.axes[0].set_ylabel("milliseconds")
    figure.axes[0].legend(frameon=False)
    with mpl.rc_context({"svg.hashsalt": "lede", "svg.fonttype": "none"}):
        figure.savefig(output, metadata={"Date": None})


def read_lines(runs: list[dict[str, Any]], kind: str, mode: str, percentile: str) -> Lines:
    """Return the points of every peer that has such queries."""
    lines: Lines = defaultdict(list)
    for run in runs:
        for name, peer in run["peers"].items():
            if found := peer["latencies"][mode].get(kind):
                lines[name].append((run["articles"], found[percentile]))
    return lines


if __name__ == "__main__":
    main()
