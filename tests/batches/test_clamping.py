"""Advice on clamped values: whatever it names keeps every value, and it is said once a run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.command import called, noise, save

ADVICE = re.compile(r"^imgconv: all values \((.+)…(.+)\) are kept by (.+)$", re.M)


def advised(err: str) -> list[str]:
    """The options that the one advice in these messages names."""
    found = ADVICE.findall(err)
    assert len(found) == 1, err
    options: list[str] = found[0][2].split(", or ")
    return options


@pytest.mark.parametrize(
    ("words", "file", "expected"),
    [
        ("filter sobel-x", "out.png", ["--range stretch", "--dtype int16 -o out.tiff"]),
        ("filter sobel-x", "out.tiff", ["--range stretch", "--dtype int16"]),
        ("filter sobel-x", "out.jpg", ["--range stretch", "--dtype int16 -o out.tiff"]),
        ("filter '1 1 1'", "out.png", ["--range stretch", "--dtype uint16"]),
        ("filter sobel-x --divisor 16", "out.png", ["--range shift", "--range stretch", "--dtype int16 -o out.tiff"]),
        ("filter sobel-x --range abs", "out.png", ["--range stretch", "--dtype uint16"]),
        ("filter sobel-x --range shift", "out.webp", ["--range stretch", "--dtype uint16 -o out.tiff"]),
        ("filter '-999 0 999'", "out.png", ["--range stretch", "--dtype int32 -o out.tiff"]),
        ("filter sobel-x --dtype int16 --bias 1e10", "out.npy", ["--range stretch", "--dtype float32"]),
        ("filter sobel-x --linear", "out.png", ["--range stretch", "--dtype int16 -o out.tiff"]),
    ],
)
def test_what_is_advised_keeps_every_value(tmp_path: Path, words: str, file: str, expected: list[str]) -> None:
    save(tmp_path / "in.png", noise(24, 24, 3))
    done = called(*shlex.split(words), "in.png", "-o", file, cwd=tmp_path)
    assert (done.code, advised(done.err)) == (0, expected)
    assert "--" not in done.err.splitlines()[0]
    for option in expected:
        again = called(*shlex.split(words), "in.png", "-o", file, *option.split(), cwd=tmp_path)
        assert again.code == 0, again.err
        assert "clamped" not in again.err
        assert not ADVICE.search(again.err)


def test_numbers_that_are_none_need_floats(tmp_path: Path) -> None:
    np.save(tmp_path / "in.npy", np.array([[1, np.nan, 300]], "float32"))
    done = called("activate", "identity", "in.npy", "--dtype", "uint8", "-o", "out.png", cwd=tmp_path)
    assert "33.3 % above 255 clamped; 33.3 % not a number, set to 0" in done.err
    assert advised(done.err) == ["--dtype float32 -o out.tiff"]


def test_it_is_said_once_a_run_and_lines_are_short(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.jpg"):
        save(tmp_path / name, noise(8, 9, 3))
    done = called("filter", "sobel-x", "a.png", "b.png", "c.jpg", "-o", "out/", cwd=tmp_path)
    first, *_ = done.err.splitlines()
    assert re.fullmatch(
        r"imgconv: a\.png -> out/a\.png: 9x8 RGB; [0-9.]+ % below 0, [0-9.]+ % above 255 clamped", first
    )
    assert advised(done.err) == ["--range stretch", "--dtype int16 --format tiff"]
    assert called("filter", "sobel-x", "a.png", "-q", "-o", "b.png", cwd=tmp_path).err == ""


def test_strict_refuses_and_advises(tmp_path: Path) -> None:
    save(tmp_path / "in.png", noise(8, 9))
    done = called("filter", "sobel-x", "in.png", "--strict", "-o", "out.png", cwd=tmp_path)
    assert done.code == 3
    assert advised(done.err) == ["--range stretch", "--dtype int16 -o out.tiff"]
