"""A piece of the result: its pixels are those of the whole, whatever is written or printed, and it must lie within."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.api.image import Image as Picture
from imgconv.values.crops import CROP, Crop
from imgconv.values.image import Frame
from tests.command import called, noise, png, shell


def test_a_piece_is_a_piece_of_the_whole(tmp_path: Path) -> None:
    pixels = noise(12, 14, 4)
    (tmp_path / "in.png").write_bytes(png(pixels))
    for words, name in (((), "whole.png"), (("--crop", "3,5,4x6"), "piece.png")):
        done = called("filter", "box:3", "in.png", "--range", "stretch", *words, "-o", name, cwd=tmp_path)
        assert done.code == 0, done.err
    whole, piece = (np.asarray(Image.open(tmp_path / name)) for name in ("whole.png", "piece.png"))
    np.testing.assert_array_equal(piece, whole[3:7, 5:11])


def test_every_frame_and_every_output_is_cropped(tmp_path: Path) -> None:
    stack = np.arange(2 * 8 * 8).reshape(2, 8, 8, 1).astype("uint8")
    np.save(tmp_path / "in.npy", stack)
    words = ("--size", "2", "--stride", "2", "--indices", "where.npy", "--crop", "1,2,2x1")
    done = called("pool", "in.npy", *words, "-o", "out.npy", cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.load(tmp_path / "out.npy").shape == (2, 2, 1, 1)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy")[0, :, 0, 0], [3 * 8 + 5, 5 * 8 + 5])
    np.testing.assert_array_equal(np.load(tmp_path / "where.npy")[0].ravel(), [3 * 8 + 5, 5 * 8 + 5])


def test_what_is_said_is_about_the_whole(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(20, 20)))
    said = []
    for crop in ((), ("--crop", "0,0,1x1")):
        done = called("filter", "vertical", "in.png", *crop, "-o", "out.png", "--report", "-", cwd=tmp_path)
        said.append(json.loads(done.out))
    assert [each["shape_out"] for each in said] == [[20, 20, 1], [1, 1, 1]]
    for field in ("samples", "clamped_below", "clamped_above", "response_min", "response_max"):
        assert said[0][field] == said[1][field]


def test_a_piece_beyond_the_result_is_refused_before_pixels_are_read(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(10, 10)))
    for words in ((), ("--dry-run",)):
        done = called("pool", "--size", "2", "in.png", "--crop", "4,0,2x1", "-o", "out.png", *words, cwd=tmp_path)
        assert done.code == 1
        assert "in.png: --crop 4,0,2x1 goes beyond the result of 5 rows x 5 columns" in done.err
    done = called("pool", "--size", "2", "in.png", "--crop", "3,0,2x1", "-o", "out.png", "--dry-run", cwd=tmp_path)
    assert "1x2 gray" in done.out.decode()
    assert not (tmp_path / "out.png").exists()


def test_batches_take_it(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(10, 10)))
    (record,) = imgconv.batch("filter identity", [tmp_path / "in.png"], tmp_path / "out", crop=(1, 2, 3, 4))
    assert record["shape_out"] == [3, 4, 1]


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3x0", "-1,2,3x4", "1,2,3x4x5", "a", ""])
def test_other_crops_are_refused(text: str) -> None:
    with pytest.raises(errors.UsageError, match="crop"):
        CROP.read(text)


def test_a_crop_comes_back() -> None:
    assert CROP.read("1, 2, 3x4") == CROP.read((1, 2, 3, 4)) == Crop(1, 2, 3, 4)
    assert CROP.text(Crop(1, 2, 3, 4)) == "1,2,3x4"


# ---------------------------------------------------------------- printed


def test_a_result_is_printed_as_a_table(tmp_path: Path) -> None:
    done = shell("printf '3 0.5\\n-12 1\\n' | imgconv activate identity --print -q", tmp_path)
    assert (done.code, done.out.decode()) == (0, "  3.0   0.5\n-12.0   1.0\n")
    assert list(tmp_path.iterdir()) == []


def test_channels_and_frames_have_headings(tmp_path: Path) -> None:
    pixels = noise(3, 2, 3)
    imgconv.save(Picture((Frame(pixels, pixels[..., 0]), Frame(pixels, pixels[..., 1]))), tmp_path / "in.tiff")
    done = called("filter", "identity", "in.tiff", "--alpha", "keep", "--print", "--strict", cwd=tmp_path)
    assert done.code == 0, done.err
    blocks = dict(block.split("\n", 1) for block in done.out.decode().split("\n\n"))
    names = [f"frame {number}, {name}" for number in (0, 1) for name in ("red", "green", "blue", "alpha")]
    assert list(blocks) == names
    planes = [*np.moveaxis(pixels, 2, 0), pixels[..., 0], *np.moveaxis(pixels, 2, 0), pixels[..., 1]]
    for name, plane in zip(names, planes, strict=True):
        assert [[int(word) for word in line.split()] for line in blocks[name].splitlines()] == plane.tolist()
        assert len({len(line) for line in blocks[name].splitlines()}) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("in.png", "-o", "x.csv"), "leave out -o"),
        (("in.png", "--format", "csv"), "leave out -o and --format"),
        (("in.png", "in.png"), "there are 2 inputs"),
        (("in.png", "--pages"), "--print shows one result"),
    ],
)
def test_what_does_not_go_with_a_table(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(4, 4)))
    done = called("filter", "identity", *words, "--print", cwd=tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert reason in done.err
