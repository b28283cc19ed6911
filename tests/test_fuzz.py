"""Some hundred mutants, always others as the code grows; and that the search would see what it searches for. `make
fuzz` runs 100,000."""

from __future__ import annotations

import collections
import inspect
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from tests.command import encoded, environment, noise, pixels_of
from tests.docs import ROOT
from tests.fuzz import junk, targets
from tests.fuzz.__main__ import Run
from tests.fuzz.mutate import WAYS, cut_inside
from tests.fuzz.seeds import seeds
from tests.strategies import plain_python


def test_some_hundred_mutants() -> None:
    words = [sys.executable, "-m", "tests.fuzz", "--mutants", "500", "--processes", "1", "--seed", "7"]
    done = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("500 mutants")
    names = ("image", "png", "kernel", "pipeline", "parameter", "encoded", "stored", "junk", "numbers", "weights")
    assert [name for name in names if f"{name} " not in done.stdout] == []
    assert "image made" in done.stdout  # not everything is refused


def test_seeds_are_of_every_kind() -> None:
    names = set(seeds())
    assert {
        "PNG-RGBA",
        "GIF-frames",
        "TIFF-tiff_lzw",
        "JPEG-CMYK",
        "WEBP-said",
        "ours-npy-float64-5a",
        "ours-pfm-float32-3",
    } <= names
    assert sum(map(len, seeds().values())) < 10_000_000


@pytest.mark.parametrize("name", ["PNG-RGB", "JPEG-L", "TIFF-I;16", "ours-npy-int32-3", "PPM-RGB"])
def test_seeds_are_accepted(tmp_path: Path, name: str) -> None:
    assert targets.read(seeds()[name], tmp_path, targets.original(name)) == "made"


def test_mutants_are_the_same_each_time(tmp_path: Path) -> None:
    import random

    content, other = seeds()["PNG-RGB"], seeds()["GIF-P"]
    for way in WAYS:
        assert way(content, other, random.Random("1:2")) == way(content, other, random.Random("1:2"))
    assert len({way(content, other, random.Random("1:2")) for way in WAYS}) > 5


@pytest.mark.parametrize(
    "name", ["JPEG-RGB", "JPEG-progressive", "TIFF-jpeg", "TIFF-group4", "TIFF-RGB", "GIF-P", "JPEG2000-L"]
)
def test_files_cut_inside_are_refused_or_said(tmp_path: Path, name: str) -> None:
    import random

    for number in range(12):
        content = cut_inside(seeds()[name], b"", random.Random(number))
        assert content != seeds()[name]
        targets.read(content, tmp_path, targets.original(name))


# ---------------------------------------------------------------- what is wrong is seen


def test_pixels_that_are_lost_without_a_word_are_seen(tmp_path: Path) -> None:
    content = encoded(noise(9, 13), "npy")
    with pytest.raises(targets.Wrong, match="not what it was"):
        targets.read(content, tmp_path, [(noise(9, 13, seed=5), None)])
    assert targets.read(content[:-1], tmp_path, [(noise(9, 13), None)]) == "refused"


def _pngs(folder: Path) -> None:
    for number in range(30):
        targets.png(f"1:{number}", folder)


def test_a_broken_png_that_is_made_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for found in ("made", "refused"):
        monkeypatch.setattr(targets, "read", lambda *path, found=found, **how: found)
        with pytest.raises(targets.Wrong, match="PNG is"):
            _pngs(tmp_path)


def test_strange_refusals_are_seen() -> None:
    targets.sentence(errors.file_mode("in.png", "X"), "in.png")
    for error in (
        errors.file_broken("in.png", "x" * 500),
        errors.LoopError("the loop x stopped with status 1"),
        errors.file_mode("other.png", "X"),
    ):
        with pytest.raises(targets.Wrong):
            targets.sentence(error, "in.png")


def test_texts_that_do_not_come_back_are_seen() -> None:
    with pytest.raises(targets.Wrong, match="printed as"):
        targets._text(int, lambda value: str(value + 1), "7")


WORKER = """
import os, sys, time
first, stop = int(sys.argv[1]), int(sys.argv[2])
for i in range(first, stop):
    print("begin", i, flush=True)
    if i == 3:
        os.kill(os.getpid(), 11)
    if i == 7:
        time.sleep(600)
    if i == 8:
        print("wrong", i, "it said something else", flush=True)
    else:
        print("end", i, "image made", flush=True)
"""


class Made(Run):
    def words(self, first: int, stop: int) -> list[str]:
        return [sys.executable, "-c", WORKER, str(first), str(stop)]


def test_crashes_and_hangs_are_seen_and_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import tests.fuzz.__main__ as machine

    monkeypatch.setattr(machine, "PATIENCE", 1)
    run = Made(1, 0, 12, 1)
    assert run.run() == 1
    assert [index for index, _ in sorted(run.wrong)] == [3, 7, 8]
    assert run.counts == {"image made": 9, "wrong": 3}
    assert "--only 7" in capsys.readouterr().out


# ---------------------------------------------------------------- wrong Python arguments


def wrong_calls(first: int, step: int, folder: Path) -> None:
    found = junk.verbs(folder)
    outcomes = collections.Counter[str]()
    with plain_python():
        for verb, name, value in junk.calls(found)[first::step]:
            try:
                outcomes[junk.tried(found, verb, name, value, folder)] += 1
            except Exception as error:
                raise AssertionError(f"{verb}({name}={value}): {type(error).__name__}: {error}") from error
    assert 0 < outcomes["made"] < outcomes["refused"]


def test_wrong_arguments_are_refused_by_errors_of_our_own(tmp_path: Path) -> None:
    """Every twenty-third call of all verbs, parameters and pieces of junk, so that each verb and each piece is met."""
    wrong_calls(0, 23, tmp_path)


@pytest.mark.slow
def test_every_wrong_argument_is_refused_by_an_error_of_our_own(tmp_path: Path) -> None:
    wrong_calls(0, 1, tmp_path)


def test_every_public_verb_and_parameter_is_given_junk(tmp_path: Path) -> None:
    found = junk.verbs(tmp_path)
    errors = {name for name in imgconv.__all__ if name.endswith("Error")}
    for name in sorted(set(imgconv.__all__) - errors - {"batch"}):  # which makes files
        call, right = found[name]
        if not isinstance(getattr(imgconv, name), type):
            assert set(inspect.signature(getattr(imgconv, name)).parameters) == set(right)
            assert call is getattr(imgconv, name)
    assert set(inspect.signature(imgconv.Kernel).parameters) == set(found["Kernel"][1])
    through = set(inspect.signature(imgconv.Image.through).parameters)
    assert through == {"self", *found["Image.through"][1]}


@pytest.mark.parametrize(
    "options",
    [
        {"pad": np.array([1, 2])},
        {"pad": [np.int64(1), np.uint8(2)]},
        {"pad": np.array([1, 1, 2, 2]), "stride": np.int16(1)},
        {"pad": (1, 2), "dilation": np.array(1)},
        {"pad": (1, 2), "threads": np.int64(1), "until_stable": np.bool_(False), "rotate": np.int32(360)},
    ],
)
def test_numpy_s_integers_are_integers_and_its_rows_are_tuples(options: dict[str, Any]) -> None:
    pixels = np.arange(20, dtype="uint8").reshape(4, 5)
    expected = imgconv.correlate(pixels, "vertical", pad=(1, 2))
    assert imgconv.correlate(pixels, "vertical", **options).tolist() == expected.tolist()


def test_kernels_of_arrays_are_kernels_of_their_numbers() -> None:
    kernel = imgconv.Kernel([[1, 2, 3], [4, 5, 6]], 9, Fraction(1, 2), (1, 1))
    assert imgconv.Kernel(np.array([[1, 2, 3], [4, 5, 6]]), np.uint8(9), np.float32(0.5), np.array([1, 1])) == kernel
    assert imgconv.Kernel((np.array([1, 2, 3]), [4.0, np.int8(5), 6]), np.array(9), 0.5, [np.int64(1), 1]) == kernel


# ---------------------------------------------------------------- what was found once


def test_a_long_npy_header_makes_no_long_sentence(tmp_path: Path) -> None:
    content = encoded(noise(4, 4), "npy").replace(b"'shape'", b"\x00shape'")
    assert targets.read(content, tmp_path) == "refused"


def test_an_icns_with_a_palette_is_read(tmp_path: Path) -> None:
    if "ICNS-P" in seeds():
        assert targets.read(seeds()["ICNS-P"], tmp_path) == "made"


def test_a_tiff_of_one_bit_with_alpha_is_read(tmp_path: Path) -> None:
    """0 and 255, like every picture of one bit. (tifffile does not read back what it wrote here, so its reading is the
    measure.)"""
    import tifffile

    path = tmp_path / "in.tif"
    bits = noise(9, 13, 2) > 128
    tifffile.imwrite(path, bits, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    image = imgconv.load(path)
    assert image.alpha is not None
    assert np.array_equal(np.dstack([image.pixels, image.alpha]), tifffile.imread(path) * np.uint8(255))


def test_samples_are_as_they_were() -> None:
    """The search compares with the pixels that imgconv read from the whole file; these are what Pillow reads."""
    assert np.array_equal(targets.original("PNG-RGB")[0][0], pixels_of(seeds()["PNG-RGB"]))
