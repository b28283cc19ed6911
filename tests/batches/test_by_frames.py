"""Animations and pages go frame by frame, and give the same files, notes and facts as in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, features

from imgconv.batches.dry_run import explain
from imgconv.batches.frames_job import FramesJob
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.run import JobRun
from imgconv.batches.settings import Settings
from imgconv.errors import FileError, LossError
from imgconv.files import by_rows
from imgconv.files.formats import format_of
from imgconv.files.options import Reading
from imgconv.files.pieces import spooled
from imgconv.operations.pipeline import Pipeline
from imgconv.values.crops import Crop
from imgconv.values.frozen import replace
from tests.command import COMMAND

HEIGHT, WIDTH, COUNT = 24, 31, 5


def noise(shape: tuple[int, ...], type_: Any = np.uint8) -> np.ndarray[Any, Any]:
    return np.random.default_rng(7).integers(0, np.iinfo(type_).max, shape, type_, endpoint=True)


def moving(channels: int) -> np.ndarray[Any, Any]:
    """Frames of few colours, two of which are the same; of four channels the last is on or off."""
    frames = np.zeros((COUNT, HEIGHT, WIDTH, channels), np.uint8)
    for number, at in enumerate((2, 5, 5, 9, 14)):
        frames[number, at : at + 8, at : at + 6] = np.arange(1, channels + 1) * 60
    if channels == 4:
        frames[..., 3] = np.where(frames[..., 0] > 0, 255, 0)
    return frames


def animation(path: Path, frames: np.ndarray[Any, Any], **options: Any) -> None:
    first, *rest = (Image.fromarray(frame.squeeze()) for frame in frames)
    durations = [100, 40, 40, 70, 105][: len(frames)]
    first.save(path, save_all=True, append_images=rest, **{"duration": durations, "loop": 3, **options})


def pages(path: Path) -> None:
    """Pages of several sizes and types, with metadata of their own."""
    with tifffile.TiffWriter(path) as file:
        file.write(noise((20, 30, 3)), photometric="rgb", compression="zlib", resolution=(72, 72))
        file.write(noise((12, 33)), description="a page", metadata=None)
        file.write(noise((15, 16), np.uint16))
        file.write(noise((15, 16, 4)), photometric="rgb", extrasamples=["unassalpha"], compression="lzw")


SOURCES = {
    "gray.gif": lambda path: animation(path, moving(1)),
    "colour.gif": lambda path: animation(path, moving(3)),
    "noise.gif": lambda path: animation(path, noise((3, 40, 40, 3))),
    "clear.gif": lambda path: animation(path, moving(4), disposal=2),
    "gray.png": lambda path: animation(path, moving(1)),
    "alpha.png": lambda path: animation(path, moving(4) // 2),
    "default.png": lambda path: animation(path, moving(3), default_image=True),
    "colour.webp": lambda path: animation(path, moving(3), lossless=True),
    "alpha.webp": lambda path: animation(path, moving(4), lossless=True),
    "colour.avif": lambda path: animation(path, moving(3)),
    "pages.tif": pages,
    "alike.tif": lambda path: tifffile.imwrite(path, noise((4, 20, 30), np.uint16), photometric="minisblack"),
    "turned.tif": lambda path: tifffile.imwrite(
        path, noise((3, 20, 30)), photometric="minisblack", extratags=[(274, 3, 1, 6, True)]
    ),
}
SOURCES |= {
    "stack.npy": lambda path: np.save(path, noise((4, 20, 31, 3), np.int16)),
    "films.ppm": lambda path: path.write_bytes(b"P6 5 4 255\n" + bytes(range(60)) + b"P5 6 2 255\n" + bytes(12)),
}
PIPELINES = ["filter vertical", "filter gaussian:1", "maxpool 2 | filter sharpen", "filter emboss | relu"]


def outcome(source: Path, target: Path, text: str, settings: Settings | None = None, **job: Any) -> Outcome:
    given = Job(str(source), str(target), format_of(str(target)), replace=True, **job)
    return JobRun(given, Pipeline.parse(text), settings or Settings(), {}, own_process=False).outcome()


def settings_of(**reading: Any) -> Settings:
    return Settings(reading=Reading(**reading))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of any size go by frames."""
    monkeypatch.setattr(by_rows, "LEAST", 1)


@pytest.fixture
def went(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of results that went by frames."""
    paths, real = list[str](), FramesJob.pieces

    def pieces(self: FramesJob, words: list[str]) -> Any:
        paths.append(self.prepared.path)
        return real(self, words)

    monkeypatch.setattr(FramesJob, "pieces", pieces)
    return paths


def assert_same(
    tmp_path: Path,
    went: list[str],
    name: str,
    suffix: str,
    text: str,
    settings: Settings | None = None,
) -> None:
    """By frames and in memory: the same file, or refusal; the same words, notes and facts."""
    source = tmp_path / name
    SOURCES[name](source)
    target, expected = tmp_path / f"frames.{suffix}", tmp_path / f"whole.{suffix}"
    found = outcome(source, target, text, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_rows, "LEAST", 10**12)
        whole = outcome(source, expected, text, settings)
    assert (found.error is None) == (whole.error is None), (found.error, whole.error)
    if whole.error is not None:
        assert str(found.error).replace("frames.", "whole.") == str(whole.error)
        assert not target.exists()
        return
    assert str(target) in went
    assert target.read_bytes() == expected.read_bytes()
    assert found.summary == whole.summary
    assert set(found.notes) == set(whole.notes)
    assert (found.clamping is None) == (whole.clamping is None)
    if found.clamping is not None and whole.clamping is not None:
        assert replace(found.clamping, file="") == replace(whole.clamping, file="")
    varying = {"seconds", "output", "outputs"}
    assert {k: v for k, v in found.facts.items() if k not in varying} == {
        k: v for k, v in whole.facts.items() if k not in varying
    }


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("suffix", ["tiff", "gif", "png", "webp", "ppm", "npy"])
def test_files_are_those_of_all_frames_in_memory(tmp_path: Path, went: list[str], name: str, suffix: str) -> None:
    text = PIPELINES[len(name + suffix) % len(PIPELINES)]
    if name.split(".")[1] in ("webp", "avif") and not features.check(name.split(".")[1]):
        pytest.skip("this Pillow was built without it")
    assert_same(tmp_path, went, name, suffix, text)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("name", "suffix", "settings"),
    [
        ("colour.gif", "gif", Settings(gray=True)),
        ("clear.gif", "gif", Settings(flatten=(255, 255, 255))),
        ("clear.gif", "png", Settings(alpha="drop")),
        ("alpha.png", "webp", Settings(alpha="keep", channels=("red",))),
        ("colour.gif", "png", Settings(crop=Crop(10, 12, 3, 4))),
        ("colour.gif", "gif", Settings(roi=Crop(1, 2, 9, 8))),
        ("pages.tif", "tiff", Settings(dtype="float32")),
        ("pages.tif", "tiff", Settings(dtype="uint8", gray=True)),
        ("colour.gif", "png", Settings(linear=True)),
        ("gray.gif", "png", settings_of(frames=(1, 4, None))),
        ("alike.tif", "tiff", settings_of(frames=(None, None, 2))),
        ("gray.png", "png", settings_of(strip=True)),
        ("stack.npy", "npy", settings_of(frames=(1, 4, 2))),
        ("turned.tif", "tiff", settings_of(no_orient=True)),
    ],
)
def test_options_hold(tmp_path: Path, went: list[str], name: str, suffix: str, settings: Settings) -> None:
    assert_same(tmp_path, went, name, suffix, "filter sharpen", settings)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device is always full")
def test_a_full_folder_of_temporary_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the image, and neither the run nor, in words, standard output."""
    tifffile.imwrite(tmp_path / "x.tif", noise((COUNT, HEIGHT, WIDTH)), photometric="minisblack")
    monkeypatch.setattr(by_rows, "LEAST", 1)
    monkeypatch.setattr("tempfile.TemporaryFile", partial(open, "/dev/full", "r+b", buffering=0))
    found = outcome(tmp_path / "x.tif", tmp_path / "frames" / "x.jpg", "filter box:3", in_folder=True)
    assert "No space left on device" in str(found.error)
    assert "TMPDIR names another folder" in str(found.error)
    assert not (tmp_path / "frames").exists()
    with pytest.raises(FileError, match="TMPDIR"):
        list(spooled(iter([b"piece"])))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["colour.gif", "pages.tif", "default.png"])
def test_numbered_files_are_those_of_all_frames_in_memory(tmp_path: Path, name: str) -> None:
    """A folder, and a format that holds one frame; under --strict none of the files is written."""
    source, settings = tmp_path / name, Settings(flatten=(255, 255, 255), plans=True)
    SOURCES[name](source)
    found = outcome(source, tmp_path / "frames" / "x.jpg", "filter box:3", settings, in_folder=True)
    strict = outcome(
        source, tmp_path / "strict" / "x.jpg", "filter box:3", replace(settings, strict=True), in_folder=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_rows, "LEAST", 10**12)
        whole = outcome(source, tmp_path / "whole" / "x.jpg", "filter box:3", settings, in_folder=True)
    assert found.error is None
    assert found.facts["plan"][-1].startswith("frame by frame")
    names = sorted(os.listdir(tmp_path / "whole"))
    assert names == sorted(os.listdir(tmp_path / "frames"))
    for each in names:
        assert (tmp_path / "frames" / each).read_bytes() == (tmp_path / "whole" / each).read_bytes()
    assert set(found.notes) == set(whole.notes)
    assert (found.summary, found.facts["frames_out"]) == (whole.summary, whole.facts["frames_out"])
    assert found.target.replace("frames", "whole") == whole.target
    assert isinstance(strict.error, LossError)
    assert not (tmp_path / "strict").exists()


@pytest.mark.usefixtures("small")
def test_avif_takes_frames_as_they_come(tmp_path: Path, went: list[str]) -> None:
    """Its encoder's bytes hold the time."""
    if not features.check("avif"):
        pytest.skip("this Pillow was built without it")
    SOURCES["colour.gif"](tmp_path / "colour.gif")
    assert outcome(tmp_path / "colour.gif", tmp_path / "frames.avif", "filter box:3").error is None
    assert went
    assert _durations(tmp_path / "frames.avif") == _durations(tmp_path / "colour.gif")


def _durations(path: Path) -> list[float]:
    """How long each frame is shown, as Pillow reads it."""
    durations = []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            durations.append(image.info["duration"])
    return durations


@pytest.mark.usefixtures("small")
def test_plans_say_so(tmp_path: Path) -> None:
    source = tmp_path / "gray.gif"
    SOURCES["gray.gif"](source)

    def last(target: str = "out.gif", settings: Settings | None = None) -> str:
        job = Job(str(source), target, format_of(target))
        return explain(job, Pipeline.parse("filter box:3"), settings or Settings())[-1]

    assert last().startswith("frame by frame, in about ")
    assert "--range stretch" in last(settings=Settings(range="stretch"))
    assert last("out.npz") == "in memory as a whole: NPZ is not written by frames"


@pytest.mark.usefixtures("small")
def test_other_inputs_are_joined(tmp_path: Path, went: list[str]) -> None:
    source, target = tmp_path / "gray.gif", tmp_path / "out.gif"
    SOURCES["gray.gif"](source)
    assert outcome(source, target, "filter box:3", pages=(str(source),)).error is None
    with Image.open(target) as joined:
        assert joined.n_frames == 8  # Pillow has merged two of five frames in the source
    assert not went


@pytest.mark.usefixtures("small")
def test_losses_are_known_before_the_file_has_its_name(tmp_path: Path) -> None:
    source, target = tmp_path / "noise.gif", tmp_path / "out.gif"
    SOURCES["noise.gif"](source)
    target.write_bytes(b"old")
    found = outcome(source, target, "filter sharpen", Settings(strict=True))
    assert isinstance(found.error, LossError)
    assert target.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["noise.gif", "out.gif"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["gray.gif", "alpha.png", "colour.webp", "alike.tif", "stack.npy", "films.ppm"])
def test_what_breaks_in_the_middle_leaves_no_file(tmp_path: Path, name: str) -> None:
    source, target = tmp_path / name, tmp_path / "out.tiff"
    SOURCES[name](source)
    content = bytearray(source.read_bytes())
    source.write_bytes(content[: len(content) * 2 // 3])
    found = outcome(source, target, "filter box:3")
    assert found.error is not None
    assert name in str(found.error)
    assert not target.exists()


@pytest.mark.usefixtures("small")
def test_the_limit_is_of_some_frames(tmp_path: Path) -> None:
    """60 pages of a megapixel each, within what ten of them take."""
    pixels = np.zeros((60, 1000, 1000), np.uint8)
    tifffile.imwrite(tmp_path / "long.tif", pixels, photometric="minisblack", compression="zlib")
    limited = settings_of(max_memory=40_000_000)
    assert outcome(tmp_path / "long.tif", tmp_path / "out.tif", "filter box:3", limited).error is None
    found = outcome(tmp_path / "long.tif", tmp_path / "out.npz", "filter box:3", limited)
    assert "memory" in str(found.error)


PEAK = (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[1:])\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    "sys.exit(done.returncode)"
)


@pytest.mark.parametrize("suffix", ["tif", "gif"])
def test_the_command_takes_little_memory(tmp_path: Path, suffix: str) -> None:
    """250 pages, or frames, of 600 x 640 pixels (96 MB): the interpreter, its packages, and a few frames."""
    picture, source = np.zeros((600, 640), np.uint8), tmp_path / f"long.{suffix}"
    picture[20:80, 30:90] = 200
    if suffix == "tif":
        tifffile.imwrite(source, np.broadcast_to(picture, (250, 600, 640)), photometric="minisblack", compression=8)
    else:
        first, *rest = (Image.fromarray(np.roll(picture, number % 50, 1)) for number in range(250))
        first.save(source, save_all=True, append_images=rest, duration=20, loop=0, optimize=False)
    words = ["filter", "sharpen", source.name, "-o", f"out.{suffix}"]
    measure = [sys.executable, "-c", PEAK, *COMMAND, *words]
    done = subprocess.run(measure, cwd=tmp_path, check=True, capture_output=True, text=True)
    with Image.open(tmp_path / f"out.{suffix}") as image:
        assert image.n_frames > 200
    assert int(done.stdout) < 130_000  # KiB; in memory it were 96 MB more, twice
