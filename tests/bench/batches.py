"""`python -m tests.bench.batches`: many files, as one command of ours and as what people do with other tools.

3,000 thumbnails in PNG and 400 JPEGs of 2 megapixels are sharpened, on two processors, in turns. Outputs are compared
first: pixels, and of JPEG also quantisation, chroma sampling and Huffman tables. A tool that is absent is named.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.inputs import BENCH, PHOTO
from tests.bench.tools import SCRIPTS
from tests.programs import found, imagemagick

PROCESSORS = 2
_MASK = "3 3 1 0\n0 -1 0\n-1 5 -1\n0 -1 0\n"
_SHARPEN = "3x3: 0,-1,0 -1,5,-1 0,-1,0"
_JPEG = ("-quality", "92", "-sampling-factor", "1x1", "-define", "jpeg:optimize-coding=false")
_STEP = 7  # pixels between the places of two pictures


@dataclass(frozen=True)
class Batch:
    """Many pictures of one kind, and how many times as fast as each tool we should be."""

    name: str
    count: int
    size: tuple[int, int]
    suffix: str
    goals: Mapping[str, float]


BATCHES = (
    Batch("3,000 thumbnails, PNG", 3000, (160, 120), ".png", {"vips, xargs": 4, "ImageMagick, xargs": 4}),
    Batch(
        "400 JPEGs of 2 megapixels", 400, (1632, 1224), ".jpg",
        {"vips, xargs": 3, "ImageMagick, xargs": 3, "mogrify": 1.5, "OpenCV, threads": 1},
    ),
)  # fmt: skip


def pictures(batch: Batch, count: int, folder: Path) -> list[Path]:
    """The inputs, made of a photograph; those of an earlier run are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}{batch.suffix}" for number in range(count)]
    width, height = batch.size
    photo = Image.open(PHOTO).convert("RGB")
    if photo.width < width + 200:
        photo = photo.resize((2 * photo.width, 2 * photo.height))
    for number, path in enumerate(paths):
        if not path.exists():
            left, top = _STEP * number % (photo.width - width), 3 * number % (photo.height - height)
            photo.crop((left, top, left + width, top + height)).save(path, quality=90)
    return paths


def contestants(batch: Batch, paths: Sequence[Path], out: Path) -> dict[str, list[str] | str]:
    """The command of each tool, or why there is none."""
    names = [str(path) for path in paths]
    listed = paths[0].parent / "list"
    listed.write_text("\n".join(names))
    mask = paths[0].parent / "mask"
    mask.write_text(_MASK)
    ours = [str(Path(sys.executable).parent / "imgconv"), "filter", "sharpen", "--files-from", str(listed), "-q"]
    jpeg = batch.suffix == ".jpg"
    vips, magick, mogrify = found("vips"), imagemagick(), found("mogrify")
    options = list(_JPEG) if jpeg else []
    each = f'"$1" {out}/$(basename "$1")'
    written = "[Q=92,subsample-mode=off]" if jpeg else ""
    return {
        "imgconv": [*ours, "-o", str(out)],
        "imgconv --jobs 1": [*ours, "--jobs", "1", "-o", str(out)],
        "vips, xargs": _xargs(listed, f"{vips} conv {each}{written} {mask} --precision integer") if vips else "no vips",
        "ImageMagick, xargs": _xargs(listed, f'{magick} "$1" -morphology Correlate "{_SHARPEN}" {" ".join(options)}'
                                             f' {out}/$(basename "$1")') if magick else "no ImageMagick",
        "mogrify": [mogrify, "-path", str(out), "-morphology", "Correlate", _SHARPEN, *options, *names]
        if mogrify else "no mogrify",
        "OpenCV, threads": [sys.executable, str(SCRIPTS / "opencv_batch.py"), str(PROCESSORS), str(out), *names]
        if importlib.util.find_spec("cv2") else "no cv2",
    }  # fmt: skip


def _xargs(listed: Path, line: str) -> list[str]:
    return ["sh", "-c", f"xargs -a {listed} -n 1 -P {PROCESSORS} sh -c '{line}' sh"]


def seconds(command: Sequence[str], out: Path) -> float:
    """The time of one run into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    start = time.perf_counter()
    subprocess.run(command, check=True, env=os.environ | {"MAGICK_THREAD_LIMIT": "1", "VIPS_CONCURRENCY": "1"})
    return time.perf_counter() - start


def objection(ours: Path, other: Path) -> str:
    """What differs between two outputs of one picture that should be the same; empty if nothing does."""
    pixels = [np.asarray(Image.open(path).convert("RGB"), "int16") for path in (ours, other)]
    if pixels[0].shape != pixels[1].shape:
        return "sizes"
    if ours.suffix == ".png":
        return "" if np.array_equal(*pixels) else "pixels"
    parts = [segments(path.read_bytes()) for path in (ours, other)]
    for marker, what in ((0xDB, "quantisation"), (0xC0, "chroma sampling"), (0xC4, "Huffman tables")):
        if parts[0].get(marker) != parts[1].get(marker):
            return what
    return "" if np.abs(pixels[0] - pixels[1]).mean() < 1 else "pixels"


def segments(jpeg: bytes) -> dict[int, bytes]:
    """The contents of a JPEG's segments before its pixels, by their markers; tables of one kind in order."""
    tables: dict[int, list[bytes]] = {}
    place = 2
    while jpeg[place + 1] != 0xDA:
        length = int.from_bytes(jpeg[place + 2 : place + 4])
        tables.setdefault(jpeg[place + 1], []).extend(_tables(jpeg[place + 1], jpeg[place + 4 : place + 2 + length]))
        place += 2 + length
    return {marker: b"".join(sorted(parts)) for marker, parts in tables.items()}


def _tables(marker: int, content: bytes) -> list[bytes]:
    """The tables in a segment, of which one may hold several."""
    found_: list[bytes] = []
    while content:
        size = len(content)
        if marker == 0xDB:
            size = 65
        elif marker == 0xC4:
            size = 17 + sum(content[1:17])
        found_.append(content[:size])
        content = content[size:]
    return found_


def measured(batch: Batch, count: int, rounds: int) -> dict[str, float]:
    """The median seconds of each tool that is there, in turns; AssertionError if outputs differ."""
    base = BENCH / "batches" / batch.suffix.lstrip(".")
    paths = pictures(batch, count, base / "in")
    commands: dict[str, list[str]] = {}
    for name, command in contestants(batch, paths, base / "out").items():
        if isinstance(command, str):
            print(f"  {name}: {command} on this machine")
        else:
            commands[name] = command
    times: dict[str, list[float]] = {name: [] for name in commands}
    kept = base / "ours" / paths[0].name
    kept.parent.mkdir(exist_ok=True)
    for turn in range(rounds + 1):
        for name, command in commands.items():
            spent = seconds(command, base / "out")
            if turn:
                times[name].append(spent)
            elif name == "imgconv":
                shutil.copy(base / "out" / kept.name, kept)
            elif problem := objection(kept, base / "out" / kept.name):
                raise AssertionError(f"{name} differs from us: {problem}")
    return {name: statistics.median(spent) for name, spent in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each tool (default 3)")
    parser.add_argument("--share", type=float, default=1, help="of the pictures, for a quick look (default 1)")
    given = parser.parse_args()
    for batch in BATCHES:
        count = max(2, int(batch.count * given.share))
        print(f"{batch.name}{f' ({count} of them)' if count != batch.count else ''}:")
        found_ = measured(batch, count, given.rounds)
        for name, spent in found_.items():
            goal = batch.goals.get(name)
            against = f", {spent / found_['imgconv']:.2f}× our time{f' (goal {goal}×)' if goal else ''}"
            print(f"  {name}: {spent:.2f} s, {count / spent:.0f} per second{against if name != 'imgconv' else ''}")


if __name__ == "__main__":
    main()
