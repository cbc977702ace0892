from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from search.errors import SettingsError
from search.settings import Settings, read_settings, settings_reference


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name a settings file that is not there yet."""
    return tmp_path / "lede.toml"


def settings(file: Path, *, toml: str = "", environment: Mapping[str, str] | None = None, **flags: object) -> Settings:
    if toml:
        file.write_text(toml, "utf-8")
    return read_settings(flags, environment=environment or {}, file=file)


def fault(file: Path, *, toml: str = "", environment: Mapping[str, str] | None = None, **flags: object) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(file, toml=toml, environment=environment, **flags)
    return str(caught.value)


def test_without_anything_the_defaults_hold(file: Path) -> None:
    assert settings(file) == Settings()


def test_a_file_wins_over_defaults_the_environment_over_it_and_flags_over_all(file: Path) -> None:
    found = settings(
        file,
        toml="jobs = 1\nport = 1\nworkers = 1",
        environment={"LEDE_PORT": "2", "LEDE_WORKERS": "2"},
        workers=3,
    )

    assert (found.jobs, found.port, found.workers) == (1, 2, 3)


def test_a_flag_that_is_none_was_not_given(file: Path) -> None:
    assert settings(file, environment={"LEDE_PORT": "2"}, port=None).port == 2


#: A text for each type of setting; a setting that takes none of them has its own.
TEXTS: dict[type, str] = {str: "x", type(Path()): "x", tuple: "x", int: "3", float: "0.5", bool: "true"}
OWN_TEXTS: dict[str, str] = {
    "base_url": "https://news.example",
    "rate_limit": "off",
    "trusted_proxies": "10.0.0.0/8",
    "cors_origins": "https://a.example",
}


def example(name: str) -> str:
    """Return a text for a setting that is not its default."""
    return OWN_TEXTS.get(name) or TEXTS[type(getattr(Settings(), name))]


@pytest.mark.parametrize("name", [known.name for known in fields(Settings)])
def test_every_setting_can_be_made_in_every_way(file: Path, name: str) -> None:
    text = example(name)

    found = settings(file, environment={f"LEDE_{name.upper()}": text})

    value = getattr(found, name)
    assert value != getattr(Settings(), name)
    assert type(value) is type(getattr(Settings(), name))
    assert found == read_settings({name: text}, environment={}, file=file)
    assert found == settings(file, toml=f"{name} = {in_toml(value)}")


def in_toml(value: object) -> str:
    if isinstance(value, tuple):
        return json.dumps([str(part) for part in value])
    return json.dumps(value if isinstance(value, int | float) else str(value))


def test_every_setting_says_what_it_is() -> None:
    rows = settings_reference().splitlines()[2:]

    assert [row.split("`")[1] for row in rows] == [known.name for known in fields(Settings)]
    assert all(len(known.metadata["text"]) > 5 and "|" not in known.metadata["text"] for known in fields(Settings))


def test_several_folders_of_seeds_are_given_like_a_path(file: Path) -> None:
    several = (Path("a"), Path("/b/c"))

    assert settings(file, environment={"LEDE_SEEDS": f"a{os.pathsep}/b/c"}).seeds == several
    assert settings(file, toml='seeds = ["a", "/b/c"]').seeds == several
    assert settings(file, seeds=several).seeds == several


def test_what_others_have_in_the_environment_is_not_read(file: Path) -> None:
    assert settings(file, environment={"PORT": "x", "XLEDE_PORT": "x", "lede_port": "x"}) == Settings()


def test_an_unknown_name_is_named_with_where_it_stands(file: Path) -> None:
    assert fault(file, environment={"LEDE_PROT": "1"}).startswith("environment: unknown setting 'prot'")
    assert fault(file, prot=1).startswith("flags: unknown setting 'prot'")
    assert fault(file, toml="prot = 1").startswith(f"{file}: unknown setting 'prot'; the settings are index, seeds")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("port", text) for text in ("", "-1", "65536", "80.0", "0x50", "٣", "1_0", " 80", "8" * 5_000)],
        *[("workers", "0"), ("workers", "65"), ("jobs", "-1"), ("jobs", "many")],
        *[("index", ""), ("engine", ""), ("host", ""), ("seeds", ""), ("seeds", f"a{os.pathsep}")],
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_setting(file: Path, name: str, value: str) -> None:
    found = fault(file, environment={f"LEDE_{name.upper()}": value})

    assert found.startswith(f"environment: {name} cannot be '")


@pytest.mark.parametrize(
    "toml", ["port = true", "port = 1.5", "port = [80]", "seeds = [1]", "seeds = []", "seeds = {}", "engine = 1"]
)
def test_a_value_of_another_type_is_refused(file: Path, toml: str) -> None:
    assert fault(file, toml=toml).startswith(f"{file}: {toml.partition(' ')[0]} cannot be")


@pytest.mark.parametrize("content", [b"port = ", b"port = 1\nport = 2", b"\xff", b"port = 1\n[port]"])
def test_a_file_that_is_no_toml_is_named(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    assert fault(file).startswith(f"{file}: ")


def test_a_file_that_cannot_be_read_is_an_error(file: Path) -> None:
    file.mkdir()

    assert fault(file).startswith(f"{file}: ")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e9", "soon", "", True, None, [1]])
def test_a_time_budget_is_a_number_of_seconds(file: Path, value: object) -> None:
    with pytest.raises(SettingsError, match=r"time_budget cannot be .*(number|float)"):
        read_settings({"time_budget": value} if value is not None else {"time_budget": {}}, environment={}, file=file)
