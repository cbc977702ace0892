"""What a query asks of articles beside words: values, ranges of numbers and dates, flags, membership in a story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time

import numpy as np

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.attributes import IMAGE, PUBLISHED
from search.engines.whoosh.collection import Collection, is_id
from search.engines.whoosh.part import Mask
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.stories import members_of
from search.keys import ids_to_numbers, moment_to_age
from search.query import AsOf, Dates, Filters, Flag, InStory, Number, Site, Value

#: The filters of a request that are facets, by the column that holds their values.
FACETS = ("provider", "topic", "category", "type")
Filter = AsOf | Dates | Flag | InStory | Number | Site | Value


class Condition:
    """A test of single articles, by their columns.

    Args:
        collection: of the articles.
        test: given sorted articles, tells which of them meet the condition.
    """

    def __init__(self, collection: Collection, test: Callable[[Docs], Mask]) -> None:
        self._collection, self.among = collection, test
        #: Articles that might meet it.
        self.count = collection.size

    def docs(self) -> Docs:
        """Return the articles that meet it, in order."""
        everything = self._collection.everything
        return everything.take(self.among(everything).nonzero()[0])


def condition(collection: Collection, node: Filter) -> Condition:
    """Return the condition that a filter of the query language stands for."""
    make: Callable[..., Callable[[Docs], Mask]] = _TESTS[type(node)]
    return Condition(collection, make(collection, node))


def chosen_values(collection: Collection, filters: Filters, name: str) -> Condition | None:
    """Return the condition that an article has one of the values chosen for a facet; None where none was chosen."""
    values: Sequence[str] = getattr(filters, name)
    return Condition(collection, _has_value(collection, name, values)) if values else None


def between_days(collection: Collection, first: date | None, last: date | None) -> Condition:
    """Return the condition that an article was published on one of the days, both inclusive, UTC."""
    return Condition(collection, _within_dates(collection, Dates(first, last)))


def with_ids(collection: Collection, identifiers: Iterable[str]) -> Condition:
    """Return the condition that an article has one of the ids."""
    wanted = ids_to_numbers([id_ for id_ in identifiers if is_id(id_)])
    return Condition(collection, lambda docs: np.isin(collection.ids[docs], wanted))


def _has_value(collection: Collection, name: str, values: Sequence[str]) -> Callable[[Docs], Mask]:
    numbers = [number for value in values for number in collection.numbers_of(name, value)]
    columns = collection.columns
    if name == "provider":
        return _in_table(collection.providers, len(collection.names[name]) + 1, numbers)
    if name == "topic":
        has = np.isin(columns["combination.topic"], numbers)
        owners = np.repeat(np.arange(len(columns["combination.type"])), np.diff(columns["combination.topic.of"]))
        return _in_table(columns["combination"], len(columns["combination.type"]), owners[has])
    combinations = np.isin(columns[f"combination.{name}"], numbers).nonzero()[0]
    return _in_table(columns["combination"], len(columns["combination.type"]), combinations)


def _in_table(column: Array, size: int, numbers: Sequence[int] | Array) -> Callable[[Docs], Mask]:
    if len(numbers) == 1:
        number = column.dtype.type(numbers[0])
        return lambda docs: column.take(docs, mode="clip") == number
    table = np.zeros(size + 1, bool)
    table[np.asarray(numbers, np.intp)] = True
    return lambda docs: table.take(column.take(docs, mode="clip"))


def _value(collection: Collection, node: Value) -> Callable[[Docs], Mask]:
    return _has_value(collection, node.name, [node.text])


def _site(collection: Collection, node: Site) -> Callable[[Docs], Mask]:
    wanted = node.domain.lower().removeprefix("www.").rstrip(".")
    domains = list(collection.names["domain"])
    numbers = [n for n, domain in enumerate(domains) if domain == wanted or domain.endswith(f".{wanted}")]
    return _in_table(collection.domain, len(domains) + 1, numbers)


def _number(collection: Collection, node: Number) -> Callable[[Docs], Mask]:
    column = collection.columns["outlets"] if node.name == "outlets" else collection.column(node.name)
    low = 0 if node.low is None else max(node.low, 0)
    high = int(np.iinfo(column.dtype).max) if node.high is None else min(node.high, int(np.iinfo(column.dtype).max))
    return lambda docs: _between(column.take(docs, mode="clip"), low, high)


def _between(values: Array, low: int, high: int) -> Mask:
    mask: Mask = (values >= low) & (values <= high)
    return mask


def _within_dates(collection: Collection, node: Dates) -> Callable[[Docs], Mask]:
    # The age of what is newer is smaller; that of the undated is the largest of all.
    low, high, ages = age_of_end(node.last), age_of_start(node.first), collection.ages
    if not collection.is_sorted:
        return lambda docs: _between(ages.take(docs, mode="clip"), low, high)
    first, end = ages.searchsorted(low), ages.searchsorted(high, "right")
    return lambda docs: _stretch_of(docs, first, end)


def _stretch_of(docs: Docs, first: np.intp, end: np.intp) -> Mask:
    mask = np.zeros(len(docs), bool)
    mask[slice(*docs.searchsorted([first, end]))] = True
    return mask


def _as_of(collection: Collection, node: AsOf) -> Callable[[Docs], Mask]:
    least, ages = age_of_end(node.day), collection.ages
    return lambda docs: ages.take(docs, mode="clip") >= least


def age_of_start(day: date | None) -> int:
    """Return the age of the first moment of a day; the age of anything that has a date is at most that of None."""
    return moment_to_age(datetime.combine(day or date.min, time.min, UTC))


def age_of_end(day: date | None) -> int:
    """Return the age of the last moment of a day."""
    return moment_to_age(datetime.combine(day or date.max, time.max, UTC))


def _flag(collection: Collection, node: Flag) -> Callable[[Docs], Mask]:
    flags = collection.column("flags")
    if node.name == "image":
        return lambda docs: (flags.take(docs, mode="clip") & IMAGE) != 0
    if node.name == "published":
        return lambda docs: (flags.take(docs, mode="clip") & PUBLISHED) != 0
    return lambda docs: (flags.take(docs, mode="clip") & PUBLISHED) == 0


def _in_story(collection: Collection, node: InStory) -> Callable[[Docs], Mask]:
    members = members_of(collection, node.id)
    return lambda docs: np.isin(docs, members)


_TESTS: Mapping[type, Callable[..., Callable[[Docs], Mask]]] = {
    AsOf: _as_of,
    Dates: _within_dates,
    Flag: _flag,
    InStory: _in_story,
    Number: _number,
    Site: _site,
    Value: _value,
}
