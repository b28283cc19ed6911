"""A kernel that is right as it stands, but perhaps not what was meant, is said, once a run."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from imgconv.cli.main import group
from imgconv.kernels.catalog import kernel
from imgconv.kernels.remarks import remark
from tests.command import imgconv, noise, pixels_of, save
from tests.oracle import correlate

ROW = "1 2 1 0 0 0 -1 -2 -1"
SENTENCE = "imgconv: one row of 9 weights; for 3x3 put ; between rows, or write im:…\n"


@pytest.mark.parametrize(
    ("text", "side"),
    [(ROW, 3), (",".join("1" * 25), 5), (" ".join("1" * 49), 7), (";".join("1" * 9), 0), ("1 2 1", 0), ("1 1 1 1", 0),
     (" ".join("1" * 16), 0), ("1 2 1;0 0 0;-1 -2 -1", 0), (f"im:{ROW}", 0), ("box:9", 0)],
)  # fmt: skip
def test_which_kernels_deserve_a_remark(text, side):
    sentence = f"one row of {side**2} weights; for {side}x{side} put ; between rows, or write im:…" if side else ""
    assert remark(kernel(text)) == sentence


def test_a_row_stays_one_row_and_is_said_once_a_run(tmp_path):
    for name in ("a.png", "b.png"):
        save(tmp_path / name, noise(12, 14))
    done = imgconv("filter", ROW, "a.png", "b.png", "-o", "out/", cwd=tmp_path)
    assert done.code == 0
    assert done.err.startswith(SENTENCE)
    assert done.err.count("one row of") == 1
    weights = [[int(word) for word in ROW.split()]]
    expected = correlate(noise(12, 14), weights)
    assert np.array_equal(pixels_of(tmp_path / "out" / "a.png"), expected)


@pytest.mark.parametrize(
    "words",
    [
        ["run", f"relu | filter '{ROW}'", "a.png", "--plan"],
        ["filter", "sobel-x", "--with", ROW, "a.png", "--plan"],
        ["bank", ROW, "a.png", "--plan"],
        ["kernels", "show", ROW],
    ],
)
def test_it_is_said_wherever_a_kernel_stands(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.png", noise(12, 14))
    said = CliRunner().invoke(group(), words)
    assert said.stderr == SENTENCE
    assert CliRunner().invoke(group(), [*words, "-q"]).stderr == "" or words[0] == "kernels"
