"""`python -m tests.bench.large`: large images from file to file, in seconds and peak memory, beside libvips.

Results are compared first where both tools compute the same. libvips is named where it is absent. `--publish` puts the
table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from tests.bench.inputs import BENCH
from tests.bench.report import PAGE
from tests.programs import found

SIDE, _STRIP = 20_000, 500
SPARSE, _TILE, _FULL = 2**15, 512, 64
"""The side of a sparse picture and of its tiles, and how many tiles have pixels."""
_SHARPEN = "3 3 1 0\n0 -1 0\n-1 5 -1\n0 -1 0\n"
_DENSE = "1 2 3 2 1; 2 4 6 4 2; 3 6 9 6 3; 2 4 6 4 2; 1 2 3 2 1"
_ALLOWED = f"--max-pixels {SPARSE * SPARSE} --quiet"
_LAUNCH = Path(__file__).with_name("launch.py")
_PLACE = re.compile(r"(<!-- large -->\n).*?(<!-- end -->)", re.S)


@dataclass(frozen=True)
class Case:
    """What imgconv does, the most MB that it may take, and libvips' commands for it, one after the other; `pixels` are
    the files of both whose pixels are the same."""

    name: str
    ours: str
    vips: tuple[str, ...]
    most: int = 200
    pixels: tuple[str, str] | None = None


_INTEGER = "--precision integer"
CASES = (
    Case(
        "sharpen, 20000x20000 gray, TIFF to TIFF",
        "filter sharpen in.tif -o ours.tif",
        (f"conv in.tif[access=sequential] vips.tif[compression=deflate] sharpen.mat {_INTEGER}",),
        pixels=("ours.tif", "vips.tif"),
    ),
    Case(
        "sharpen, 20000x20000 gray, PNG to PNG (libvips at level 1)",
        "filter sharpen in.png -o ours.png",
        (f"conv in.png[access=sequential] vips.png[compression=1] sharpen.mat {_INTEGER}",),
        pixels=("ours.png", "vips.png"),
    ),
    *(
        Case(
            f"gaussian:3 and maxpool 2, 20000x20000 gray, {form.upper()} to {form.upper()} (libvips in three runs)",
            f"run 'filter gaussian:3 | maxpool 2' in.{name} -o ours.{name}",
            (
                f"gaussblur in.{name}[access=sequential] blurred.v 3",
                "rank blurred.v greatest.v 2 2 3",
                f"subsample greatest.v vips.{name}[compression={how}] 2 2",
            ),
        )
        for form, name, how in (("tiff", "tif", "deflate"), ("png", "png", 1))
    ),
    Case(
        "5x5, a sparse BigTIFF of 32768x32768 gray",
        f"filter '{_DENSE}' sparse.tif -o ours.tif --tile {_TILE}",
        (
            "conv sparse.tif vips.tif[compression=deflate,bigtiff,tile,tile-width=512,tile-height=512] dense.mat"
            f" {_INTEGER}",
        ),
        most=300,
    ),
    Case(
        "sharpen, 6000x4000 RGB, PNG to PNG (libvips at level 1)",
        "filter sharpen photo.png -o ours.png",
        (f"conv photo.png[access=sequential] vips.png[compression=1] sharpen.mat {_INTEGER}",),
        most=130,
        pixels=("ours.png", "vips.png"),
    ),
)


def picture(path: Path) -> None:
    """A gray picture of waves and noise, as an uncompressed TIFF; made strip by strip."""
    noise = np.random.default_rng(0).normal(0, 3, (_STRIP, SIDE)).astype("float32")
    slope = np.linspace(60, 190, SIDE, dtype="float32")[None]

    def strips() -> Iterator[Any]:
        for top in range(0, SIDE, _STRIP):
            waves = 40 * np.sin(np.arange(top, top + _STRIP, dtype="float32")[:, None] / 37)
            yield np.clip(slope + waves + np.roll(noise, top, 1), 0, 255).astype("uint8")

    with tifffile.TiffWriter(path) as file:
        file.write(strips(), shape=(SIDE, SIDE), dtype="uint8", rowsperstrip=_STRIP, photometric="minisblack")


def sparse(path: Path) -> None:
    """A gray picture of which a few tiles are noise and the others black."""
    noise = np.random.default_rng(1).integers(0, 255, (_TILE, _TILE), np.uint8)
    count = (SPARSE // _TILE) ** 2
    tiles = (noise if number % (count // _FULL) == 0 else np.zeros_like(noise) for number in range(count))
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        options = {"dtype": "uint8", "tile": (_TILE, _TILE), "compression": "zlib", "photometric": "minisblack"}
        file.write(tiles, shape=(SPARSE, SPARSE), **options)


def prepared() -> Path:
    """A folder with the inputs, which are made once."""
    folder = BENCH / "large"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sharpen.mat").write_text(_SHARPEN)
    rows = _DENSE.split("; ")
    (folder / "dense.mat").write_text("\n".join(["5 5 81 0", *rows, ""]))
    if not (folder / "in.tif").exists():
        picture(folder / "in.tif")
    if not (folder / "in.png").exists():
        measured(_ours("filter identity in.tif -o in.png"), folder)
    if not (folder / "sparse.tif").exists():
        sparse(folder / "sparse.tif")
    if not (folder / "photo.png").exists():
        waves = np.add.outer(np.arange(4000) / 30, np.arange(6000) / 50)[..., None] + np.arange(3)
        noise = np.random.default_rng(2).normal(0, 4, (4000, 6000, 3))
        Image.fromarray(np.clip(128 + 80 * np.sin(waves) + noise, 0, 255).astype(np.uint8)).save(folder / "photo.png")
    return folder


def _ours(words: str) -> list[str]:
    return [sys.executable, "-m", "imgconv", *shlex.split(f"{words} {_ALLOWED}")]


def measured(argv: list[str], folder: Path) -> dict[str, Any]:
    """Seconds and peak memory in MB of a command, which must succeed."""
    request = {"argv": argv, "env": {}, "folder": str(folder), "timeout": 600}
    done = subprocess.run(
        [sys.executable, str(_LAUNCH)], input=json.dumps(request) + "\n", capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["code"] == 0, answer["said"]
    return answer


def _joined(runs: list[dict[str, Any]]) -> dict[str, float]:
    """What commands took that follow each other."""
    return {"seconds": sum(run["seconds"] for run in runs), "memory": max(run["memory"] for run in runs)}


def compared(case: Case, folder: Path) -> None:
    """Asserts that both tools' results are the same, band by band."""
    if case.pixels is None:
        return
    if case.pixels[0].endswith(".tif"):
        images = [tifffile.imread(folder / name) for name in case.pixels]
    else:
        Image.MAX_IMAGE_PIXELS = None
        images = [np.asarray(Image.open(folder / name)) for name in case.pixels]
    assert np.array_equal(*images), f"{case.name}: the results differ"


def rows(rounds: int) -> Iterator[list[str]]:
    """A row of the table for each case, medians of runs in turns, and the greatest memory."""
    folder, vips = prepared(), found("vips")
    if vips is None:
        print("libvips: vips is not installed")
    for case in CASES:
        runs: list[list[dict[str, float]]] = []
        for _ in range(rounds):
            ours = [measured(_ours(case.ours), folder)]
            theirs = [] if vips is None else [measured([vips, *shlex.split(words)], folder) for words in case.vips]
            runs.append([_joined(each) for each in (ours, theirs) if each])
        if vips is not None:
            compared(case, folder)
        tools = [
            (statistics.median(run[i]["seconds"] for run in runs), max(run[i]["memory"] for run in runs))
            for i in range(len(runs[0]))
        ]
        shown = [f"{seconds:.2f} s, {memory:.0f} MB" for seconds, memory in tools] + [""] * (2 - len(tools))
        yield [case.name, *shown, f"≤ {case.most} MB: {'met' if tools[0][1] <= case.most else 'missed'}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each command, in turns (default 3)")
    parser.add_argument("--publish", action="store_true", help="write the table into docs/performance.md")
    options = parser.parse_args()
    os.environ.setdefault("IMGCONV_CACHE_DIR", str(BENCH / "loops"))
    lines = ["| case | imgconv | libvips | target |", "| --- | --- | --- | --- |"]
    for row in rows(options.rounds):
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    if options.publish:
        table = "\n".join(lines)
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_PLACE.sub(lambda place: f"{place[1]}{table}\n{place[2]}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
