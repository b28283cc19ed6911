"""`python -m tests.bench.large`: 400 megapixels from file to file, in seconds and peak memory, beside libvips.

Results are compared first. libvips is named where it is absent.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tests.bench.inputs import BENCH
from tests.programs import found

SIDE, _STRIP = 20_000, 500
_MASK = "3 3 1 0\n0 -1 0\n-1 5 -1\n0 -1 0\n"
_ALLOWED = ("--max-pixels", str(SIDE * SIDE), "--quiet")
_LAUNCH = Path(__file__).with_name("launch.py")


def picture(path: Path) -> None:
    """A gray picture of waves and noise, as an uncompressed TIFF; made strip by strip."""
    noise = np.random.default_rng(0).normal(0, 3, (_STRIP, SIDE)).astype("float32")
    slope = np.linspace(60, 190, SIDE, dtype="float32")[None]

    def strips() -> Any:
        for top in range(0, SIDE, _STRIP):
            waves = 40 * np.sin(np.arange(top, top + _STRIP, dtype="float32")[:, None] / 37)
            yield np.clip(slope + waves + np.roll(noise, top, 1), 0, 255).astype("uint8")

    with tifffile.TiffWriter(path) as file:
        file.write(strips(), shape=(SIDE, SIDE), dtype="uint8", rowsperstrip=_STRIP, photometric="minisblack")


def commands(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Each case, and the command of each tool."""
    ours = [sys.executable, "-m", "imgconv"]
    cases = {
        "sharpen, TIFF to TIFF": {"imgconv": [*ours, "filter", "sharpen", "in.tif", "-o", "ours.tif", *_ALLOWED]},
        "sharpen, PNG to PNG": {"imgconv": [*ours, "filter", "sharpen", "ours.png", "-o", "again.png", *_ALLOWED]},
        "gaussian:3 | maxpool 2, PNG to PNG": {
            "imgconv": [*ours, "run", "filter gaussian:3 | maxpool 2", "ours.png", "-o", "again.png", *_ALLOWED]
        },
    }
    if vips := found("vips"):
        (folder / "sharpen.mat").write_text(_MASK)
        conv = ["sharpen.mat", "--precision", "integer"]
        cases["sharpen, TIFF to TIFF"]["libvips"] = [
            vips, "conv", "in.tif[access=sequential]", "vips.tif[compression=deflate]", *conv
        ]  # fmt: skip
        cases["sharpen, PNG to PNG"]["libvips, level 1"] = [
            vips, "conv", "ours.png[access=sequential]", "vips.png[compression=1]", *conv
        ]  # fmt: skip
    else:
        print("libvips: vips is not installed")
    return cases


def measured(argv: list[str], folder: Path) -> dict[str, Any]:
    """Seconds and peak memory in MB of a command, which must succeed."""
    request = {"argv": argv, "env": {}, "folder": str(folder), "timeout": 600}
    done = subprocess.run(
        [sys.executable, str(_LAUNCH)], input=json.dumps(request) + "\n", capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["code"] == 0, answer["said"]
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command, in turns (default 3)")
    rounds = parser.parse_args().rounds
    os.environ.setdefault("IMGCONV_CACHE_DIR", str(BENCH / "loops"))
    folder = BENCH / "large"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "in.tif").exists():
        picture(folder / "in.tif")
    measured([sys.executable, "-m", "imgconv", "filter", "sharpen", "in.tif", "-o", "ours.png", *_ALLOWED], folder)
    for case, tools in commands(folder).items():
        runs = [{tool: measured(argv, folder) for tool, argv in tools.items()} for _ in range(rounds)]
        if "ours.tif" in str(tools) and (folder / "vips.tif").exists():
            images = [tifffile.imread(folder / name) for name in ("ours.tif", "vips.tif")]
            assert np.array_equal(*images), "the results differ"
        shown = (
            f"{tool} {statistics.median(run[tool]['seconds'] for run in runs):.2f} s,"
            f" {max(run[tool]['memory'] for run in runs):.0f} MB"
            for tool in tools
        )
        print(f"{case}: {'; '.join(shown)}")


if __name__ == "__main__":
    main()
