"""--roi and --mask of the command and of batches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgconv
from tests.command import called, noise, png
from tests.command import imgconv as command


def test_files_are_changed_inside_only(tmp_path: Path) -> None:
    pixels, mask = noise(12, 14, 3), np.zeros((12, 14), "uint8")
    mask[2:9, 3:12] = noise(7, 9) > 128
    (tmp_path / "in.png").write_bytes(png(pixels))
    (tmp_path / "mask.png").write_bytes(png(mask * 255))
    words = ("filter", "box:3", "in.png", "--roi", "1,2,6x7", "--mask", "mask.png")
    done = command(*words, "-o", "out.png", "--report", "-", cwd=tmp_path)
    assert done.code == 0, done.err
    inside = np.zeros((12, 14, 1), bool)
    inside[1:7, 2:9] = mask[1:7, 2:9, None] > 0
    expected = np.where(inside, imgconv.correlate(pixels, "box:3"), pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), expected)
    (record,) = imgconv.batch(
        "filter box:3", [tmp_path / "in.png"], tmp_path / "out", roi=(1, 2, 6, 7), mask=tmp_path / "mask.png"
    )
    np.testing.assert_array_equal(np.asarray(Image.open(record["output"])), expected)
    assert record["response_max"] == json.loads(done.out)["response_max"]


def test_plans_say_what_is_computed(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(40, 50)))
    plan = called("run", "filter box:3 | filter box:5", "in.png", "--roi", "10,20,6x7", "--plan", cwd=tmp_path)
    assert (
        "--roi 10,20,6x7 is computed, of 12 rows x 13 columns of the image from row 7, column 17" in plan.out.decode()
    )
    for words, why in ((("--linear",), "--linear"), (("--border", "wrap"), "is not computed by parts")):
        plan = called("filter", "box:3", "in.png", "--roi", "10,20,6x7", "--plan", *words, cwd=tmp_path)
        assert why in plan.out.decode()


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("filter", "box:3", "--roi", "8,8,5x5"), 1, "--roi 8,8,5x5 goes beyond the image of 10 rows x 10 columns"),
        (("filter", "box:3", "--roi", "8"), 2, "R,C,HxW"),
        (("filter", "box:3", "--mask", "small.png"), 1, "expected a mask of the same size"),
        (("filter", "box:3", "--mask", "none.png"), 1, "none.png: no such file"),
        (("filter", "box:3", "--mask", "-"), 2, "name a file"),
        (("pool", "--size", "2", "--roi", "0,0,2x2"), 1, "the size must stay"),
        (("edges", "sobel", "--angle", "a.png", "--roi", "0,0,2x2"), 2, "--angle shows the whole image"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_refusals_come_before_pixels(
    tmp_path: Path, words: tuple[str, ...], code: int, reason: str, more: tuple[str, ...]
) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(10, 10)))
    (tmp_path / "small.png").write_bytes(png(noise(9, 10)))
    done = called(*words, "in.png", "-o", "out.png", *more, cwd=tmp_path)
    assert done.code == code
    assert reason in done.err
    assert not (tmp_path / "out.png").exists()


def test_the_mask_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(10, 10)))
    (tmp_path / "mask.png").write_bytes(mask := png(np.full((10, 10), 255, "uint8")))
    words = ("filter", "box:3", "in.png", "--mask", "./mask.png", "-o", "mask.png")
    done = called(*words, cwd=tmp_path)
    assert (done.code, "mask.png is also an input" in done.err) == (2, True)
    with pytest.raises(imgconv.ImgconvError, match="is also an input"):
        imgconv.batch("filter box:3", tmp_path / "in.png", tmp_path / "mask.png", mask=tmp_path / "mask.png")
    done = called(*words[:-1], "./mask.png", "--pages", "--format", "tiff", cwd=tmp_path)
    assert (done.code, "is also an input" in done.err) == (2, True)
    assert (tmp_path / "mask.png").read_bytes() == mask
    assert called(*words, "--overwrite", cwd=tmp_path).code == 0


def test_another_mask_makes_results_anew(tmp_path: Path) -> None:
    pixels = noise(10, 10)
    (tmp_path / "in.png").write_bytes(png(pixels))
    for value, expected in ((255, imgconv.correlate(pixels, "box:3")), (0, pixels)):
        (tmp_path / "mask.png").write_bytes(png(np.full((10, 10), value, "uint8")))
        words = ("--mask", "mask.png", "--update", "--manifest", "done.jsonl")
        done = called("filter", "box:3", "in.png", *words, "-o", "out/", cwd=tmp_path)
        assert done.code == 0, done.err
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out/in.png")), expected)
