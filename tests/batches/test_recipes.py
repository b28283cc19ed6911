"""Recipes: written into every format that can, read back, computed again and compared; and what is forged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import imgconv
from imgconv import errors
from imgconv.batches import recipes
from imgconv.batches.recipes import Recipe
from imgconv.batches.settings import Settings
from imgconv.files import by_rows, write
from imgconv.files.formats import FORMATS as FORMATS_BY_NAME
from imgconv.files.metadata import recipes as stored
from imgconv.files.options import Reading, Writing
from imgconv.values.colours import COLOUR
from imgconv.values.crops import Crop
from imgconv.values.frozen import fields, replace
from tests.command import called, noise, png, shell

SAMPLES = Path(__file__).parents[2] / "samples"
FORMATS = ("png", "jpeg", "tiff", "webp", "avif", "gif")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a source and a result with a recipe."""
    (tmp_path / "in.png").write_bytes(png(noise(12, 14, 3)))
    done = called("filter", "box:3", "in.png", "--range", "stretch", "--recipe", "-o", "out.png", cwd=tmp_path)
    assert done.code == 0, done.err
    return tmp_path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_with_a_place_gives_it_back(tmp_path: Path, name: str) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(12, 14, 3)))
    form = imgconv.batch("filter box:3", tmp_path / "in.png", tmp_path / f"out.{name}", recipe=True)[0]["output"]
    found = imgconv.recipe(form)
    assert (found.pipeline, found.format) == ("filter box:3", name)
    verification = imgconv.verify(tmp_path / "in.png", form)
    assert verification, verification.reasons


def test_all_formats_with_a_place_are_tried() -> None:
    assert tuple(stored.able()) == FORMATS


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_lossy_files_are_compared_with_their_own_encoding(tmp_path: Path, name: str) -> None:
    pixels = noise(24, 24, 3)
    (tmp_path / "in.png").write_bytes(png(pixels))
    imgconv.batch("filter box:3", tmp_path / "in.png", tmp_path / f"out.{name}", recipe=True, quality=40)
    lossy = imgconv.load(tmp_path / f"out.{name}")
    assert (lossy.pixels != imgconv.correlate(pixels, "box:3")).any()
    assert imgconv.recipe(tmp_path / f"out.{name}").options == {"quality": 40}
    assert imgconv.verify(tmp_path / "in.png", tmp_path / f"out.{name}")


def test_formats_without_a_place_are_refused_before_pixels(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(4, 4)))
    done = called("filter", "box:3", "in.png", "--recipe", "-o", "out.bmp", "--dry-run", cwd=tmp_path)
    assert done.code == 1
    assert "BMP has no place for a recipe; formats that have one: png, jpeg" in done.err
    for words in (("in.png", "--pages", "-o", "all.tiff"), ("--print",)):
        done = called("filter", "box:3", "in.png", "--recipe", *words, cwd=tmp_path)
        assert done.code == 2, done.err
    done = called(
        "run", SAMPLES / "lenet5.safetensors", SAMPLES / "digit.png", "--recipe", "-o", "a.tiff", cwd=tmp_path
    )
    assert done.code == 2
    assert "no room for the weights of a network" in done.err


def test_the_command_prints_and_verifies(made: Path) -> None:
    shown = called("recipe", "out.png", cwd=made)
    lines = dict(line.split(maxsplit=1) for line in shown.out.decode().splitlines())
    assert (lines["pipeline"], lines["options"]) == ("filter box:3", "--range stretch")
    values = json.loads(called("recipe", "out.png", "--json", cwd=made).out)
    assert values["source"] == lines["source"] == recipes.file_hash(str(made / "in.png"))
    done = called("verify", "in.png", "out.png", cwd=made)
    assert (done.code, done.out.decode()) == (0, "out.png: the same as its recipe makes of in.png\n")


def test_what_differs_is_said(made: Path) -> None:
    image = imgconv.load(made / "out.png")
    pixels = image.pixels.copy()
    pixels[3, 5:7] = pixels[3, 5:7] // 2 + np.uint8(64)
    pixels[8, 2, 0] ^= 255
    imgconv.save(imgconv.Image(pixels, metadata=image.metadata), made / "other.png")
    done = called("verify", "in.png", "other.png", cwd=made)
    assert done.code == 1
    said = done.out.decode()
    assert "3 of 168 pixels differ" in said
    assert "the first is row 3, column 5, all are in rows 3 to 8 and columns 2 to 6" in said
    image.pixels[3, 5] ^= 1
    imgconv.save(image, made / "one.png")
    one = imgconv.verify(made / "in.png", made / "one.png")
    assert one.reasons == ("1 of 168 pixels differs, by at most 1: row 3, column 5",)
    assert str(replace(one.difference, pixels=2000, of=99999, most=float("inf"))).startswith(
        "2,000 of 99,999 pixels differ, by at most infinity; the first is row 3, column 5"
    )
    (made / "in.png").write_bytes((made / "in.png").read_bytes() + b"\0")
    verification = imgconv.verify(made / "in.png", made / "out.png")
    assert not verification
    assert verification.difference is None
    assert "another file" in verification.reasons[0]
    values = json.loads(called("verify", "in.png", "other.png", "--json", cwd=made).out)
    assert (values["same"], values["difference"]["pixels"]) == (False, 3)


def test_results_of_other_sizes_and_kinds_differ(made: Path) -> None:
    (made / "small.png").write_bytes(png(noise(6, 6, 3)))
    assert "14x12 RGB" in imgconv.verify(made / "small.png", made / "out.png").reasons[1]
    (note,) = write.fitted(imgconv.load(made / "out.png"), FORMATS_BY_NAME["bmp"]).notes
    assert "recipe dropped" in note.text
    imgconv.save(imgconv.load(made / "out.png"), made / "out.tiff")
    assert "it is a TIFF, and the recipe makes a PNG" in imgconv.verify(made / "in.png", made / "out.tiff").reasons[0]


def test_a_recipe_does_not_go_along_with_other_pixels(made: Path) -> None:
    assert called("filter", "box:5", "out.png", "-o", "next.png", "--strict", cwd=made).code == 0
    for name in ("next.png",):
        with pytest.raises(errors.FileError, match="has no recipe"):
            imgconv.recipe(made / name)
    image = imgconv.load(made / "out.png")
    for changed in (image.through("relu"), image.gray(), image.flatten("white")):
        assert "recipe" not in changed.metadata


def test_other_texts_and_xmp_stay(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_itxt("Author", "M\N{LATIN SMALL LETTER I WITH ACUTE}")
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r">%s</rdf:RDF></x:xmpmeta>' % b"<a/>"
    Image.fromarray(noise(5, 5, 3)).save(tmp_path / "in.png", pnginfo=info)
    Image.fromarray(noise(5, 5, 3)).save(tmp_path / "in.jpg", xmp=packet)
    for name, key in (("png", "text"), ("jpg", "xmp")):
        source, target = tmp_path / f"in.{name}", tmp_path / f"out.{name}"
        imgconv.batch("relu", source, target, recipe=True, strip=False)
        before, after = imgconv.load(source), imgconv.load(target)
        assert after.metadata[key] == before.metadata[key]
        assert imgconv.recipe(target).pipeline == "relu"
        stripped = tmp_path / f"bare.{name}"
        imgconv.batch("relu", source, stripped, recipe=True, strip=True)
        assert key not in imgconv.load(stripped).metadata
        assert imgconv.verify(source, stripped)


def test_kernels_of_files_are_in_it(made: Path) -> None:
    (made / "own.txt").write_text("1 2 1\n0 3 0\n1 2 1\n")
    assert called("filter", "own.txt", "in.png", "--recipe", "-o", "out.png", cwd=made).code == 0
    (made / "own.txt").unlink()
    assert "1 2 1;0 3 0;1 2 1" in imgconv.recipe(made / "out.png").pipeline
    assert imgconv.verify(made / "in.png", made / "out.png")


def test_streams_frames_and_masks(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(noise(8, 8)))
    (tmp_path / "mask.png").write_bytes(png(noise(8, 8) // 128))
    done = shell("imgconv filter box:3 --mask mask.png --recipe < in.png > out.png", tmp_path)
    assert done.code == 0, done.err
    assert imgconv.verify(tmp_path / "in.png", tmp_path / "out.png", mask=tmp_path / "mask.png")
    with pytest.raises(errors.UsageError, match="--mask FILE"):
        imgconv.verify(tmp_path / "in.png", tmp_path / "out.png")
    other = imgconv.verify(tmp_path / "in.png", tmp_path / "out.png", mask=tmp_path / "in.png")
    assert "another mask" in other.reasons[0]
    stack = [noise(8, 8, seed=seed) for seed in range(3)]
    imgconv.save(imgconv.Image(tuple(stack)), tmp_path / "stack.tiff")
    records = imgconv.batch("filter box:3", [tmp_path / "stack.tiff"], tmp_path / "out", format="jpeg", recipe=True)
    assert len(records[0]["outputs"]) == 3
    for number, path in enumerate(records[0]["outputs"]):
        assert imgconv.recipe(path).frame == number
        assert imgconv.verify(tmp_path / "stack.tiff", path)


def test_large_images_have_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_rows, "LEAST", 100)
    (tmp_path / "in.png").write_bytes(png(noise(20, 20)))
    for name in ("out.png", "out.tiff"):
        imgconv.batch("filter box:3", tmp_path / "in.png", tmp_path / name, recipe=True)
        assert imgconv.verify(tmp_path / "in.png", tmp_path / name)


def test_frames_that_come_one_by_one_have_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_rows, "LEAST", 100)
    frames = tuple(noise(20, 20, seed=seed) for seed in range(3))
    imgconv.save(imgconv.Image(frames), tmp_path / "in.png")
    for name in ("out.png", "out.tiff", "out.gif"):
        imgconv.batch("filter box:3", tmp_path / "in.png", tmp_path / name, recipe=True, roi=(2, 2, 9, 9))
        assert imgconv.verify(tmp_path / "in.png", tmp_path / name)
    imgconv.batch("filter box:3", tmp_path / "out.gif", tmp_path / "next.gif")
    with pytest.raises(errors.FileError, match="has no recipe"):
        imgconv.recipe(tmp_path / "next.gif")


def test_options_come_back() -> None:
    settings = Settings(
        dtype="int16",
        range="shift",
        rounding="half-even",
        gray=True,
        flatten=COLOUR.read("red"),
        alpha="keep",
        channels=("r", "2"),
        linear=True,
        crop=Crop(1, 2, 3, 4),
        roi=Crop(0, 0, 5, 5),
        reading=Reading(frames=(1, None), no_orient=True, strip=True, allow_truncated=True, allow_narrowing=True),
        writing=Writing(quality=7, lossless=True),
    )
    options = recipes.stated_options(settings)
    assert sorted(options) == sorted(recipes.RECORDED)
    found = recipes.parsed(Recipe("relu", options, "png", "").text, "x")
    assert recipes.settings_of(found, "x") == settings


def test_every_option_is_recorded_or_has_no_effect() -> None:
    """A new option that changes pixels is to be recorded."""
    names = {one.name for kind in (Settings, Reading, Writing) for one in fields(kind)}
    limits = {"max_pixels", "max_frames", "max_memory", "threads"}
    about_runs = {"strict", "skip_existing", "plans", "operation", "recipe", "reading", "writing"}
    about_bytes = {"compress_level", "tile", "bigtiff", "zarr_format"}
    assert names - set(recipes.RECORDED) == limits | about_runs | about_bytes | {"mask"}


# ---------------------------------------------------------------- forged


def forged(folder: Path, text: str) -> Path:
    image = imgconv.Image(noise(4, 4), metadata={"text": {stored.KEYWORD: text}})
    imgconv.save(image, folder / "forged.png")
    return folder / "forged.png"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "[" * 100_000,
        '{"pipeline": 7}',
        '{"pipeline": "relu", "options": []}',
        '{"pipeline": "relu", "options": {"range": [1]}}',
        '{"pipeline": "relu", "frame": "x"}',
        '{"pipeline": "relu", "frame": 1' + "0" * 5000 + "}",
        '{"pipeline": "relu", "imgconv": "' + "9" * 999 + '"}',
        "\x1b[31m",
        " " * 2**21,
    ],
    ids=range(13),
)
def test_broken_recipes_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(errors.FileError, match="recipe"):
        imgconv.recipe(forged(tmp_path, text))


@pytest.mark.parametrize(
    "values",
    [
        {"pipeline": "filter ./secret.txt"},
        {"pipeline": "filter 'npy:secret.npy'"},
        {"pipeline": "filter box:3 with=secret.txt"},
        {"pipeline": "conv 3@3x3"},
        {"pipeline": "relu", "options": {"mask": "secret.png"}},
        {"pipeline": "relu", "options": {"range": "upwards"}},
        {"pipeline": "relu", "options": {"max_pixels": 10**12}},
        {"pipeline": "relu", "format": "exe"},
        {"pipeline": "relu", "frame": 5},
        {"pipeline": "relu", "frame": -1},
        {"pipeline": "relu", "options": {"quality": 7, "lossless": True}},
    ],
)
def test_forged_recipes_open_nothing(tmp_path: Path, values: dict[str, Any]) -> None:
    (tmp_path / "secret.txt").write_text("1 2 1")
    (tmp_path / "in.png").write_bytes(png(noise(4, 4)))
    forged(tmp_path, json.dumps({"format": "png", **values}))
    assert imgconv.recipe(tmp_path / "forged.png").pipeline == values["pipeline"]
    done = called("verify", "in.png", "forged.png", cwd=tmp_path)
    assert done.code in (1, 2)
    assert done.err.count("\n") == 1
    assert "forged.png" in done.err


def test_control_characters_are_shown_escaped(tmp_path: Path) -> None:
    forged(tmp_path, json.dumps({"pipeline": "relu\n\x1b[2J", "options": {"a\x1b": "\x07"}}))
    done = called("recipe", "forged.png", cwd=tmp_path)
    assert done.code == 0
    assert b"\x1b" not in done.out
    assert b"relu\\n\\x1b[2J" in done.out


@pytest.mark.parametrize("words", [("recipe",), ("verify",), ("verify", "in.png"), ("recipe", "in.png", "x")])
def test_wrong_use(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert called(*words, cwd=tmp_path).code == 2
