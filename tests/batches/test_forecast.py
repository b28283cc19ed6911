"""The forecast of memory against what a process of its own takes, for images of 50 MB and more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv.values.image import Frame
from tests.command import environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc"),
]
HEIGHT, WIDTH = 4000, 4200
CHILD = """
import json, sys
from imgconv.batches import forecast
from imgconv.cli.main import _guarded
told, real = [], forecast.most_bytes
forecast.most_bytes = lambda *given, **named: told.append(real(*given, **named)) or told[-1]
code = _guarded(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([code, told[0], 1024 * int(peak.split()[1])]))
"""
CASES = [
    ("rgb.png", "filter gaussian:1", "out.png"),
    ("rgb.png", "maxpool 2", "out.png"),
    ("rgb.png", "filter identity", "out.bmp"),
    ("rgb.png", "filter identity", "out.webp"),
    ("rgb.png", "filter identity", "out.gif"),
    ("rgb.jpg", "filter gaussian:1", "out.jpg"),
    ("rgb.tif", "filter gaussian:1", "out.tif"),
    ("rgb.bmp", "filter gaussian:1", "out.tga"),
    ("rgb.webp", "filter gaussian:1", "out.png"),
    ("rgb.ppm", "filter gaussian:1", "out.ppm"),
    ("rgba.png", "filter gaussian:1", "out.png"),
    ("rgba.tif", "filter gaussian:1", "out.tif"),
    ("deep.png", "filter gaussian:1", "out.tif"),
    ("deep.tif", "maxpool 2", "out.png"),
    ("noise.npy", "filter gaussian:1", "out.npy"),
    ("noise.npy", "filter identity", "out.tif"),
    ("noise.tif", "filter gaussian:1", "out.tif"),
    ("gray.pfm", "filter gaussian:1", "out.pfm"),
]


def run(*words: str, cwd: Path) -> tuple[int, int]:
    """The forecast of a command, and the peak of its process."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *words], cwd=cwd, env=environment(), capture_output=True, text=True, check=True
    )
    code, told, peak = json.loads(done.stdout)
    assert code == 0, done.stderr
    return told, peak


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large pictures, and corners of them under `small/`, which show what a process takes whatever the image."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "small").mkdir()
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    rng = np.random.default_rng(0)
    gray = (np.sin(columns / 50) + np.cos(rows / 70) + 2) * 60 + rng.normal(0, 2, (HEIGHT, WIDTH))
    rgb = np.stack([gray, np.roll(gray, 50, 0), np.roll(gray, 70, 1)], axis=2).clip(0, 255).astype("uint8")
    alpha = np.broadcast_to(np.clip(columns / 20, 0, 255), (HEIGHT, WIDTH)).astype("uint8")
    floats = rng.random((HEIGHT, WIDTH, 3), dtype=np.float32)
    made: dict[str, tuple[Any, Any]] = {
        **{f"rgb.{suffix}": (rgb, None) for suffix in ("png", "jpg", "tif", "bmp", "webp", "ppm")},
        **{f"rgba.{suffix}": (rgb, alpha) for suffix in ("png", "tif")},
        **{f"deep.{suffix}": (rgb.astype("uint16") * 257, None) for suffix in ("png", "tif")},
        **{f"noise.{suffix}": (floats, None) for suffix in ("npy", "tif")},
        "gray.pfm": (floats[..., 0], None),
    }
    for name, (pixels, plane) in made.items():
        for path, size in ((folder / name, HEIGHT), (folder / "small" / name, 200)):
            corner = None if plane is None else np.ascontiguousarray(plane[:size, :size])
            imgconv.save(imgconv.Image((Frame(np.ascontiguousarray(pixels[:size, :size]), corner),)), path)
    return folder


@pytest.mark.parametrize(("source", "pipeline", "target"), CASES)
def test_the_forecast_is_a_little_more_than_the_peak(source, pipeline, target, pictures, tmp_path):
    words = ("run", pipeline)
    base = min(run(*words, str(pictures / "small" / source), "-o", target, "-q", cwd=tmp_path)[1] for _ in range(2))
    told, peak = run(*words, str(pictures / source), "-o", target, "-q", cwd=tmp_path)
    taken = peak - base
    assert taken <= told <= 1.3 * taken, f"{told / 1e6:.0f} MB foretold, {taken / 1e6:.0f} MB taken"
