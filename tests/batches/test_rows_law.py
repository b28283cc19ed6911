"""By rows as in memory, to the bit: a law over images, formats, heights of bands, steps, strides and borders; and what
ends in the middle leaves nothing."""

from __future__ import annotations

import resource
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import tifffile
from hypothesis import example, given
from hypothesis import strategies as st

import imgconv
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.run import JobRun
from imgconv.batches.settings import Settings
from imgconv.files import folders
from imgconv.files.formats import format_of
from imgconv.files.options import Writing
from imgconv.operations.pipeline import Pipeline
from imgconv.values.unfinished import remove_all
from tests.command import COMMAND
from tests.strategies import law

BORDERS = ("edge", "reflect", "reflect101", "constant:9", "zero")
SOURCES = ("png", "npy", "zarr", "ppm", "stored.tif", "lzw.tif", "deflated.tif", "tiles.tif", "planes.tif")
TARGETS = ("png", "tif", "npy", "ppm", "jpg", "zarr")

STEPS = st.one_of(
    st.builds(
        "filter {} border={}".format,
        st.sampled_from(["box:3", "vertical", "gaussian:1", "sharpen", "identity", "box:1x5", "box:7x1"]),
        st.sampled_from(BORDERS),
    ),
    st.builds(
        "{}pool {} stride={}".format, st.sampled_from(["max", "avg", "min"]), st.integers(1, 4), st.integers(1, 5)
    ),
    st.sampled_from(["relu", "maxpool 3 stride=1 pad=1"]),
)


def stored(path: Path, pixels: Any) -> None:
    """A source of a kind that its suffixes name."""
    name, colour = path.name, pixels.ndim == 3
    tiff: dict[str, dict[str, Any]] = {
        "stored.tif": {"rowsperstrip": 5},
        "lzw.tif": {"rowsperstrip": 3, "compression": "lzw", "predictor": 2},
        "deflated.tif": {"rowsperstrip": 4, "compression": "zlib", "byteorder": ">"},
        "tiles.tif": {"tile": (16, 32), "compression": "zlib", "predictor": 2},
        "planes.tif": {"rowsperstrip": 7, "planarconfig": "separate"} if colour else {"rowsperstrip": 7},
    }
    options = next((options for end, options in tiff.items() if name.endswith(end)), None)
    if options is None:
        imgconv.save(pixels, path)
        return
    planes = options.get("planarconfig") == "separate"
    values = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) if planes else pixels
    tifffile.imwrite(path, values, photometric="rgb" if colour else "minisblack", **options)


def ran(source: Path, target: Path, text: str, tile: int | None) -> Outcome:
    job = Job(str(source), str(target), format_of(str(target)), replace=True)
    settings = Settings(writing=Writing(tile=tile))
    return JobRun(job, Pipeline.parse(text), settings, {}, own_process=False).outcome()


def content(path: Path) -> Any:
    if not path.is_dir():
        return path.read_bytes()
    return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}


@law(20)
@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 40)),
    colour=st.booleans(),
    deep=st.booleans(),
    band=st.integers(1, 12_000),
    steps=st.lists(STEPS, min_size=1, max_size=3),
    source=st.sampled_from(SOURCES),
    target=st.sampled_from(TARGETS),
    tile=st.sampled_from([None, 16]),
)
@example((60, 40), True, False, 1, ["filter gaussian:1 border=reflect", "maxpool 2 stride=5"], "planes.tif", "zarr", 16)
def test_by_rows_as_in_memory(
    size: tuple[int, int],
    colour: bool,
    deep: bool,
    band: int,
    steps: list[str],
    source: str,
    target: str,
    tile: int | None,
) -> None:
    type_ = np.uint16 if deep and target != "jpg" else np.uint8
    shape = (*size, 3) if colour or source == "ppm" else size
    pixels = np.random.default_rng(band).integers(0, np.iinfo(type_).max, shape, type_, endpoint=True)
    text = " | ".join(steps)
    with tempfile.TemporaryDirectory() as folder:
        stored(Path(folder, f"in.{source}"), pixels)
        found = {}
        for name, least in (("rows", 1), ("whole", 10**12)):
            small = {
                "imgconv.files.by_rows.LEAST": least,
                "imgconv.api.by_rows._BAND": band,
                "imgconv.files.tiff.rows._TOGETHER": 500,
                "imgconv.files.zarr.reader._TOGETHER": 500,
                "imgconv.files.tiff.coding.STRIP": 700,
                "imgconv.files.png.writer.STRIP": 700,
                "imgconv.files.jpeg.strips.STRIP": 300,
            }
            patches = [patch(place, value) for place, value in small.items()]
            for each in patches:
                each.start()
            try:
                found[name] = ran(Path(folder, f"in.{source}"), Path(folder, f"{name}.{target}"), text, tile)
            finally:
                for each in patches:
                    each.stop()
        rows, whole = found["rows"], found["whole"]
        assert str(rows.error) == str(whole.error).replace("whole.", "rows.")
        assert (rows.summary, set(rows.notes)) == (whole.summary, set(whole.notes))
        if whole.error is None:
            assert content(Path(folder, f"rows.{target}")) == content(Path(folder, f"whole.{target}"))


@pytest.mark.parametrize("target", ["out.tif", "out.pfm", "out.jpg", "out.zarr"])
def test_a_disk_that_is_full_in_the_middle_leaves_nothing(tmp_path: Path, target: str) -> None:
    """A limit of a file's size stands in for the disk."""
    noise = np.random.default_rng(0).integers(0, 255, (2900, 2900), np.uint8)
    np.save(tmp_path / "in.npy", noise.astype(np.float32) if target == "out.pfm" else noise)

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    words = [*COMMAND, "filter", "identity", "in.npy", "-o", target]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert done.returncode == 1
    assert f"{target}: cannot be written" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["in.npy"]


@pytest.mark.parametrize("end", [remove_all, lambda: 1 / 0], ids=["a signal", "an error"])
def test_a_folder_that_is_not_finished_is_removed(tmp_path: Path, end: Callable[[], Any]) -> None:
    left: list[list[str]] = []

    def members() -> Any:
        yield "zarr.json", b"{}"
        yield "0/c/0/0", b"pixels"
        end()
        left.append([each.name for each in tmp_path.iterdir()])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        folders.write(str(tmp_path / "out.zarr"), members())
    assert left in ([], [[]])
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_each_source_is_what_it_was(tmp_path: Path) -> None:
    """So that the law is about these formats."""
    pixels = np.random.default_rng(1).integers(0, 255, (40, 30, 3), np.uint8)
    for source in SOURCES:
        stored(tmp_path / f"in.{source}", pixels)
        np.testing.assert_array_equal(imgconv.load(tmp_path / f"in.{source}").pixels, pixels)
