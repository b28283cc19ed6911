"""`imgconv doctor`: what this installation has, and what is missing."""

from __future__ import annotations

import os
import platform
import sys

import click

from imgconv import __version__, errors
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished

EXAMPLES = ("imgconv doctor",)
HELP = "Print the cache folders, the processor, versions, image formats and limits."
PACKAGES = ("numpy", "numba", "llvmlite", "Pillow", "click", "isal", "tifffile", "safetensors")
EXTRAS = {
    "deep": ("imagecodecs",),
    "keras": ("h5py",),
    "zarr": ("zarr",),
    "onnx": ("onnx",),
    "dask": ("dask", "distributed", "cryptography"),
    "remote": ("fsspec", "aiohttp", "s3fs", "gcsfs"),
}
"""Packages of the extras."""
FEATURES = {
    "jpg": "JPEG",
    "zlib": "PNG",
    "libtiff": "TIFF",
    "webp": "WebP",
    "jpg_2000": "JPEG 2000",
    "avif": "AVIF",
    "littlecms2": "colour profiles",
}
"""Pillow's names of optional features."""
_MISSING = "not installed"
VARIABLES = {
    "IMGCONV_CACHE_DIR": "folders of compiled loops, separated as in PATH: the first is written, all are read",
    "IMGCONV_JIT": "stock uses Numba's own engine and keeps nothing",
    "IMGCONV_NO_JIT": "1 runs loops as plain Python, slowly",
    "IMGCONV_DEBUG": "1 shows where a bug of imgconv happened",
}
"""Variables of the environment that imgconv reads, and what they do."""


def command() -> Command:
    def show() -> None:
        click.echo(text())
        raise Finished(errors.DONE)

    return Command(
        "doctor",
        params=[],
        callback=show,
        help=HELP,
        brief="Show folders, processor, versions, limits",
        examples=EXAMPLES,
    )


def text() -> str:
    """The report: a name and its values on each line."""
    lines: list[tuple[str, str]] = []
    for title, rows in (
        ("imgconv", _versions()),
        ("extras", _extras()),
        ("machine code", _code()),
        ("this machine", _machine()),
        ("images", _images()),
        ("limits", _limits()),
    ):
        lines += [(title, ""), *((f"  {name}", value) for name, value in rows), ("", "")]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in lines).rstrip()


def _versions() -> list[tuple[str, str]]:
    rows = [("imgconv", __version__), ("Python", f"{platform.python_version()} ({sys.executable})")]
    return [*rows, *((package, _version(package)) for package in PACKAGES)]


def _extras() -> list[tuple[str, str]]:
    """The packages of each extra, and how those that are missing are installed."""
    rows = []
    for extra, packages in EXTRAS.items():
        found = ", ".join(f"{package} {_version(package)}" for package in packages)
        rows.append((extra, f"{found} (pip install 'imgconv[{extra}]')" if _MISSING in found else found))
    return rows


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return _MISSING


def _code() -> list[tuple[str, str]]:
    from imgconv.jit import build, machine, plain_python

    source = (
        "plain Python, slow (IMGCONV_NO_JIT)"
        if plain_python()
        else "Numba's own engine (IMGCONV_JIT=stock)"
        if build.stock_wanted()
        else "stored objects"
    )
    return [
        ("runs as", source),
        *_folders(),
        ("compiled for", machine.here().name),
        ("8-bit images", _products()),
        ("runs code for", ", ".join(baseline.name for baseline in machine.baselines())),
        *sorted(item for item in os.environ.items() if item[0] in VARIABLES or item[0].startswith("NUMBA_")),
    ]


def _folders() -> list[tuple[str, str]]:
    """The folders of stored loops, with their state."""
    from imgconv.jit import store

    rows = []
    for number, folder in enumerate(store.folders()):
        state, count, size = store.state(folder)
        rows.append(("later folder, only read" if number else "folder", str(folder)))
        rows.append(("", f"{state}; {count} loop{'s' * (count != 1)}, {size / 1024:.0f} KiB"))
    return rows or [("folder", "none: IMGCONV_CACHE_DIR names no folder")]


def _products() -> str:
    """How many products 8-bit images are filtered by at once, and why not more."""
    from imgconv import jit
    from imgconv.jit import machine
    from imgconv.loops.instructions import INSTRUCTIONS, named

    if jit.multiplies_bytes():
        return "four products at once (AVX-512 VNNI)"
    if names := jit.instructions():
        best = max(map(named, names), key=lambda row: row.stack * (row.wide == 32))
        return f"{'four' if best.stack == 4 else 'two'} products at once ({best.title})"
    if machine.instructions(machine.target()):
        return "one product at a time (no folder takes loops for more at once)"
    return f"one product at a time (more at once take {', '.join(dict.fromkeys(row.title for row in INSTRUCTIONS))})"


def _machine() -> list[tuple[str, str]]:
    from imgconv.engine.bands import available_threads
    from imgconv.engine.memory import machine_bytes

    return [
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("threads", f"{available_threads()} of {os.cpu_count()} processors"),
        ("memory", f"{machine_bytes() / 2**30:.1f} GiB"),
    ]


def _images() -> list[tuple[str, str]]:
    from PIL import features

    from imgconv.files.formats import FORMATS

    def known(feature: str) -> bool:
        return feature in features.get_supported()

    return [
        ("written", ", ".join(FORMATS)),
        ("Pillow has", ", ".join(name for feature, name in FEATURES.items() if known(feature))),
        (
            "Pillow lacks",
            ", ".join(name for feature, name in FEATURES.items() if not known(feature)) or "none of these",
        ),
        ("zlib", "zlib-ng" if features.check_feature("zlib_ng") else str(features.version_codec("zlib"))),
        ("libjpeg", "turbo" if features.check_feature("libjpeg_turbo") else str(features.version_codec("jpg"))),
    ]


def _limits() -> list[tuple[str, str]]:
    from imgconv.engine.memory import allowed_bytes
    from imgconv.files.options import MOST_FRAMES, MOST_PIXELS
    from imgconv.kernels.kernel import MOST_SIDE, MOST_WEIGHTS

    return [
        ("pixels", f"{MOST_PIXELS:,} per frame (--max-pixels)"),
        ("frames", f"{MOST_FRAMES:,} per image (--max-frames)"),
        ("memory", f"{allowed_bytes() / 2**30:.1f} GiB per image, predicted before work starts (--max-memory)"),
        ("kernel", f"{MOST_WEIGHTS:,} weights, {MOST_SIDE:,} per side"),
    ]
