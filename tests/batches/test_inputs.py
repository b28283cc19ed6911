"""Inputs and names of outputs: folders, patterns, lists, templates, and what is taken literally."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import imgconv as imgconv_
from imgconv import errors
from imgconv.batches.inputs import Inputs
from tests.command import called, imgconv, noise, on_terminal, save

ALL = ("in/top.png", "in/a/one.png", "in/a/b/two.png")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures in folders, beside what is none."""
    for name in ("top.png", "a/one.png", "a/b/two.png", "a/.hidden.png", ".git/three.png"):
        save(tmp_path / "in" / name, noise(4, 4))
    (tmp_path / "in" / "a" / "notes.txt").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def found(*words: str, recursive: bool = False, output: str | None = None) -> list[str]:
    return [source.path for source in Inputs(words, recursive).sources(output)]


def test_folders_give_their_pictures_by_name(tree: Path) -> None:
    assert found("in") == ["in/top.png"]
    assert found("in", recursive=True) == ["in/top.png", "in/a/one.png", "in/a/b/two.png"]
    assert found("in", recursive=True, output="in/a") == ["in/top.png"]  # what an earlier run wrote
    (tree / "in" / "loop").symlink_to(".")
    assert len(found("in", recursive=True)) == 3
    with pytest.raises(errors.FileError, match="no image in this folder; --recursive"):
        found(".")


def test_patterns_match_and_what_exists_is_literal(tree: Path) -> None:
    assert found("in/*.png", "in/**/t*.png") == ["in/top.png", "in/a/b/two.png", "in/top.png"]
    save(tree / "[1].png", noise(2, 2))
    save(tree / "1.png", noise(2, 2))
    (tree / "@list").write_text("in/top.png\n")
    assert found("[1].png", "@list", "absent.png") == ["[1].png", "@list", "absent.png"]
    with pytest.raises(errors.FileError, match="matches it as a pattern"):
        found("in/*.webp")


def test_lists_are_taken_literally(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tree / "new\nline*.png", noise(2, 2))
    (tree / "list.txt").write_bytes(b"in/top.png\r\n\nin/a\n*.png\n-\n")
    assert found("@list.txt") == ["in/top.png", "in/a/one.png", "*.png", "./-"]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"new\nline*.png\0in/top.png\0")))
    sources = Inputs(files_from="-", null=True).sources()
    assert [source.path for source in sources] == ["new\nline*.png", "in/top.png"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (Inputs(("-",), files_from="-"), "standard input cannot be"),
        (Inputs(null=True), "--files-from"),
        (Inputs(files_from="empty"), "has no names"),
        (Inputs(("@none",)), "no such list"),
    ],
)
def test_lists_that_make_no_sense(tree: Path, inputs: Inputs, message: str) -> None:
    (tree / "empty").write_text("\n\n")
    with pytest.raises(errors.ImgconvError, match=message):
        inputs.sources()


def test_names_come_through_a_pipe(tree: Path) -> None:
    done = imgconv("pool", "--files-from", "-", "-0", "-q", "-o", "out/", cwd=tree, stdin=b"in/top.png\0in/a\0")
    assert (done.code, done.err) == (0, "")
    assert files(tree / "out") == ["one.png", "top.png"]


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("in -r -o out", ["a/b/two.png", "a/one.png", "top.png"]),
        ("in/a -r -o out/{dir}/{stem}-{op}{ext}", ["b/two-maxpool-2x2.png", "one-maxpool-2x2.png"]),
        ("in/top.png in/a/one.png -o out/{{{stem}}}-{index}.webp", ["{one}-001.webp", "{top}-000.webp"]),
        ("in/top.png in/a/one.png -o out/{dir}/x{ext}", ["in/a/x.png", "in/x.png"]),
        ("in/**/*.png -o out/ --format bmp", ["a/b/two.bmp", "a/one.bmp", "top.bmp"]),
        ("in/top.png -o out/{stem}{ext} --format tiff", ["top.tif"]),
    ],
)
def test_folders_keep_the_tree_and_templates_are_filled(tree: Path, words: str, made: list[str]) -> None:
    done = called("pool", "-q", *words.split(), cwd=tree)
    assert (done.code, done.err) == (0, "")
    assert files(tree / "out") == made


def test_templates_do_not_leave_their_folder_unless_they_begin_with_that_of_the_input(tree: Path) -> None:
    (tree / "sub").mkdir()
    words = ("pool", "-q", "../in/top.png", str(tree / "in" / "a" / "one.png"))
    assert called(*words, "-o", "out/{dir}/{stem}{ext}", cwd=tree / "sub").code == 0
    assert files(tree / "sub") == sorted(["out/in/top.png", f"out{tree}/in/a/one.png"])
    assert called(*words, "-o", "{dir}/{stem}-x{ext}", cwd=tree / "sub").code == 0
    assert {"top-x.png", "a/one-x.png"} <= set(files(tree / "in"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("in/top.png in/a/one.png -o out.png", "out.png names one PNG file, and 2 results"),
        ("in -o out.tiff", "results of folders, patterns and lists"),
        ("in/top.png in/a/one.png -o {name}.webp", "known are {dir} {stem} {op} {ext} {index}, and {{ is a brace"),
        ("in/top.png -o out/{}.png", "there is no field {}"),
        ("in -r -o same{op}.png", "would both be written"),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(tree: Path, words: str, message: str) -> None:
    done = called("pool", *words.split(), cwd=tree)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert message in done.err
    assert not list(tree.glob("*.png")) + list(tree.glob("out*"))


def test_a_folder_or_file_with_such_a_name_is_that(tree: Path) -> None:
    (tree / "out.png").mkdir()
    (tree / "{stem}.bmp").write_bytes(b"")
    assert called("pool", "in", "-r", "-q", "-o", "out.png", cwd=tree).code == 0
    assert files(tree / "out.png") == ["a/b/two.png", "a/one.png", "top.png"]
    assert called("pool", "in/top.png", "-q", "-o", "{stem}.bmp", cwd=tree).code == 0
    assert (tree / "{stem}.bmp").read_bytes()[:2] == b"BM"


def test_derived_names_stand_beside_the_input(tree: Path) -> None:
    done = on_terminal("pool", "in/a/one.png", "in/top.png", "-q", cwd=tree)
    assert (done.code, done.err) == (0, "")
    assert {"a/one-maxpool-2x2.png", "top-maxpool-2x2.png"} <= set(files(tree / "in"))
    assert not list(tree.glob("*.png"))


def test_names_and_trees_have_limits(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"a" * 40_000)
    with pytest.raises(errors.FileError, match="a name of 40000 characters"):
        Inputs((f"@{tmp_path}/list",)).sources()
    deep = tmp_path / "deep"
    os.makedirs(deep.joinpath(*["d"] * 200))
    with pytest.raises(errors.FileError, match="more than 128 deep"):
        Inputs((str(deep),), recursive=True).sources()


# ---------------------------------------------------------------- pages


def test_results_become_pages_of_one_file(tree: Path) -> None:
    save(tree / "in" / "top.png", noise(6, 9, 3))
    done = called("filter", "sobel-x", "in", "-r", "--pages", "-o", "sheet.tiff", cwd=tree)
    assert done.code == 0
    assert "in/top.png and 2 more -> sheet.tiff: 3 frames, the first 9x6 RGB; " in done.err
    sheet = imgconv_.load("sheet.tiff")
    alone = [imgconv_.load(name).through(imgconv_.Pipeline.parse("filter sobel-x")) for name in ALL]
    assert [frame.pixels.tolist() for frame in sheet.frames] == [image.pixels.tolist() for image in alone]
    said = called("filter", "sobel-x", "in/top.png", "in/a/one.png", "-o", "x.tiff", cwd=tree)
    assert (said.code, "--pages makes pages" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("in -r --pages -o out/", 2, "--pages writes one file"),
        ("in -r --pages -o {stem}.tiff", 2, "--pages writes one file"),
        ("in -r --pages -o x.jpg", 2, "has no pages; choose from png, tiff"),
        ("in -r in/a/none.png --pages -o x.tiff", 1, "in/a/none.png"),
        ("in/top.png in/a/notes.txt --pages -o x.tiff", 1, "in/a/notes.txt"),
        ("in/top.png s.tiff --pages -o s.tiff", 2, "is also an input"),
        ("in -r --pages -o x.tiff --size 7", 1, "in/top.png"),
        ("in -r --pages -o x.tiff --update --manifest m", 2, "leave out --pages"),
    ],
)
def test_pages_that_cannot_be_written(tree: Path, words: str, code: int, message: str) -> None:
    done = called("pool", *words.split(), cwd=tree)
    assert (done.code, message in done.err, done.err.count("\n")) == (code, True, 1), done.err
    assert not list(tree.glob("x.*"))
