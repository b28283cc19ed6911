"""Zarr: what the package zarr writes is read, what we write it reads, by rows as in memory; folders as a whole or not
at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import imgconv
from imgconv import errors
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.run import JobRun
from imgconv.batches.settings import Settings
from imgconv.files import abandoned, by_rows
from imgconv.files.formats import FORMATS, format_of
from imgconv.files.links import Target
from imgconv.files.options import Reading, Writing
from imgconv.operations.pipeline import Pipeline
from imgconv.values.image import Frame, ImageData
from tests.command import called
from tests.command import imgconv as command

SHAPE = {"t": 2, "z": 3, "c": 3, "y": 70, "x": 45}
CHUNKS = {"t": 1, "z": 1, "c": 2, "y": 16, "x": 20}


def written(path: Path, letters: str, *, version: int = 3, ome: bool = True, type_: Any = np.uint8) -> Any:
    """An array of these axes, chunks on every side, as the first level of a multiscale image or alone."""
    shape = [SHAPE[letter] for letter in letters]
    values = np.random.default_rng(3).integers(0, 200, shape).astype(type_)
    options: dict[str, Any] = {"chunks": [CHUNKS[letter] for letter in letters], "overwrite": True}
    if not ome:
        zarr.create_array(path, data=values, zarr_format=version, **options)
        return values
    group = zarr.open_group(path, mode="w", zarr_format=version)
    group.create_array("full", data=values, **options)
    group.create_array("half", data=values[..., ::2, ::2] if letters[-1] == "x" else values, overwrite=True)
    image = {"axes": [{"name": letter} for letter in letters], "datasets": [{"path": "full"}, {"path": "half"}]}
    group.attrs.update({"ome": {"multiscales": [image]}} if version == 3 else {"multiscales": [image]})
    return values


def expected(values: Any, letters: str, time: int = 0, depth: int = 0) -> Any:
    """A picture (rows, columns, channels) of an array."""
    for letter, number in (("t", time), ("z", depth)):
        if letter in letters:
            values = np.take(values, number, axis=letters.index(letter))
            letters = letters.replace(letter, "")
    return np.einsum(f"{letters}->{''.join(each for each in 'yxc' if each in letters)}", values)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("letters", ["yx", "cyx", "yxc", "zyx", "tczyx"])
def test_the_first_level_is_read_and_frames_are_times_and_depths(tmp_path: Path, letters: str, version: int) -> None:
    values = written(tmp_path / "a.zarr", letters, version=version, type_=">u2")
    image = imgconv.load(tmp_path / "a.zarr")
    places = [(t, z) for t in range(2 if "t" in letters else 1) for z in range(3 if "z" in letters else 1)]
    assert len(image.frames) == len(places)
    for frame, place in zip(image.frames, places, strict=True):
        np.testing.assert_array_equal(frame.pixels, expected(values, letters, *place))
    last = imgconv.load(tmp_path / "a.zarr", frames=-1)
    np.testing.assert_array_equal(last.pixels, expected(values, letters, *places[-1]))


def test_arrays_alone_and_levels_by_their_paths(tmp_path: Path) -> None:
    values = written(tmp_path / "a", "yxc", ome=False)
    np.testing.assert_array_equal(imgconv.load(tmp_path / "a").pixels, values)
    written(tmp_path / "b.zarr", "cyx")
    assert imgconv.load(tmp_path / "b.zarr/full").pixels.shape == (3, 70, 45)
    assert imgconv.load(f"{tmp_path}/b.zarr/half/").pixels.shape == (3, 35, 23)  # without names, as NumPy's arrays


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.zarr").mkdir()
    zarr.open_group(tmp_path / "group.zarr", mode="w").create_array("left", shape=(3, 3), dtype="u1")
    zarr.create_array(tmp_path / "line.zarr", shape=(3,), dtype="u1")
    zarr.create_array(tmp_path / "names.zarr", shape=(3, 4), dtype="u1", dimension_names=["lat", "lon"])
    written(tmp_path / "cut.zarr", "yx")
    (tmp_path / "cut.zarr/zarr.json").write_text('{"zarr_format": 3,')
    for name, sentence in (
        ("empty", "without Zarr's metadata"),
        ("group", "a group of Zarr, not an image; name what is in it: left"),
        ("line", "an array of 1 axes"),
        ("names", "2 axes \\(lat, lon\\), and an image has y and x"),
        ("cut", "broken or cut short"),
    ):
        with pytest.raises(errors.FileError, match=sentence):
            imgconv.load(tmp_path / f"{name}.zarr")


def test_damaged_chunks_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.zarr", "yx")
    (tmp_path / "a.zarr/full/c/1/1").write_bytes(b"nothing of this kind")
    with pytest.raises(errors.FileError, match="broken"):
        imgconv.load(tmp_path / "a.zarr")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("type_", "channels"), [("uint8", 1), ("uint16", 3), ("float32", 5)])
def test_what_is_written_says_what_ome_asks(tmp_path: Path, type_: str, channels: int, version: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 250, (70, 90, channels)).astype(type_)
    pixels = pixels[..., 0] if channels == 1 else pixels
    imgconv.save(ImageData((Frame(pixels),)), tmp_path / "a.zarr", zarr_format=version, tile=32)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    said = group.attrs["ome"] if version == 3 else group.attrs
    (image,) = said["multiscales"]
    assert (said if version == 3 else image)["version"] == ("0.5" if version == 3 else "0.4")
    letters = "yx" if channels == 1 else "cyx"
    kinds = {"c": "channel", "y": "space", "x": "space"}
    assert image["axes"] == [{"name": letter, "type": kinds[letter]} for letter in letters]
    assert image["datasets"] == [
        {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(letters)}]}
    ]
    array = group["0"]
    assert (array.metadata.zarr_format, array.chunks[-2:]) == (version, (32, 32))
    np.testing.assert_array_equal(array[:], pixels if channels == 1 else np.moveaxis(pixels, -1, 0))
    np.testing.assert_array_equal(imgconv.load(tmp_path / "a.zarr").pixels, pixels)


def outcome(source: Path, target: Path, text: str, settings: Settings | None = None) -> Outcome:
    job = Job(str(source), str(target), format_of(str(target)), replace=True)
    return JobRun(job, Pipeline.parse(text), settings or Settings(), {}, own_process=False).outcome()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("letters", ["yx", "cyx", "yxc", "tczyx"])
def test_by_rows_as_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letters: str) -> None:
    written(tmp_path / "a.zarr", letters)
    monkeypatch.setattr("imgconv.api.by_rows._BAND", 5_000)
    monkeypatch.setattr("imgconv.files.zarr.reader._TOGETHER", 2_000)
    settings = Settings(writing=Writing(tile=16))
    if letters == "tczyx":
        settings = Settings(writing=Writing(tile=16), reading=Reading(frames=4))
    for least, name in ((1, "rows"), (10**12, "whole")):
        monkeypatch.setattr(by_rows, "LEAST", least)
        found = outcome(tmp_path / "a.zarr", tmp_path / f"{name}.zarr", "filter gaussian:2 | maxpool 2", settings)
        assert found.error is None
    assert content(tmp_path / "rows.zarr") == content(tmp_path / "whole.zarr")


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "a.zarr", "yx")
    target = tmp_path / "out.zarr"
    assert outcome(tmp_path / "a.zarr", target, "filter box:3").error is None
    before = content(target)
    monkeypatch.setattr(by_rows, "LEAST", 1)
    (tmp_path / "a.zarr/full/c/4/0").write_bytes(b"broken")
    assert outcome(tmp_path / "a.zarr", target, "maxpool 2", Settings(writing=Writing(tile=16))).error is not None
    assert content(target) == before
    written(tmp_path / "a.zarr", "yx")
    assert outcome(tmp_path / "a.zarr", target, "maxpool 2").error is None
    assert imgconv.load(target).pixels.shape == (35, 22)
    (tmp_path / "no.zarr").mkdir()
    (tmp_path / "no.zarr/letters.txt").write_text("kept")
    found = outcome(tmp_path / "a.zarr", tmp_path / "no.zarr", "maxpool 2")
    assert "holds no Zarr" in str(found.error)
    assert (tmp_path / "no.zarr/letters.txt").read_text() == "kept"
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "no.zarr", "out.zarr"]


@pytest.mark.skipif(os.name == "nt", reason="folders are not locked so")
def test_what_a_killed_process_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a process, and not what is being filled, is empty yet, or was made on another machine."""
    monkeypatch.setattr(abandoned, "_seen", set())
    left, filled, empty = (abandoned.beside(name) for name in ("a.zarr", "b.zarr", "c.zarr"))
    foreign = f".d.zarr.{'0' * 24}.imgconv"
    for name in (left, filled, empty, foreign):
        (tmp_path / name).mkdir()
        if name != empty:
            (tmp_path / name / "zarr.json").write_text("{}")
    with abandoned.held(Target(None, str(tmp_path), filled)):
        imgconv.save(np.zeros((3, 3), np.uint8), tmp_path / "new.zarr")
        assert sorted(os.listdir(tmp_path)) == sorted([filled, empty, foreign, "new.zarr"])
    imgconv.save(np.zeros((3, 3), np.uint8), tmp_path / "newer.zarr")
    assert (tmp_path / filled).exists(), "this process has looked"
    monkeypatch.setattr(abandoned, "_seen", set())
    imgconv.save(np.zeros((3, 3), np.uint8), tmp_path / "newest.zarr")
    assert not (tmp_path / filled).exists()


def test_the_command_takes_folders_as_images(tmp_path: Path) -> None:
    """A folder of Zarr is one image in a batch; what is up to date is left out, and what changed inside is not."""
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        written(tmp_path / f"in/{name}.zarr", "cyx")
    words = ("pool", "--size", "2", "in", "-o", "out", "--update", "--manifest", "run.jsonl")
    done = command(*words, cwd=tmp_path)
    assert "2 written" in done.err
    assert imgconv.load(tmp_path / "out/a.zarr").pixels.shape == (35, 22, 3)
    chunk = tmp_path / "in/b.zarr/full/c/0/0/0"
    chunk.write_bytes((tmp_path / "in/b.zarr/full/c/0/1/0").read_bytes())
    done = command(*words, cwd=tmp_path)
    assert "1 written" in done.err
    assert "1 up to date" in done.err
    refused = command("pool", "--size", "2", "in/a.zarr", "-o", "-", "--format", "zarr", cwd=tmp_path)
    assert refused.code == 2
    assert "goes to no stream" in refused.err


def test_without_the_package_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "a.zarr", "yx")
    imgconv.save(np.eye(8), tmp_path / "eye.npy")
    monkeypatch.setitem(sys.modules, "zarr", None)
    for call in (lambda: imgconv.load(tmp_path / "a.zarr"), lambda: imgconv.save(np.eye(3), tmp_path / "b.zarr")):
        with pytest.raises(errors.FileError, match=r"pip install 'imgconv\[zarr\]'"):
            call()
    refused = called("pool", "eye.npy", "-o", "b.zarr", cwd=tmp_path)
    assert (refused.code, refused.err.count("b.zarr: is a Zarr")) == (1, 1)
    assert not (tmp_path / "b.zarr").exists()


def test_a_format_of_folders_goes_into_no_stream(tmp_path: Path) -> None:
    assert FORMATS["zarr"].folder
    with open(tmp_path / "x", "wb") as stream, pytest.raises(errors.UsageError, match="is a folder"):
        imgconv.save(np.zeros((3, 3), np.uint8), stream, "zarr")
