"""Large images go by rows, and give the same files, notes and facts as in memory."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from imgconv.batches.dry_run import explain
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.run import JobRun
from imgconv.batches.settings import Settings
from imgconv.errors import LossError
from imgconv.files import by_rows
from imgconv.files.formats import format_of
from imgconv.files.options import Reading, Writing
from imgconv.files.png import writer as png_writer
from imgconv.operations.pipeline import Pipeline
from imgconv.values.crops import Crop
from imgconv.values.frozen import replace
from imgconv.values.image import frame_of
from tests.command import COMMAND

PIPELINES = ["edges sobel", "filter gaussian:2 border=reflect | maxpool 2", "pool kind=median size=3 stride=2 | relu"]


def noise(shape: tuple[int, ...], type_: Any = np.uint8) -> np.ndarray[Any, Any]:
    return np.random.default_rng(7).integers(0, np.iinfo(type_).max, shape, type_, endpoint=True)


def floats(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).random(shape, np.float32)


def png(path: Path, pixels: np.ndarray[Any, Any], **options: Any) -> None:
    texts = PngInfo()
    texts.add_text("Title", "noise")
    Image.fromarray(pixels).save(path, pnginfo=texts, dpi=(300, 300), **options)


def with_alpha(pixels: np.ndarray[Any, Any], *, opaque: bool = False) -> np.ndarray[Any, Any]:
    """Pixels whose last channel is alpha: opaque above, transparent below, and anything between."""
    third, most = len(pixels) // 3, np.iinfo(pixels.dtype).max
    pixels[:third, ..., -1] = most
    pixels[-third:, ..., -1] = most if opaque else 0
    if opaque:
        pixels[..., -1] = most
    return pixels


SOURCES = {
    "gray.png": lambda path: png(path, noise((211, 90))),
    "rgb.png": lambda path: png(path, noise((150, 61, 3))),
    "deep.png": lambda path: png(path, noise((140, 50), np.uint16)),
    "gray.pgm": lambda path: Image.fromarray(noise((120, 40))).save(path),
    "rgb.ppm": lambda path: Image.fromarray(noise((99, 40, 3))).save(path),
    "odd.pgm": lambda path: path.write_bytes(b"P5\n40 120\n100\n" + (noise((120, 40)) % 101).tobytes()),
    "odd16.ppm": lambda path: path.write_bytes(b"P6 40 99 1000\n" + (noise((99, 40, 3), np.uint16) % 1001).tobytes()),
    "bits.pbm": lambda path: path.write_bytes(b"P4\n37 120\n" + noise((120, 5)).tobytes()),
    "gray.pfm": lambda path: path.write_bytes(b"Pf\n41 130\n-1.0\n" + floats((130, 41)).tobytes()),
    "rgb.pfm": lambda path: path.write_bytes(b"PF\n41 70\n2.5\n" + floats((70, 41, 3)).astype(">f4").tobytes()),
    "deep.npy": lambda path: np.save(path, noise((130, 41, 2), np.int16)),
    "float.npy": lambda path: np.save(path, floats((130, 41))),
    "stored.tif": lambda path: tifffile.imwrite(path, noise((131, 37, 3)), rowsperstrip=9, photometric="rgb"),
    "deflated.tif": lambda path: tifffile.imwrite(
        path, noise((130, 64), np.uint16), rowsperstrip=16, compression="zlib", predictor=2, byteorder=">"
    ),
    "tiled.tif": lambda path: tifffile.imwrite(
        path, noise((130, 70, 3)), tile=(32, 48), compression="zlib", photometric="rgb"
    ),
    "lzw.tif": lambda path: tifffile.imwrite(
        path, noise((130, 64, 3)) // 16, rowsperstrip=16, compression="lzw", predictor=2, photometric="rgb"
    ),
    "packed.tif": lambda path: Image.fromarray(noise((130, 64)) // 128 * 255).save(path, compression="packbits"),
    "float.tif": lambda path: tifffile.imwrite(
        path, floats((130, 70)), tile=(32, 48), compression="zlib", predictor=3, byteorder=">"
    ),
    "white.tif": lambda path: tifffile.imwrite(path, noise((130, 50), np.uint16), photometric="miniswhite"),
    "planes.tif": lambda path: tifffile.imwrite(
        path, noise((3, 90, 50)), planarconfig="separate", photometric="rgb", rowsperstrip=16
    ),
    "deflated planes.tif": lambda path: tifffile.imwrite(
        path,
        noise((3, 90, 50), np.uint16),
        planarconfig="separate",
        photometric="rgb",
        tile=(32, 16),
        compression="zlib",
    ),
    "big.tif": lambda path: tifffile.imwrite(path, noise((130, 70)), tile=(64, 64), bigtiff=True),
    "inks.tif": lambda path: Image.fromarray(noise((130, 40, 4)), "CMYK").save(path, compression="tiff_lzw"),
    "deep inks.tif": lambda path: tifffile.imwrite(path, noise((90, 40, 4), np.uint16), photometric="separated"),
    "alpha.png": lambda path: png(path, with_alpha(noise((150, 61, 4)))),
    "gray alpha.png": lambda path: png(path, with_alpha(noise((150, 61, 2)))),
    "deep alpha.png": lambda path: path.write_bytes(
        png_writer.encode(frame_of(with_alpha(noise((90, 50, 4), np.uint16))), {})
    ),
    "opaque.png": lambda path: png(path, with_alpha(noise((150, 61, 4)), opaque=True)),
    "alpha.tif": lambda path: tifffile.imwrite(
        path, with_alpha(noise((131, 37, 4))), rowsperstrip=9, photometric="rgb", extrasamples=["unassalpha"]
    ),
    "alpha planes.tif": lambda path: tifffile.imwrite(
        path,
        np.moveaxis(with_alpha(noise((90, 50, 4), np.uint16)), -1, 0),
        planarconfig="separate",
        photometric="rgb",
        extrasamples=["unassalpha"],
    ),
}


PAIRS = list(zip(SOURCES, itertools.cycle(["png", "ppm", "jpeg", "npy", "pgm", "pfm"])))
ALPHA = [name for name in SOURCES if "alpha" in name or "opaque" in name]
PAIRS += [("inks.tif", "npy"), ("inks.tif", "jpeg"), ("deep inks.tif", "npy")]
PAIRS += [(name, suffix) for name in ALPHA for suffix in ("png", "npy") if (name, suffix) not in PAIRS]
"""Each source, with a format of the result."""

FLOATS = ("float.npy", "gray.pfm", "rgb.pfm", "float.tif")


def outcome(source: Path, target: Path, text: str, settings: Settings | None = None) -> Outcome:
    job = Job(str(source), str(target), format_of(str(target)), replace=True)
    return JobRun(job, Pipeline.parse(text), settings or Settings(), {}, own_process=False).outcome()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of any size go by rows, in small bands."""
    monkeypatch.setattr(by_rows, "LEAST", 1)
    monkeypatch.setattr("imgconv.api.by_rows._BAND", 20_000)
    monkeypatch.setattr("imgconv.files.png.writer.STRIP", 3000)
    monkeypatch.setattr("imgconv.files.png.writer._TOGETHER", 3)
    monkeypatch.setattr("imgconv.files.tiff.coding.STRIP", 3000)
    monkeypatch.setattr("imgconv.files.tiff.coding._STRIPS_TOGETHER", 2)
    monkeypatch.setattr("imgconv.files.jpeg.strips.STRIP", 2000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("name", "suffix"), [*PAIRS, *((name, "tiff") for name in SOURCES)])
def test_files_are_those_of_the_image_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str
) -> None:
    source = tmp_path / name
    SOURCES[name](source)
    text = PIPELINES[len(name + suffix) % len(PIPELINES)]
    target, expected = tmp_path / f"rows.{suffix}", tmp_path / f"whole.{suffix}"
    found = outcome(source, target, text)
    monkeypatch.setattr(by_rows, "LEAST", 10**12)
    whole = outcome(source, expected, text)
    assert (found.error is None) == (whole.error is None)
    if whole.error is not None:  # the format does not hold such pixels
        return
    assert target.read_bytes() == expected.read_bytes()
    assert found.summary == whole.summary
    assert set(found.notes) == set(whole.notes)
    varying = {"seconds", "output", "outputs"}
    assert {k: v for k, v in found.facts.items() if k not in varying} == {
        k: v for k, v in whole.facts.items() if k not in varying
    }


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["rgb.png", "float.npy"])
def test_tiles_are_those_of_the_image_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    SOURCES[name](tmp_path / name)
    settings = Settings(writing=Writing(tile=32, bigtiff=name == "float.npy"))
    assert outcome(tmp_path / name, tmp_path / "rows.tif", PIPELINES[1], settings).error is None
    monkeypatch.setattr(by_rows, "LEAST", 10**12)
    outcome(tmp_path / name, tmp_path / "whole.tif", PIPELINES[1], settings)
    assert (tmp_path / "rows.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "rows.tif") as file:
        assert (file.pages[0].tilewidth, file.is_bigtiff) == (32, name == "float.npy")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("name", "text", "settings"),
    [
        ("rgb.png", "filter sharpen", Settings(gray=True)),
        ("stored.tif", "edges sobel", Settings(gray=True, dtype="uint16")),
        ("gray.png", "filter vertical", Settings(gray=True, crop=Crop(33, 12, 100, 40))),
        ("rgb.ppm", "filter vertical | maxpool 2", Settings(crop=Crop(1, 2, 5, 7))),
        ("float.npy", "filter box:3", Settings(dtype="uint8")),
        *(
            (name, "filter emboss", Settings(range="stretch"))
            for name in SOURCES
            if name not in FLOATS and name not in ALPHA
        ),
        *(
            ("alpha.png", "filter sharpen | maxpool 2", Settings(alpha=policy))
            for policy in ("keep", "filter", "premultiply", "drop")
        ),
        ("alpha.png", "edges kirsch", Settings(alpha="premultiply")),
        ("opaque.png", "filter sharpen", Settings(alpha="drop", crop=Crop(3, 4, 50, 50))),
        ("alpha.tif", "filter gaussian:2 | filter sharpen", Settings(dtype="uint16")),
        ("alpha planes.tif", "filter sharpen", Settings(dtype="uint8", gray=True)),
        ("rgb.png", "filter sharpen", Settings(linear=True)),
        ("alpha.png", "filter box:3 | maxpool 2", Settings(linear=True)),
        ("deep alpha.png", "filter sharpen", Settings(linear=True, gray=True)),
        ("float.npy", "filter box:3", Settings(linear=True, dtype="uint8")),
        ("rgb.png", "filter box:5 border=reflect", Settings(channels="luma")),
        ("alpha.png", "filter sharpen", Settings(channels="luma", linear=True)),
        ("alpha.tif", "filter box:3 | filter sharpen", Settings(channels=("r", "b"))),
        ("alpha.png", "filter sharpen", Settings(channels=("g", "alpha"), dtype="uint16")),
        ("rgb.png", "filter emboss", Settings(channels=("b",), range="stretch")),
        ("alpha.png", "filter box:3", Settings(flatten=(255, 128, 0))),
        ("gray alpha.png", "filter sharpen", Settings(flatten=(255, 128, 0), dtype="float32")),
        ("alpha planes.tif", "maxpool 2", Settings(flatten=(0, 100, 0), gray=True, alpha="drop")),
        ("rgb.png", "maxpool 2", Settings(flatten=(0, 100, 0))),
        ("alpha.png", "maxpool 2 stride=90", Settings(alpha="drop", gray=True)),
        ("alpha.png", "edges sobel", Settings(dtype="float32", crop=Crop(1, 2, 5, 7))),
        ("gray alpha.png", "filter emboss", Settings(range="stretch", alpha="keep")),
        ("deep.png", "filter gaussian:1", Settings(range="stretch", dtype="float32")),
        ("rgb.png", "edges sobel", Settings(range="stretch", gray=True)),
        ("gray.png", "filter box:3 divisor=7 | relu", Settings(range="stretch")),
        ("gray.png", "filter box:3 divisor=7", Settings(range="stretch", crop=Crop(1, 2, 30, 40))),
        ("gray.pgm", "pool kind=sum size=3", Settings(range="stretch")),
        ("float.npy", "filter identity bias=3", Settings(dtype="int16", range="abs")),
        ("mask.npy", "maxpool 2", Settings(dtype="uint8")),
        ("mask.npy", "filter box:3", Settings(dtype="uint8")),
    ],
)
def test_conversions_are_those_of_the_image_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, settings: Settings
) -> None:
    """Gray, a piece of the result, and floats that become integers, of which few levels may be left."""
    source, target, expected = tmp_path / name, tmp_path / "rows.tiff", tmp_path / "whole.tiff"
    if name == "mask.npy":
        np.save(source, noise((130, 40)).astype(np.float32) // 200)
    else:
        SOURCES[name](source)
    found = outcome(source, target, text, replace(settings, plans=True))
    monkeypatch.setattr(by_rows, "LEAST", 10**12)
    whole = outcome(source, expected, text, settings)
    assert found.error is None
    assert found.facts["plan"][-1].startswith("by bands of")
    assert target.read_bytes() == expected.read_bytes()
    assert found.summary == whole.summary
    assert set(found.notes) == set(whole.notes)
    varying = {"seconds", "output", "outputs", "plan"}
    assert {k: v for k, v in found.facts.items() if k not in varying} == {
        k: v for k, v in whole.facts.items() if k not in varying
    }


@pytest.mark.usefixtures("small")
def test_plans_say_so(tmp_path: Path) -> None:
    source = tmp_path / "gray.png"
    SOURCES["gray.png"](source)

    def last(text: str, settings: Settings | None = None, target: str = "out.png") -> str:
        return explain(Job(str(source), target, format_of(target)), Pipeline.parse(text), settings or Settings())[-1]

    assert last("filter box:3").endswith("the same result to the bit")
    assert last("filter box:3").startswith("by bands of ")
    assert last("filter box:3", Settings(dtype="float32"), "o.tiff").endswith("within the bound of floats")
    assert last("filter box:3 border=wrap").startswith(
        "in memory as a whole: filter box:3 border=wrap is not computed by parts"
    )
    assert "read twice for the extremes" in last("filter box:3", Settings(range="stretch"))
    SOURCES["alpha.png"](tmp_path / "alpha.png")
    source = tmp_path / "alpha.png"
    assert "read twice for its alpha" in last("filter box:3")
    assert "read up to three times for its alpha" in last("filter sharpen")
    assert "read twice for its alpha" in last("filter vertical")
    assert "read" not in last("filter sharpen", Settings(alpha="keep"))
    assert last("filter box:3", Settings(range="stretch")).startswith("in memory as a whole: --range stretch needs")
    assert "read twice for its alpha" in last("filter sharpen", Settings(linear=True))
    assert last("relu", Settings(channels=("alpha",))) == "in memory as a whole: alpha is filtered alone"
    assert "so the size must stay" in last("maxpool 2", Settings(channels=("r",)))
    assert "light or luma" in last("filter box:3", Settings(linear=True, alpha="drop", range="stretch"))
    source = tmp_path / "gray.png"
    assert last("filter box:3", target="o.bmp") == "in memory as a whole: BMP is not written by rows"


@pytest.mark.usefixtures("small")
def test_losses_are_known_before_the_file_has_its_name(tmp_path: Path) -> None:
    source, target = tmp_path / "gray.png", tmp_path / "out.png"
    SOURCES["gray.png"](source)
    target.write_bytes(b"old")
    found = outcome(source, target, "filter vertical", Settings(strict=True))
    assert isinstance(found.error, LossError)
    assert target.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["gray.png", "out.png"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "name", ["gray.png", "deflated.tif", "lzw.tif", "stored.tif", "gray.pgm", "gray.pfm", "deep.npy"]
)
def test_what_breaks_in_the_middle_leaves_no_file(tmp_path: Path, name: str) -> None:
    source, target = tmp_path / name, tmp_path / "out.tiff"
    SOURCES[name](source)
    content = bytearray(source.read_bytes())
    if name.endswith(("npy", "pgm", "pfm")) or name.startswith("stored"):
        source.write_bytes(content[: len(content) // 2])
    else:
        at = len(content) * 2 // 3
        content[at : at + 8] = b"\xaa" * 8
        source.write_bytes(content)
    found = outcome(source, target, "filter box:3")
    assert found.error is not None
    assert name in str(found.error)
    assert not target.exists()


@pytest.mark.usefixtures("small")
def test_what_is_read_as_a_whole_still_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noise((60, 40, 3))
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    Image.fromarray(pixels).save(tmp_path / "keyed.png", transparency=(1, 2, 3))
    tifffile.imwrite(tmp_path / "multiplied.tif", np.dstack([pixels, pixels[..., :1]]), extrasamples=["assocalpha"])
    tifffile.imwrite(tmp_path / "bits.tif", pixels[..., 0] > 128)
    tifffile.imwrite(tmp_path / "turned.tif", pixels[..., 0], extratags=[(274, 3, 1, 3, True)])
    for name in ("turned.png", "keyed.png", "multiplied.tif", "bits.tif", "turned.tif"):
        found = outcome(tmp_path / name, tmp_path / "rows.png", "filter box:3")
        with monkeypatch.context() as patch:
            patch.setattr(by_rows, "LEAST", 10**12)
            outcome(tmp_path / name, tmp_path / "whole.png", "filter box:3")
        assert found.error is None
        assert (tmp_path / "rows.png").read_bytes() == (tmp_path / "whole.png").read_bytes(), name


@pytest.mark.usefixtures("small")
def test_what_turns_out_to_need_its_whole_image_is_held_to_the_limit(tmp_path: Path) -> None:
    pixels = noise((700, 600))
    Image.fromarray(pixels).save(tmp_path / "x.tif", compression="jpeg")
    limited = Settings(reading=Reading(max_memory=30_000_000))
    assert outcome(tmp_path / "x.tif", tmp_path / "out.png", "filter box:3", limited).error is None
    Image.fromarray(np.tile(pixels, (48, 1))).save(tmp_path / "x.tif", compression="jpeg")
    found = outcome(tmp_path / "x.tif", tmp_path / "out.png", "filter box:3", limited)
    assert "memory" in str(found.error)


def test_the_command_takes_little_memory(tmp_path: Path) -> None:
    """12,000 x 6,000 pixels (72 MB) through a pipe: the interpreter, its packages, and some bands."""
    np.save(tmp_path / "large.npy", np.zeros((12_000, 6_000), np.uint8))
    code = (
        "import resource, subprocess, sys\n"
        "with open(sys.argv[1], 'wb') as out:\n"
        "    done = subprocess.run(sys.argv[2:], stdout=out)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
        "sys.exit(done.returncode)"
    )
    words = ["filter", "sharpen", "large.npy", "-o", "-", "--format", "pgm"]
    measure = [sys.executable, "-c", code, "out.pgm", *COMMAND]
    subprocess.run([*COMMAND, *words[:-4], "-o", "warm.pgm"], cwd=tmp_path, check=True)  # compiles, too
    done = subprocess.run([*measure, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 130_000  # KiB; in memory it were 72 MB more, twice
    assert (tmp_path / "out.pgm").read_bytes() == (tmp_path / "warm.pgm").read_bytes()


@pytest.mark.usefixtures("small")
def test_what_no_window_sees_is_checked_and_predictors_of_stored_tiles_are_not_heeded(tmp_path: Path) -> None:
    pixels = noise((260, 64))
    tifffile.imwrite(tmp_path / "damaged.tif", pixels, rowsperstrip=64, compression="zlib")
    with tifffile.TiffFile(tmp_path / "damaged.tif") as file:
        offset, count = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
    content = bytearray((tmp_path / "damaged.tif").read_bytes())
    content[offset : offset + count] = b"\xaa" * count
    (tmp_path / "damaged.tif").write_bytes(content)
    assert outcome(tmp_path / "damaged.tif", tmp_path / "out.tiff", "maxpool 2 stride=200").error is not None
    tifffile.imwrite(tmp_path / "tiled.tif", pixels, tile=(64, 64), extratags=[(317, 3, 1, 2, True)])
    assert outcome(tmp_path / "tiled.tif", tmp_path / "out.npy", "filter identity").error is None
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.asarray(Image.open(tmp_path / "tiled.tif")))


@pytest.mark.usefixtures("small")
def test_cut_files_are_read_as_far_as_they_go_if_that_is_allowed(tmp_path: Path) -> None:
    for name in ("gray.pgm", "deep.npy", "gray.png"):
        SOURCES[name](tmp_path / name)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) * 2 // 3])
        settings = Settings(reading=Reading(allow_truncated=True))
        found = outcome(tmp_path / name, tmp_path / "out.tiff", "filter box:3", settings)
        assert found.error is None, name
        assert any(note.code == "truncated" for note in found.notes)
