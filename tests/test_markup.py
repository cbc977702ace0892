from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.json_reader import read_json
from search.markup import MAX_DEPTH, Field, MarkupError, Value
from search.yaml_reader import Parser, PureParser, position, read_yaml

MakeParser = Callable[[str], Any]


def plain(value: Value) -> Any:
    """Return a value without its positions."""
    if isinstance(value, dict):
        return {key: plain(field.value) for key, field in value.items()}
    if isinstance(value, list):
        return [plain(field.value) for field in value]
    return value


def read(text: str, parser: MakeParser = Parser) -> Any:
    return plain(read_yaml(text, parser=parser).value)


def keys(text: str, parser: MakeParser = Parser) -> dict[str, Field]:
    value = read_yaml(text, parser=parser).value
    assert isinstance(value, dict)
    return value


def yaml_fault(text: str, parser: MakeParser = Parser) -> MarkupError:
    with pytest.raises(MarkupError) as caught:
        read_yaml(text, parser=parser)
    return caught.value


def json_fault(text: str) -> MarkupError:
    with pytest.raises(MarkupError) as caught:
        read_json(text)
    return caught.value


@pytest.fixture(params=[Parser, PureParser], ids=["libyaml", "python"])
def parser(request: pytest.FixtureRequest) -> MakeParser:
    """Return each parser in turn."""
    make: MakeParser = request.param
    return make


# Scalars


@pytest.mark.parametrize(
    "title",
    "NO no yes on off true False nUll 010 0x1F 1.10 1e3 .inf -7 1_000 12:30:45 2021-12-09 2021-12-09T07:49Z =".split(),
)
def test_a_title_stays_the_text_that_it_is(title: str, parser: MakeParser) -> None:
    assert read(f"title: {title}\nlist: [{title}]", parser) == {"title": title, "list": [title]}


@pytest.mark.parametrize("null", ["", " ", " ~", " null", " Null", " NULL", " # a comment"])
def test_a_plain_null_is_none(null: str, parser: MakeParser) -> None:
    assert read(f"title:{null}\n", parser) == {"title": None}


@pytest.mark.parametrize("quoted", ['""', "''"])
def test_a_quoted_empty_text_is_no_null(quoted: str, parser: MakeParser) -> None:
    assert read(f"title: {quoted}", parser) == {"title": ""}


def test_a_quoted_null_is_text(parser: MakeParser) -> None:
    assert read("title: 'null'\nexcerpt: \"~\"", parser) == {"title": "null", "excerpt": "~"}


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "---", "---\n# nothing\n", "~"])
def test_no_document_is_none_at_the_first_line(text: str, parser: MakeParser) -> None:
    assert read_yaml(text, first_line=2, parser=parser) == Field(None, 2, 1)


def test_block_scalars_fold_and_keep_as_yaml_says(parser: MakeParser) -> None:
    text = "kept: |\n  one\n  two\nfolded: >-\n  one\n  two\n"

    assert read(text, parser) == {"kept": "one\ntwo\n", "folded": "one two"}


def test_escapes_are_the_characters_they_name(parser: MakeParser) -> None:
    assert read(r'title: "\u00e9 \U0001F600 \"\t\x41"', parser) == {"title": 'é 😀 "\tA'}


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("title: # 5 on the list", True),
        ("title: C # language", True),
        ("title: C\t# language", True),
        ("title: C# language", False),
        ("title: 'C' # language", False),
        ('title: "C # language"', False),
        ("title: C\n# language", False),
    ],
)
def test_a_plain_scalar_knows_that_a_comment_cut_it(text: str, cut: bool, parser: MakeParser) -> None:  # noqa: FBT001
    assert keys(text, parser)["title"].is_cut is cut


def test_a_tab_is_a_blank_wherever_it_is_no_indentation(parser: MakeParser) -> None:
    text = "title:\tRates\trise\nexcerpt: it\t\n  \twent\t# on\ntopics:\t[a,\tb\t]\nlast:\t'x'\t\n"

    assert read(text, parser) == {"title": "Rates\trise", "excerpt": "it went", "topics": ["a", "b"], "last": "x"}


@pytest.mark.parametrize("text", ["a: b\nc:\n\td: e", "a: b\n\tc: d", "a:\n\t- b\n\t- c", "a: b\n\tc"])
def test_a_tab_as_indentation_is_an_error_at_its_line(text: str, parser: MakeParser) -> None:
    assert yaml_fault(text, parser).line == text[: text.index("\t")].count("\n") + 1


# Positions


def test_a_value_stands_where_its_key_does_and_an_item_where_it_is(parser: MakeParser) -> None:
    found = keys("title: x\n\nprovider:\n  name: y\nrelated:\n  - url: z\n  -\n    url: w\n", parser)

    provider, related = found["provider"].value, found["related"].value
    assert isinstance(provider, dict)
    assert isinstance(related, list)
    assert found["title"][1:3] == (1, 1)
    assert provider["name"][1:3] == (4, 3)
    assert [item[1:3] for item in related] == [(6, 5), (8, 5)]


def test_positions_count_from_the_first_line_of_the_file(parser: MakeParser) -> None:
    found = read_yaml("a: b\nc: d", first_line=10, parser=parser)

    assert isinstance(found.value, dict)
    assert (found.line, found.value["c"].line) == (10, 11)


def test_columns_count_characters_not_bytes_or_code_units(parser: MakeParser) -> None:
    assert yaml_fault("é😀: x: y", parser).column == 6


# What a seed may not hold


@pytest.mark.parametrize(
    ("text", "line", "column", "code"),
    [
        ("a: b\n<<: {c: d}", 2, 1, "merge"),
        ("a: b\nc: &x d", 2, 4, "anchor"),
        ("&x a: b", 1, 1, "anchor"),
        ("a: &x {b: c}", 1, 4, "anchor"),
        ("a: b\nc: [d, *x]", 2, 8, "alias"),
        ("a: !!python/object/apply:os.system [ls]", 1, 4, "tag"),
        ("a: !!str b", 1, 4, "tag"),
        ("- ! b", 1, 3, "tag"),
        ("title: a\nurl: b\ntitle: c", 3, 1, "duplicate-key"),
        ("a: {b: c, b: d}", 1, 11, "duplicate-key"),
        ("[a]: b", 1, 1, "key"),
        ("? {a: b}\n: c", 1, 3, "key"),
        ("~: b", 1, 1, "key"),
        ("a: b\n---\nc: d", 3, 1, "documents"),
        ("a: b\x00", 1, 5, "unprintable"),
        ("a: b\nc: \x1b[31m", 2, 4, "unprintable"),
        ("a: \ud800", 1, 4, "unprintable"),
        ("a: b\n\ufffe", 2, 1, "unprintable"),
        ("title: Azure update: new", 1, 20, "yaml"),
        ("title: [Preview] x", 1, 18, "yaml"),
        ("title: @x", 1, 8, "yaml"),
        ("title: `x`", 1, 8, "yaml"),
        ("title: %x", 1, 8, "yaml"),
        ('title: "a" b', 1, 12, "yaml"),
        ('title: "a\\qb"', 1, 8, "yaml"),
        ('a: b\ntitle: "a\nurl: b', 2, 8, "yaml"),
        ("a: b\ntitle: [a,\n  b", 2, 8, "yaml"),
        ("a: b\ntitle: {a: b\n", 2, 8, "yaml"),
    ],
)
def test_what_a_seed_may_not_hold_is_refused_where_it_stands(
    text: str, line: int, column: int, code: str, parser: MakeParser
) -> None:
    found = yaml_fault(text, parser)

    assert (found.line, found.column, found.code) == (line, column, code)


@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\ud83d\ude00", r"\U00110000", r"\U99999999"])
def test_an_escape_that_is_no_character_is_refused(escape: str, parser: MakeParser) -> None:
    assert yaml_fault(f'a: b\nc: "{escape}"', parser).line == 2


def test_a_duplicate_key_names_the_line_of_the_first(parser: MakeParser) -> None:
    assert "first in line 2" in yaml_fault("url: b\ntitle: a\nx: y\ntitle: c", parser).fault


def test_a_syntax_error_advises_to_quote(parser: MakeParser) -> None:
    assert "double quotes" in yaml_fault("title: Azure update: new", parser).advice


@pytest.mark.parametrize("bomb", ["[", "{", "- ", "? ", "{a: ", "[{a: "])
def test_a_depth_bomb_is_an_error(bomb: str, parser: MakeParser) -> None:
    """In the loader over libyaml, 25 kB of ``[`` end the process."""
    assert yaml_fault(bomb * (25_000 // len(bomb)), parser).code in {"depth", "key"}


def test_nesting_ends_at_its_limit_and_not_before(parser: MakeParser) -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH, parser) == [[[[[[[[]]]]]]]]

    assert yaml_fault("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), parser).code == "depth"


def test_what_a_text_stands_in_counts_for_its_depth(parser: MakeParser) -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    with pytest.raises(MarkupError, match="nested deeper"):
        read_yaml(deepest, outer_depth=1, parser=parser)


def test_a_bomb_of_merge_keys_ends_at_the_first(parser: MakeParser) -> None:
    bomb = "a0: &a0 {x: y}\n" + "".join(f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 20))

    assert (yaml_fault(bomb, parser).line, yaml_fault(bomb, parser).code) == (1, "anchor")


@pytest.mark.parametrize("end", ["---\n", "...\n", "---\n---\n", "...\n---\n", "---\n# nothing\n", "--- ~\n"])
def test_an_empty_second_document_is_let_pass(end: str, parser: MakeParser) -> None:
    assert read(f"a: b\n{end}", parser) == {"a": "b"}


# The two parsers

# Left out is where libyaml is stricter (``:`` before a bracket, directives, a tag's characters) or laxer (what follows
# ``|`` on its line): no seed means anything by it, and PyYAML's parser would have to be rewritten. So are anchors and
# aliases, behind which libyaml, that looks further ahead, may see another fault first.
BLANKS = [" ", "  ", "\t", " \t", "\u00a0", "\n", "\n  ", "\n---\n", "\n...\n"]
MARKS = "- ;\n- ;\n  - ;: ;:\n;[;];{;};,;, ;';\";'';\"\";#; # x;@;`".split(";")
WORDS = "a;b: ;key;title: ;x y;w: v\n;t: |\n    word\n;<<;~;null;1.10;-;\\;\\u00e9;é;😀;http://a.b/c".split(";")
yaml_like = st.lists(st.sampled_from(BLANKS + MARKS + WORDS), max_size=16).map("".join)


def attempt(read_text: Callable[..., Field], text: str, **options: Any) -> Field | MarkupError:
    try:
        return read_text(text, **options)
    except MarkupError as exc:
        return exc


def place(found: Field | MarkupError) -> str:
    """Write out what was read, or the line of the fault; whether a comment cut nothing at all is left open."""
    if isinstance(found, MarkupError):
        return str(found.line)
    return re.sub(r"(value=None, line=\d+, column=\d+), is_cut=True", r"\1, is_cut=False", repr(found))


def is_further_ahead(found: Field | MarkupError, other: Field | MarkupError) -> bool:
    """Tell whether *found* is about a key that is none, and stands behind the other fault."""
    faults = [found.fault, other.fault] if isinstance(found, MarkupError) and isinstance(other, MarkupError) else [""]
    return "could not find expected ':'" in faults[0] and found.line > other.line


@settings(max_examples=1_500)
@given(yaml_like)
def test_both_parsers_read_the_same_or_fail_at_the_same_line(text: str) -> None:
    by_libyaml = attempt(read_yaml, text, parser=Parser)
    in_python = attempt(read_yaml, text, parser=PureParser)

    assert place(by_libyaml) == place(in_python) or is_further_ahead(by_libyaml, in_python)


@given(yaml_like | st.text(), st.sampled_from([Parser, PureParser]))
def test_any_text_is_read_or_refused_at_a_place_inside_it(text: str, parser: MakeParser) -> None:
    found = attempt(read_yaml, text, parser=parser)

    # YAML takes the others for line ends as well; a seed is rid of them before.
    assert 1 <= found.line <= sum(map(text.count, "\n\x85\u2028\u2029")) + 1
    assert 1 <= found.column <= len(text) + 1


# JSON


def as_text(value: Any) -> Any:
    """Return a JSON value as the reader gives it: every number and boolean as the text it was."""
    if isinstance(value, dict):
        return {key: as_text(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


characters = st.characters(exclude_categories=["Cs"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    scalars | st.text(characters),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters, max_size=5), inner, max_size=4),
    max_leaves=12,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(json_values.filter(lambda value: depth(value) <= MAX_DEPTH), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_is_read_as_the_json_module_does(value: object, indent: int | str | None, ascii_only: bool) -> None:  # noqa: FBT001
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert plain(read_json(text).value) == as_text(value)


json_like = st.lists(
    st.sampled_from(['"', "{", "}", "[", "]", ",", ":", '"a"', '"b":', "1", "-", "0", "e5", ".", "\\", "u12", "null"])
    | st.sampled_from(["true", "\n", " ", "\t", "\x00", '"\\ud800"', "NaN", "é", "01", "[[", "\ufeff", "\r"]),
    max_size=14,
).map("".join)


@settings(max_examples=500)
@given(json_like | st.text())
def test_any_text_is_json_as_the_json_module_has_it_or_refused_inside_it(text: str) -> None:
    found = attempt(read_json, text)

    assert 1 <= found.line <= text.count("\n") + 1
    assert 1 <= found.column <= max(map(len, text.split("\n"))) + 1
    if isinstance(found, Field):
        assert plain(found.value) == as_text(json.loads(text, parse_float=Literal, parse_int=Literal))


class Literal(str):
    """A number as it was written, which :func:`as_text` lets pass."""

    __slots__ = ()


def test_json_values_stand_where_their_keys_do() -> None:
    found = read_json('{\n  "a": 1,\n  "é": [\n    {"c": null}, 2\n  ]\n}', first_line=5)

    assert found == Field(
        {
            "a": Field("1", 6, 3),
            "é": Field([Field({"c": Field(None, 8, 6)}, 8, 5), Field("2", 8, 18)], 7, 3),
        },
        5,
        1,
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "code"),
    [
        ('{"a": 1,\n "b": 2,\n "a": 3}', 3, 2, "duplicate-key"),
        ('{"a": "b\\x"}', 1, 7, "json"),
        ('{"a": "\\u12"}', 1, 7, "json"),
        ('{"a":\n "\\ud800"}', 2, 2, "surrogate"),
        ('{"\\udc00": 1}', 1, 2, "surrogate"),
        ('{"a": "line\nend"}', 1, 7, "json"),
        ('{"a": "unclosed', 1, 7, "json"),
        ('{"a": 1', 1, 8, "json"),
        ('{"a" 1}', 1, 6, "json"),
        ('{"a": 1,}', 1, 9, "json"),
        ("{'a': 1}", 1, 2, "json"),
        ("[1 2]", 1, 4, "json"),
        ("[1,]", 1, 4, "json"),
        ("[NaN]", 1, 2, "json"),
        ("[01]", 1, 3, "json"),
        ("[٣]", 1, 2, "json"),
        ("", 1, 1, "json"),
        ("{}\n{}", 2, 1, "json"),
        ("[" * 9, 1, 9, "depth"),
        ("[" * 25_000, 1, 9, "depth"),
        ('{"a":' * 25_000, 1, 41, "depth"),
    ],
)
def test_what_is_no_json_is_refused_where_it_stands(text: str, line: int, column: int, code: str) -> None:
    found = json_fault(text)

    assert (found.line, found.column, found.code) == (line, column, code)


def test_a_surrogate_pair_in_json_is_its_character() -> None:
    assert read_json(r'"\ud83d\ude00\/"').value == "😀/"


def test_a_long_number_stays_text_without_being_counted_out() -> None:
    assert read_json("9" * 100_000).value == "9" * 100_000


@given(st.text(), st.data())
def test_a_position_leads_back_to_its_character(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))

    line, column = position(text, offset)

    assert sum(len(before) + 1 for before in text.split("\n")[: line - 1]) + column - 1 == offset
