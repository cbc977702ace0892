from __future__ import annotations

import os
from pathlib import Path

import pytest
from factories import SeedFolder, seed

from search.errors import SeedError, SeedsFolderError
from search.files import (
    EXTENSIONS,
    MAX_SEED_BYTES,
    RANGE_BYTES,
    SeedFile,
    Stamp,
    cut_lines,
    list_seed_files,
    read_bytes,
    read_range,
    split_lines,
)


def names(*folders: SeedFolder) -> list[str]:
    files, _ = list_seed_files([folder.path for folder in folders])
    return [file.name for file in files]


def refusals(folder: SeedFolder) -> dict[str, str]:
    """Return the code of each refused file by its name."""
    _, refused = list_seed_files([folder.path])
    return {file.name: file.problem.code for file in refused}


def only_file(folder: SeedFolder) -> SeedFile:
    files, refused = list_seed_files([folder.path])
    assert refused == []
    (file,) = files
    return file


def lines_of(file: SeedFile) -> list[bytes]:
    return [line for part in cut_lines(file) for line in split_lines(read_range(file, part))]


def refusal(file: SeedFile) -> SeedError:
    with pytest.raises(SeedError) as caught:
        read_bytes(file)
    return caught.value


# Which files


def test_seeds_are_found_at_any_depth_in_the_order_of_their_names(folder: SeedFolder) -> None:
    for name in ("b.md", "a/z.md", "a.md", "a/b/c/d/e/f.md", "a0.md"):
        folder.write(name, seed())

    assert names(folder) == ["a.md", "a/b/c/d/e/f.md", "a/z.md", "a0.md", "b.md"]


def test_the_order_does_not_hang_on_what_was_written_first(folder: SeedFolder, tmp_path: Path) -> None:
    other = SeedFolder(tmp_path / "other")
    for number in range(50):
        folder.write(f"{number:02}.md", seed())
        other.write(f"{49 - number:02}.md", seed())

    assert names(folder) == names(other) == [f"{number:02}.md" for number in range(50)]


def test_every_extension_is_read_in_either_case_and_no_other(folder: SeedFolder) -> None:
    for extension in EXTENSIONS:
        folder.write(f"lower{extension}", seed())
        folder.write(f"upper{extension.upper()}", seed())
    for name in ("picture.png", "seed.md.bak", "seed.md~", "README", "md", "seed.mdx"):
        folder.write(name, seed())

    assert names(folder) == sorted([f"lower{e}" for e in EXTENSIONS] + [f"upper{e.upper()}" for e in EXTENSIONS])


def test_hidden_files_and_folders_are_passed_over(folder: SeedFolder) -> None:
    for name in (".hidden.md", ".git/a.md", "a/.b/c.md", ".md", "seen.md"):
        folder.write(name, seed())

    assert names(folder) == ["seen.md"]
    assert refusals(folder) == {}


def test_a_folder_named_like_a_seed_is_a_folder(folder: SeedFolder) -> None:
    folder.write("folder.md/seed.md", seed())

    assert names(folder) == ["folder.md/seed.md"]


def test_two_folders_are_read_as_one_and_a_file_in_both_once(folder: SeedFolder) -> None:
    folder.write("a/b.md", seed())
    folder.write("c.md", seed())

    files, _ = list_seed_files([folder.path, folder.path / "a"])

    assert [file.name for file in files] == ["a/b.md", "c.md"]


def test_names_that_are_no_unicode_are_read(folder: SeedFolder) -> None:
    try:
        folder.write(os.fsdecode(b"caf\xe9.md"), seed())
    except OSError:
        pytest.skip("this file system takes only Unicode names")

    assert read_bytes(only_file(folder)) == seed().encode()


# Which are no regular files inside


def test_a_pipe_is_refused_without_being_opened(folder: SeedFolder) -> None:
    os.mkfifo(folder.path / "pipe.md")

    assert refusals(folder) == {"pipe.md": "not-regular"}


def test_a_link_out_of_the_folder_is_refused_and_its_neighbours_are_read(folder: SeedFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text(seed())
    (folder.path / "absolute.md").symlink_to(secret)
    (folder.path / "relative.md").symlink_to("../secret.md")
    (folder.path / "endless.md").symlink_to("/dev/zero")
    folder.write("good.md", seed())

    assert refusals(folder) == dict.fromkeys(["absolute.md", "relative.md", "endless.md"], "outside")
    assert names(folder) == ["good.md"]


def test_a_folder_beside_whose_name_begins_alike_is_outside(folder: SeedFolder, tmp_path: Path) -> None:
    beside = SeedFolder(tmp_path / "seeds-of-others")
    (folder.path / "link.md").symlink_to(beside.write("a.md", seed()))

    assert refusals(folder) == {"link.md": "outside"}


def test_a_link_inside_the_folder_is_the_file_itself(folder: SeedFolder) -> None:
    folder.write("a/real.md", seed())
    (folder.path / "link.md").symlink_to("a/real.md")

    assert only_file(folder).identity == os.path.realpath(folder.path / "a/real.md")


def test_of_several_links_to_one_file_the_first_names_it(folder: SeedFolder) -> None:
    folder.write(".hidden/real.md", seed())
    for number in (7, 3, 9, 1, 5):
        (folder.path / f"{number}.md").symlink_to(".hidden/real.md")

    assert names(folder) == ["1.md"]


def test_a_file_is_the_same_however_its_folder_is_named(folder: SeedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("a/seed.md", seed())
    monkeypatch.chdir(folder.path.parent)

    found = [list_seed_files([path])[0][0] for path in (folder.path, Path(folder.path.name), Path("./seeds/../seeds"))]

    assert len({file.identity for file in found}) == 1
    assert len({file.path for file in found}) == 3


def test_a_file_that_has_become_a_link_out_is_refused_as_the_file_it_was(folder: SeedFolder, tmp_path: Path) -> None:
    path = folder.write("seed.md", seed())
    known = only_file(folder)
    path.rename(tmp_path / "outside.md")
    path.symlink_to(tmp_path / "outside.md")

    _, (refused,) = list_seed_files([folder.path])

    assert refused.identity == known.identity


def test_links_to_nothing_and_to_each_other_are_unreadable(folder: SeedFolder) -> None:
    (folder.path / "gone.md").symlink_to("missing.md")
    (folder.path / "one.md").symlink_to("two.md")
    (folder.path / "two.md").symlink_to("one.md")

    assert refusals(folder) == dict.fromkeys(["gone.md", "one.md", "two.md"], "unreadable")


def test_links_to_folders_are_not_followed(folder: SeedFolder, tmp_path: Path) -> None:
    outside = SeedFolder(tmp_path / "outside")
    outside.write("a.md", seed())
    folder.write("a/b.md", seed())
    for name, target in {"loop": ".", "a/up": "..", "out": str(outside.path), "loop.md": "."}.items():
        (folder.path / name).symlink_to(target, target_is_directory=True)

    assert names(folder) == ["a/b.md"]
    assert refusals(folder) == {}


def test_the_seeds_folder_itself_may_be_a_link(folder: SeedFolder, tmp_path: Path) -> None:
    folder.write("a.md", seed())
    (folder.path / "b.md").symlink_to("a.md")
    linked = tmp_path / "linked"
    linked.symlink_to(folder.path, target_is_directory=True)

    files, refused = list_seed_files([linked])

    assert len(files) == 1
    assert refused == []


def test_what_has_become_a_pipe_is_refused_without_waiting(folder: SeedFolder) -> None:
    path = folder.write("seed.md", seed())
    file = only_file(folder)
    path.unlink()
    os.mkfifo(path)

    assert refusal(file).code == "not-regular"


def test_what_has_become_a_link_to_a_device_is_refused(folder: SeedFolder) -> None:
    path = folder.write("seed.md", seed())
    file = only_file(folder)
    path.unlink()
    path.symlink_to("/dev/zero")

    assert refusal(file).code == "not-regular"


def test_what_has_become_a_folder_or_vanished_is_refused(folder: SeedFolder) -> None:
    path = folder.write("seed.md", seed())
    file = only_file(folder)

    path.unlink()
    assert refusal(file).code == "unreadable"

    path.mkdir()
    assert refusal(file).code == "not-regular"


# Folders that cannot be listed


def test_a_missing_folder_is_an_error_that_names_it(folder: SeedFolder) -> None:
    with pytest.raises(SeedsFolderError, match=r"nowhere.*check the path"):
        list_seed_files([folder.path, folder.path / "nowhere"])


def test_a_file_is_no_folder_of_seeds(folder: SeedFolder) -> None:
    with pytest.raises(SeedsFolderError, match=r"seed\.md"):
        list_seed_files([folder.write("seed.md", seed())])


def test_a_folder_inside_that_cannot_be_listed_is_an_error(folder: SeedFolder) -> None:
    """Its seeds must not look deleted.

    Root may list any folder, so it is nested until its path is longer than what the system takes in one call.
    """
    here = os.open(folder.path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        here, above = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)

    with pytest.raises(SeedsFolderError):
        list_seed_files([folder.path])


# Sizes


def test_a_file_of_exactly_the_limit_is_read(folder: SeedFolder) -> None:
    folder.write("seed.md", b"x" * MAX_SEED_BYTES)

    assert len(read_bytes(only_file(folder))) == MAX_SEED_BYTES == 1024 * 1024


def test_one_byte_more_is_refused(folder: SeedFolder) -> None:
    folder.write("seed.md", b"x" * (MAX_SEED_BYTES + 1))

    assert refusals(folder) == {"seed.md": "too-large"}


def test_five_gigabytes_of_nothing_are_refused_unread(folder: SeedFolder) -> None:
    os.truncate(folder.write("seed.md", ""), 5 << 30)

    assert refusals(folder) == {"seed.md": "too-large"}


def test_a_file_that_has_grown_since_is_refused_without_reading_it_all(folder: SeedFolder) -> None:
    path = folder.write("seed.md", seed())
    file = only_file(folder)
    os.truncate(path, 5 << 30)

    assert refusal(file).code == "too-large"


def test_the_limit_of_a_file_of_lines_is_that_of_a_line(folder: SeedFolder) -> None:
    line = b"x" * MAX_SEED_BYTES
    folder.write("seeds.jsonl", line + b"\n" + line + b"x\n" + line + b"xxx\nshort")

    lines = lines_of(only_file(folder))

    assert [len(line) for line in lines] == [MAX_SEED_BYTES, MAX_SEED_BYTES + 1, MAX_SEED_BYTES + 1, 5]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"\n\na\n\nb", [b"", b"", b"a", b"", b"b"]),
        (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
    ],
)
def test_lines_end_at_line_feeds(folder: SeedFolder, content: bytes, lines: list[bytes]) -> None:
    folder.write("seeds.jsonl", content)

    assert lines_of(only_file(folder)) == lines


def test_a_line_that_reaches_over_a_read_is_whole(folder: SeedFolder) -> None:
    content = [bytes([65 + number % 26]) * (number * 7_919) for number in range(1, 60)]
    folder.write("seeds.jsonl", b"\n".join(content))

    assert lines_of(only_file(folder)) == content


def test_a_file_of_lines_that_has_grown_keeps_all_ranges_but_the_last(folder: SeedFolder) -> None:
    lines = b"".join(b"%07d%s\n" % (number, b"x" * (number % 300)) for number in range(10_000))
    folder.write("seeds.jsonl", lines)
    before = cut_lines(only_file(folder))
    folder.write("seeds.jsonl", lines + b"more\n")

    after = cut_lines(only_file(folder))

    assert len(after) == len(before) > 2
    assert after[:-1] == before[:-1]
    assert after[-1].size == before[-1].size + 5
    assert [part.start for part in after[1:]] == [part.start + part.size for part in after[:-1]]
    assert all(RANGE_BYTES <= part.size < RANGE_BYTES + 400 for part in after[:-1])


# Stamps


def test_a_stamp_changes_with_the_file_though_its_time_is_set_back(folder: SeedFolder) -> None:
    path = folder.write("seed.md", "aaaa")
    before = only_file(folder).stamp

    path.write_text("bbbb")
    os.utime(path, ns=(before.modified_ns, before.modified_ns))

    after = only_file(folder).stamp
    assert (after.size, after.modified_ns) == (before.size, before.modified_ns)
    assert after != before


@pytest.mark.parametrize(("name", "extension"), [("a/B.MD", ".md"), ("x.tar.yaml", ".yaml"), ("a.b/c", "")])
def test_an_extension_is_that_of_the_name_in_lower_case(name: str, extension: str) -> None:
    assert SeedFile(name, name, Stamp(0, 0, 0, 0), name).extension == extension
