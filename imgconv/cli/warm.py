"""`imgconv warm`: compiles ahead what images, kernels and poolings usually need.

The table lists requests, not loops. They are run on a tiny image, so that it stays right whatever the planner chooses.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from imgconv import errors
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished, complain
from imgconv.cli.options import option, quiet
from imgconv.operations.detectors import DETECTORS
from imgconv.operations.pool import REDUCTIONS
from imgconv.planner.combining import COMBINES
from imgconv.values import groups

TYPES = ("uint8", "uint16", "float32")
SIDE = 72  # pixels: more than any of the windows below
STEPS = (
    *(f"filter {kernel}" for kernel in ("box:5", "box:31", "gaussian:2", "gaussian:5", "gaussian:5 stride=2")),
    *(
        f'filter "{";".join(" ".join(str((7 * y * y + 3 * x) % 11 - 4) for x in range(side)) for y in range(side))}"'
        for side in (3, 5, 7, 11)
    ),
    *(f"{kind}pool {window}" for kind in REDUCTIONS for window in ("2", "3 stride=2 pad=1", "31 stride=1")),
    *("relu", "abs", "sigmoid", "tanh", "identity"),
    *(f"filter sobel-x with=sobel-y combine={how}" for how in COMBINES),
    "filter sobel-x with=sobel-y with=laplacian",
    *(f"edges {detector}" for detector in DETECTORS),
    "bank gabor:8,0:180:45 sheet",
    "filter gaussian:1 with=-1*gaussian:2 combine=sum",
)
"""Single steps, each run on every type of TYPES, and so is every named kernel."""
PIPELINES = (
    "filter vertical | relu | maxpool 2",
    "filter gaussian:1.5 border=reflect | avgpool 3 stride=2",
    "filter sobel-x | abs | maxpool 2 | filter vertical | relu | maxpool 2",
)
QUANTISED = (
    *(("filter sobel-x", "same", range_) for range_ in ("abs", "shift", "stretch")),
    *(
        (step, dtype, "clamp")
        for step in ("filter sobel-x", "filter gaussian:2", "avgpool 2", "sigmoid", "tanh")
        for dtype in ("float32",)
    ),
    ("filter sobel-x", "int16", "clamp"),
)
"""Steps with other output types or ranges: (step, output type, range)."""
IMAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    *(
        (step, {})
        for step in (
            "filter gaussian:1.5",
            "filter box:3",
            "filter sharpen",
            "filter sobel-x",
            "avgpool 2",
            "maxpool 2",
        )
    ),
    ("filter gaussian:1.5", {"linear": True}),
    ("filter sharpen", {"channels": "luma", "alpha": "keep"}),
)
"""Steps for colour images that are not opaque, each on every type of TYPES: (step, how colour and alpha take part)."""
AUXILIARY = ("sobel", "kirsch")
"""Detectors whose auxiliary outputs are computed."""
NETWORK = "conv 4@3x3 | relu | conv 32@3x3 | conv 32@3x3 depthwise | tanh"
EXAMPLES = ("imgconv warm", "imgconv warm --dir /usr/share/imgconv/loops --cpu x86-64-v3")
HELP = (
    "Compile what filters and poolings of common pixel types need, so that no later run has to wait. "
    "With --dir, into a folder of its own, for a container image that other machines run: there "
    "IMGCONV_CACHE_DIR names it, after a folder that can be written."
)


def command() -> Command:
    params: list[click.Parameter] = [
        option(
            "--dir folder",
            "FOLDER",
            groups.FILES,
            "Folder to store the loops in.  [default: the cache folder; 'imgconv doctor' shows it]",
            "Folder to store the loops in.",
        ),
        option(
            "--cpu",
            "NAME",
            groups.OPERATION,
            "Compile for a baseline such as x86-64-v3 instead of this machine.",
            "Compile for a baseline such as x86-64-v3.",
        ),
        quiet(),
    ]
    return Command(
        "warm",
        params=params,
        callback=_warm,
        help=HELP,
        brief="Compile ahead, so that no run waits",
        examples=EXAMPLES,
    )


def requests() -> Iterator[tuple[str, str, str, str]]:
    """The table: (type, pipeline, output type, range)."""
    from imgconv.kernels.named import table

    named = [f"filter {row.example}" for row in table().values()]
    for type_ in TYPES:
        yield from ((type_, step, "same", "clamp") for step in (*named, *STEPS, *PIPELINES))
        yield from ((type_, *rest) for rest in QUANTISED if not (type_.startswith("float") and rest[2] == "shift"))


def run_request(type_: str, text: str, dtype: str, range_: str) -> Any:
    """Runs one request of the table on a tiny image and returns the result."""
    import numpy as np

    from imgconv.api.steps import run

    image = (np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % 251).astype(type_)
    options: dict[str, Any] = {"dtype": dtype, "range": range_, "threads": 1}
    return run(image, text, **options)


def run_auxiliary() -> None:
    """Compiles what the auxiliary outputs of edges need."""
    import numpy as np

    from imgconv.api.edge_detection import directions

    for detector in AUXILIARY:
        directions(np.zeros((SIDE, SIDE), np.uint8), detector, "which", threads=1)  # type: ignore[call-overload]


def run_network() -> None:
    """Compiles what networks need beyond pooling: layers of few and of many filters, and depthwise ones."""
    import numpy as np

    from imgconv.networks.network import Network

    network = Network.random(NETWORK, (8, 8, 2))
    network.run(np.zeros((1, 8, 8, 2), np.float32), threads=1)


def run_images() -> None:
    """Compiles what colours and alpha need beyond the arrays of `requests`."""
    import numpy as np

    from imgconv.api.image import Image
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.image import Frame

    for type_ in TYPES if IMAGES else ():
        values = np.arange(SIDE * SIDE * 4).reshape(SIDE, SIDE, 4) % 251
        image = Image((Frame(values[..., :3].astype(type_), values[..., 3].astype(type_)),))
        image.gray()
        for text, options in IMAGES:
            image.through(Pipeline.parse(text), threads=1, **options)


def write_png() -> None:
    """Compiles what reading and writing a PNG need."""
    import numpy as np

    from imgconv import jit
    from imgconv.files import write
    from imgconv.files.deflate import compress
    from imgconv.files.formats import FORMATS
    from imgconv.files.png import unfilter_loops
    from imgconv.values.image import Frame, ImageData

    one = np.zeros(2, np.uint8)
    jit.bind(
        unfilter_loops.UNFILTER,
        {},
        {"source": one, "rows": 1, "row": 1, "pixel": 1, "zeros": one, "result": one.copy(), "last": 1},
    )
    compress.runs_coder()(one, True)
    write.encoded(ImageData((Frame(np.zeros((SIDE, SIDE), np.uint8)),), "png"), FORMATS["png"], "png")


def read_lzw() -> None:
    """Compiles what reading a TIFF compressed by LZW needs."""
    import numpy as np

    from imgconv import jit
    from imgconv.files.tiff import lzw_loops

    one, numbers = np.zeros(lzw_loops.MARGIN, np.uint8), np.zeros(lzw_loops.STRINGS, np.int64)
    streams = {f"streams_{name}": numbers for name in ("starts", "coded", "places", "sizes", "filled")}
    sizes = {"source_size": 1, "result_size": 1, "streams_count": 1, "last": 1}
    jit.bind(
        lzw_loops.DECODE, {}, {"source": one, "result": one, "begins": numbers, "spans": numbers, **streams, **sizes}
    )


def _warm(folder: str | None, cpu: str | None, quiet: bool) -> None:
    from imgconv.jit import build, machine, store

    start, place = time.perf_counter(), _target_folder(folder, cpu)
    _compile_all(progress=not quiet and sys.stderr is not None and sys.stderr.isatty())
    if cpu is not None:
        store.mark_ahead(cpu)
    if not quiet:
        _print_summary(place, machine.target().name, time.perf_counter() - start)
    stock = _counted(build.STOCK)
    if stock:
        complain(f"{stock} loops could not be stored on this machine; each run compiles them again")
    raise Finished(errors.FAILED if stock else errors.DONE)


def _target_folder(folder: str | None, cpu: str | None) -> str:
    """The folder that loops will be stored in. Raises ImgconvError where there is none."""
    from imgconv.jit import build, machine, plain_python, store

    if plain_python() or build.stock_wanted():
        raise errors.UsageError(
            "IMGCONV_NO_JIT or IMGCONV_JIT=stock is set: nothing would be stored; unset it to compile ahead"
        )
    if cpu is not None:
        machine.choose(cpu)
    if folder is not None:
        os.environ["IMGCONV_CACHE_DIR"] = _created_folder(folder)
    place = store.writable_folder()
    if place is not None:
        return str(place)
    if first := store.folders()[:1]:
        raise _unusable(str(first[0]), store.state(first[0])[0])
    raise errors.FileError("IMGCONV_CACHE_DIR names no folder to store loops in; name one there or with --dir")


def _compile_all(*, progress: bool) -> None:
    """Runs every request; with `progress` a line on standard error shows how far it is."""
    from imgconv.jit import build

    table = list(requests())
    for number, request in enumerate(table):
        if progress:
            share, compiled = number * 100 // len(table), _counted(build.COMPILED)
            print(f"\rimgconv: {share:3} %, {compiled} compiled ", end="", file=sys.stderr, flush=True)
        run_request(*request)
    run_auxiliary()
    run_images()
    run_network()
    write_png()
    read_lzw()
    if progress:
        print("\r\x1b[K", end="", file=sys.stderr)


def _print_summary(place: str, processor: str, seconds: float) -> None:
    from imgconv.jit import build

    stored, compiled = _counted(build.STORED), _counted(build.COMPILED)
    complain(
        f"{stored + compiled} loops for {processor} in {place}: {stored} there already, {compiled} compiled"
        f" ({seconds:.1f} s)"
    )


def _unusable(folder: str, reason: str) -> errors.FileError:
    return errors.FileError(
        f"{folder if len(folder) <= 400 else errors.cut(folder)}: loops cannot be stored there ({reason})"
    )


def _created_folder(folder: str) -> str:
    """The absolute path of the folder, which is created if need be, readable by all since others are to use it."""
    path = os.path.abspath(folder)
    if os.pathsep in path:
        raise _unusable(path, f"{os.pathsep} separates folders in IMGCONV_CACHE_DIR")
    from imgconv.jit import trust

    try:
        fault = trust.fault(path, make=0o755)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
    if fault:
        raise _unusable(path, fault)
    return path


def _counted(origin: str) -> int:
    from imgconv.jit import build

    return sum(loop.origin == origin for loop in build.log)
