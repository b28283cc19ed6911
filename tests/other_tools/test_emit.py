"""Emitted programs are run, and give what imgconv gives."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.cli.main import group
from imgconv.other_tools.emit import MODULES, emit
from tests.command import called
from tests.other_tools import peers
from tests.strategies import plain_python

COLOURS = np.random.default_rng(8).integers(0, 256, (11, 14, 3), dtype=np.uint8)
GRAY = np.random.default_rng(9).integers(0, 256, (9, 12), dtype=np.uint8)

PIPELINES = [
    "filter vertical | relu | maxpool 2",
    'filter "1 2;3 4;5 6" border=reflect101 anchor=2,0 bias=7.5 | abs | avgpool 3 stride=2 pad=1 ceil',
    'filter "1 2 3 4" convolve border=wrap stride=2 divisor=10 | minpool 3 stride=1 pad=same',
    'filter "1 -2;0 3" dilation=2 border=constant:9 pad=1,2,0,3 | avgpool 2x3 pad=1 count-padding',
    "filter laplacian border=reflect repeat=2 | avgpool 2",
    "filter box:3 stride=2 anchor=1,1 border=zero | maxpool 3 stride=2 pad=1 ceil",
]
PYTHON = {"torch": "torch", "keras": "keras", "opencv": "cv2", "scipy": "scipy", "skimage": "skimage", "onnx": "onnx"}


@pytest.fixture(autouse=True)
def uncompiled():
    with plain_python():
        yield


def run_python(text: str, pixels: np.ndarray, folder: Path) -> np.ndarray:
    """What an emitted program writes; it runs in this process, where its tool is perhaps loaded already."""
    Image.fromarray(pixels).save(folder / "in.png")
    before, sys.argv = sys.argv, ["program.py", str(folder / "in.png"), str(folder / "out.png")]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, "program.py", "exec"), {"__name__": "__main__"})
    finally:
        sys.argv = before
    return imgconv.load(folder / "out.png").pixels


@pytest.mark.parametrize("tool", PYTHON)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_programs_in_python(tool, pipeline, tmp_path):
    text = emit(tool, pipeline)
    compile(text, "program.py", "exec")
    if importlib.util.find_spec(PYTHON[tool]) is None:
        pytest.skip(f"{tool} is not installed")
    for pixels in (COLOURS, GRAY):
        made = run_python(text, pixels, tmp_path)
        np.testing.assert_array_equal(made, imgconv.run(pixels, pipeline))


@pytest.mark.parametrize(
    "pipeline",
    ['filter "1 2 1;2 4 2;1 2 1" divisor=16', "filter vertical border=wrap | relu", 'filter "1 2" border=reflect',
     'filter "1 0 -3 1" bias=100 border=constant:20 convolve', "filter sharpen dilation=2 border=reflect101"],
)  # fmt: skip
def test_pillow(pipeline, tmp_path):
    for pixels in (COLOURS, GRAY):
        made = run_python(emit("pillow", pipeline), pixels, tmp_path)
        np.testing.assert_array_equal(made, imgconv.run(pixels, pipeline))


def run_shell(text: str, pixels: np.ndarray, folder: Path, program: str, suffix: str) -> np.ndarray:
    path = Path(peers.program(program)).parent
    Image.fromarray(pixels).save(folder / "in.png")
    environment = os.environ | {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}"}
    words = ["sh", "-s", str(folder / "in.png"), str(folder / f"out.{suffix}")]
    done = subprocess.run(words, input=text, text=True, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return imgconv.load(folder / f"out.{suffix}").pixels


@pytest.mark.parametrize(
    "pipeline",
    ['filter "1 2 3;4 5 6" divisor=32', "filter vertical border=wrap | relu", 'filter "1 2;3 4" border=reflect',
     'filter "1 0 -3 1" bias=100 border=constant:20 convolve'],
)  # fmt: skip
def test_imagemagick(pipeline, tmp_path):
    made = run_shell(emit("imagemagick", pipeline), GRAY, tmp_path, "imagemagick", "pgm")
    np.testing.assert_array_equal(made, imgconv.run(GRAY, pipeline))


@pytest.mark.parametrize(
    "pipeline",
    ['filter "1 -2;0 3" dilation=2 border=constant:9 pad=1,2,0,3 | relu | maxpool 2 stride=1',
     'filter "1 2 3 4" convolve border=wrap stride=2 anchor=0,1 bias=7.5 divisor=10 | abs | avgpool 2'],
)  # fmt: skip
def test_vips(pipeline, tmp_path):
    made = run_shell(emit("vips", pipeline), COLOURS, tmp_path, "vips", "png")
    np.testing.assert_array_equal(made, imgconv.run(COLOURS, pipeline))


@pytest.mark.parametrize(
    ("tool", "pipeline", "why"),
    [("torch", "edges canny", "programs are written for"), ("torch", "filter sobel-x with=sobel-y", "several kernels"),
     ("onnx", "medianpool 3", "max, min and avg"), ("scipy", "gelu", "programs have"),
     ("opencv", "filter box:3 border=reflect101-reflect", "border"), ("pillow", "maxpool 2", "filters only"),
     ("pillow", "filter box:7", "3x3 or 5x5"), ("imagemagick", "filter box:3 | filter box:3", "between steps"),
     ("imagemagick", "filter box:3 border=reflect101", "border"), ("vips", "filter box:3 border=reflect101", "border"),
     ("vips", "maxpool 2 pad=1", "inside"), ("keras", "maxpool 2 dilation=2", "dilates")],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(tool, pipeline, why):
    with pytest.raises(errors.UsageError, match=f"{tool} cannot say .*{why}"):
        emit(tool, pipeline)


def test_the_command(tmp_path):
    for tool in MODULES:
        done = called("emit", tool, "filter box:3", cwd=tmp_path)
        assert done.code == 0, done.err
        assert "# filter box:3\n" in done.out.decode()
    assert called("emit", "photoshop", "filter box:3", cwd=tmp_path).code == 2
    assert called("emit", "torch", cwd=tmp_path).code == 2
    assert called("emit", "torch", "edges canny", cwd=tmp_path).code == 2


def test_pipelines_are_read_as_run_reads_them(tmp_path):
    (tmp_path / "soft.pipe").write_text("filter box:3  # soft\nabs\n")
    said = emit("scipy", "filter box:3 | abs")
    assert called("emit", "scipy", "soft.pipe", cwd=tmp_path).out.decode() == said
    streamed = CliRunner().invoke(group(), ["emit", "scipy", "-"], input="filter box:3 | abs")
    assert streamed.stdout == said
    for pipeline, why in (("none.pipe", "there is no such file"), ("net.safetensors", "is a network")):
        done = called("emit", "scipy", pipeline, cwd=tmp_path)
        assert (done.code, why in done.err) == (2, True)
