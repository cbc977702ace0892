"""What of a query was not understood, as notices in plain words."""

from __future__ import annotations

from search.results import Notice

#: Characters of a query that are read; the rest is cut and named in a notice.
MAX_CHARACTERS = 512
#: Words, phrases and filters of a query that are searched.
MAX_TERMS = 64
#: Brackets within brackets.
MAX_DEPTH = 8
#: Characters that a notice repeats of the query.
MAX_ECHO = 40

_PLAIN = "so it was searched as plain words"
#: By code, which is stable; the braces stand for what the query has.
SENTENCES = {
    "query-cut": f"Only the first {MAX_CHARACTERS} characters were searched.",
    "terms-cut": "Only the first {} words were searched.",
    "written-cut": f"Only the first {{}} words were searched: in full, it takes more than {MAX_CHARACTERS} characters.",
    "unclosed-quote": "A quotation mark was not closed, so it was ignored.",
    "unbalanced-bracket": "A bracket has no partner, so it was ignored.",
    "too-deep": f"Brackets within {MAX_DEPTH} others were ignored.",
    "lone-minus": "A minus excludes what directly follows it; one that stands alone was ignored.",
    "dangling-operator": "{} has nothing to join, so it was not read as an operator.",
    "nothing-to-search": "There is no word in {}.",
    "quoted-wildcard": "Within quotation marks, as in {}, * and ? stand for nothing.",
    "inner-minus": "The minus in {} was ignored: to exclude, put it before the field.",
    "inner-field": "{} names two fields: the second was searched as a plain word.",
    "unknown-field": f"No field is called {{}}, {_PLAIN}.",
    "empty-field": f"Nothing directly follows {{}}, {_PLAIN}.",
    "bad-date": f"{{}} names no date such as 2021-12-10, 2021-12, 2021 or 2021..2022, {_PLAIN}.",
    "bad-number": f"{{}} names no whole number such as 70, >=70 or 50..70, {_PLAIN}.",
    "reversed-range": f"{{}} ends before it begins, {_PLAIN}.",
    "bad-flag": f"{{}} is not one of is:published, is:unpublished and has:image, {_PLAIN}.",
    "bad-site": f"{{}} names no domain such as ft.com, {_PLAIN}.",
    "bad-article": f"{{}} names no article, {_PLAIN}.",
    "bad-story": f"{{}} names no story, {_PLAIN}.",
    "short-prefix": f"{{}} has fewer than two letters before its wildcard, {_PLAIN}.",
    "bad-pattern": f"{{}} is more than one word, which no wildcard can stand in, {_PLAIN}.",
    "bad-distance": f"{{}} allows other than 1 or 2 letters to differ, {_PLAIN}.",
    "bad-slop": "{} allows too many words in between, so it was searched as a plain phrase.",
}


class Faults:
    """Collects faults, each code once, in the order in which they were met."""

    def __init__(self) -> None:
        self._echoes: dict[str, list[str]] = {}

    def add(self, code: str, echo: str = "") -> None:
        """Note a fault of one of the known codes, and what of the query has it."""
        self._echoes.setdefault(code, []).append(echo)

    def notices(self) -> tuple[Notice, ...]:
        """Put the faults into words."""
        return tuple(
            Notice(code=code, text=SENTENCES[code].format(_listed(echoes))) for code, echoes in self._echoes.items()
        )


def _listed(echoes: list[str]) -> str:
    text = ", ".join(dict.fromkeys(echoes))
    return text if len(text) <= MAX_ECHO else f"{text[:MAX_ECHO]}…"
