"""Figures to tables: percentiles, ratios to Lede, agreement, growth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

PERCENTILES = (50, 95, 99)
TITLES = {"plain": "without facets", "mixed": "Lede with facets, the others without", "facets": "with facets"}
_MEGABYTE = 1_000_000

#: Seconds and total of every answer, by kind, by mode (``plain``, ``mixed``, ``facets``).
Answers = dict[str, dict[str, list[list[float]]]]


def summarize(answers: Answers) -> dict[str, dict[str, dict[str, float]]]:
    """Return percentiles in seconds, by mode and kind, and how many answers they are of."""
    return {mode: {kind: _percentiles(found) for kind, found in kinds.items()} for mode, kinds in answers.items()}


def agreement(ours: Answers, theirs: Answers) -> dict[str, float]:
    """Return the share of queries of each kind with the same total."""
    shares = {}
    for kind, found in ours.get("plain", {}).items():
        pairs = list(zip(found, theirs["plain"].get(kind, []), strict=False))
        if pairs:
            shares[kind] = sum(mine[1] == other[1] for mine, other in pairs) / len(pairs)
    return shares


def ratios(race: dict[str, Answers]) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Return each peer's percentiles as multiples of Lede's, by peer, mode and kind, over what both answered."""
    ours = race["lede"]
    return {
        name: {
            mode: {kind: _ratio(ours[mode].get(kind, []), found) for kind, found in kinds.items()}
            for mode, kinds in theirs.items()
        }
        for name, theirs in race.items()
        if name != "lede"
    }


def show_run(run: dict[str, Any]) -> None:
    """Print everything about one size."""
    print(f"\n{run['articles']:,} articles\n")
    columns = ("build s", "articles/s", "peak MB", "disk MB", "cold ms", "peak MB")
    rows = [[name, *_resources(peer)] for name, peer in run["peers"].items()]
    print_table(["", *columns], rows)
    for mode, title in TITLES.items():
        multiples = " (multiples of Lede's)" if run["ratios"] else ""
        print(f"\nmilliseconds, {title}: p50 / p95 / p99{multiples}")
        kinds = dict.fromkeys(kind for peer in run["peers"].values() for kind in peer["latencies"][mode])
        print_table(["", *run["peers"]], [[kind, *_latencies(run, mode, kind)] for kind in kinds])
    print(
        "\nfacets are counted by:", "; ".join(f"{name}: {p['cold']['facets_by']}" for name, p in run["peers"].items())
    )
    if run["ratios"]:
        print("\nshare of queries with the same total as Lede's (phrases are stemmed by some)")
        others = [name for name in run["peers"] if name != "lede"]
        kinds = run["peers"]["lede"]["agreement"]
        shares = {name: run["peers"][name]["agreement"] for name in others}
        print_table(["", *others], [[kind, *(_share(shares[name].get(kind)) for name in others)] for kind in kinds])


def show_growth(runs: list[dict[str, Any]]) -> None:
    """Print the exponents that time, with facets, grows with: 1 is as the number of articles does, 0 not at all."""
    names = [name for name in runs[0]["peers"] if all(name in run["peers"] for run in runs)]
    sizes = [run["articles"] for run in runs]
    print("\nexponents over", ", ".join(f"{size:,}" for size in sizes), "articles, with facets, by least squares")
    builds = [[run["peers"][name]["build"]["seconds"] for run in runs] for name in names]
    rows = [["build", *(f"{exponent(sizes, seconds):.2f}" for seconds in builds)]]
    for kind in dict.fromkeys(kind for name in names for kind in runs[0]["peers"][name]["latencies"]["facets"]):
        rows += [[f"{kind}, p{p}", *(_growth(runs, name, kind, p) for name in names)] for p in (50, 99)]
    print_table(["", *names], rows)


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Return the power of the size that the seconds follow, by least squares of the logarithms.

    >>> round(exponent([10, 100, 1000], [0.5, 5.0, 50.0]), 6)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _growth(runs: list[dict[str, Any]], name: str, kind: str, percentile: int) -> str:
    found = [run["peers"][name]["latencies"]["facets"].get(kind) for run in runs]
    if not all(found):
        return "-"
    return f"{exponent([run['articles'] for run in runs], [each[f'p{percentile}'] for each in found]):.2f}"


def _percentiles(answers: list[list[float]]) -> dict[str, float]:
    if not answers:
        return {}
    values = np.percentile([seconds for seconds, _ in answers], PERCENTILES).tolist()
    return {f"p{p}": value for p, value in zip(PERCENTILES, values, strict=True)} | {"queries": len(answers)}


def _ratio(ours: list[list[float]], theirs: list[list[float]]) -> dict[str, float]:
    both = min(len(ours), len(theirs))
    mine, other = _percentiles(ours[:both]), _percentiles(theirs[:both])
    return {f"p{p}": other[f"p{p}"] / mine[f"p{p}"] for p in PERCENTILES} if both else {}


def _resources(peer: dict[str, Any]) -> list[str]:
    build, cold = peer["build"], peer["cold"]
    return [
        f"{build['seconds']:.1f}",
        f"{build['articles'] / build['seconds']:,.0f}",
        f"{build['peak_bytes'] / _MEGABYTE:,.0f}",
        f"{build['disk_bytes'] / _MEGABYTE:,.1f}",
        f"{cold['seconds'] * 1000:.1f}",
        f"{cold['peak_bytes'] / _MEGABYTE:,.0f}",
    ]


def _latencies(run: dict[str, Any], mode: str, kind: str) -> Iterable[str]:
    for name, peer in run["peers"].items():
        found = peer["latencies"][mode].get(kind)
        if not found:
            yield "-"
            continue
        times = " / ".join(f"{found[f'p{p}'] * 1000:.2f}" for p in PERCENTILES)
        ratio = run["ratios"].get(name, {}).get(mode, {}).get(kind)
        yield times + (" (" + " / ".join(f"{ratio[f'p{p}']:.2g}" for p in PERCENTILES) + ")" if ratio else "")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Print a table in Markdown, so that it can be kept as it is."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    line = ["-" * width for width in widths]
    for row in (header, line, *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
