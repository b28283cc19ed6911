"""What `imgconv warm` compiles: tables of requests, and how they are run on tiny images.

The tables list requests, not loops, so that they stay right whatever the planner chooses. A task is the name of a row
of RUNNERS and its arguments, all of them text, since another process may run it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from imgconv.operations.detectors import DETECTORS
from imgconv.operations.pool import NUMBERS, PLAIN
from imgconv.planner.combining import COMBINES

TYPES = ("uint8", "uint16", "float32")
SIDE = 72  # pixels: more than any of the windows below
STEPS = (
    *(f"filter {kernel}" for kernel in ("box:5", "box:31", "gaussian:2", "gaussian:5", "gaussian:5 stride=2")),
    *(
        f'filter "{";".join(" ".join(str((7 * y * y + 3 * x) % 11 - 4) for x in range(side)) for y in range(side))}"'
        for side in (3, 5, 7, 11)
    ),
    *(f"{kind}pool {window}" for kind in PLAIN for window in ("2", "3 stride=2 pad=1", "31 stride=1")),
    *(f"pool kind={kind}{':2' if numbers else ''} size=3" for kind, numbers in NUMBERS.items() if kind not in PLAIN),
    *("relu", "abs", "sigmoid", "tanh", "identity"),
    *(f"filter sobel-x with=sobel-y combine={how}" for how in COMBINES),
    "filter sobel-x with=sobel-y with=laplacian",
    *(f"edges {detector}" for detector in DETECTORS),
    "bank gabor:8,0:180:45 sheet",
    "filter gaussian:1 with=-1*gaussian:2 combine=sum",
)
"""Single steps, each run on every type of TYPES, and so is every named kernel."""
LIKELY_STEPS = (
    *("filter box:5", "filter box:31", "filter gaussian:2", "filter gaussian:5"),
    *(step for step in STEPS if step.startswith('filter "')),
    *(f"{kind}pool {window}" for kind in PLAIN for window in ("2", "3 stride=2 pad=1")),
    *("relu", "abs", "sigmoid", "tanh"),
    "filter sobel-x with=sobel-y combine=l2",
    *("edges sobel", "edges prewitt", "edges kirsch", "edges canny"),
)
"""Steps that are likely on 8-bit images, and so is every named kernel."""
PLAIN_STEPS = (
    "filter vertical",
    "filter sharpen",
    "filter box:3",
    "filter gaussian:2",
    "maxpool 2",
    "avgpool 2",
    "relu",
)
"""Steps that are likely on images of every type of TYPES."""
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
"""Steps for colour images that are not opaque, each on every type of TYPES: (step, how colour and alpha take part).
Those without options are likely on 8-bit images."""
AUXILIARY = ("sobel", "kirsch")
"""Detectors whose auxiliary outputs are computed."""
NETWORK = "conv 4@3x3 | relu | conv 32@3x3 | conv 32@3x3 depthwise | tanh"
Task = tuple[str, ...]


def tasks(*, every: bool) -> list[Task]:
    """What is to be run: what is likely, or everything in the tables.

    Likely is what the pages for users show: 8-bit images, gray, in colour and with alpha, through every named kernel,
    LIKELY_STEPS and PIPELINES; images of 16 bits and of floats through PLAIN_STEPS; small networks; PNG and TIFF.
    """
    types = TYPES if every else TYPES[:1]
    return [
        *(("request", *request) for request in requests(every=every)),
        *(("gray", type_) for type_ in TYPES),
        *(
            ("image", type_, str(number))
            for type_ in types
            for number, (_, options) in enumerate(IMAGES)
            if every or not options
        ),
        *(("auxiliary", detector) for detector in AUXILIARY if every),
        ("network",),
        ("png",),
        ("tiff",),
    ]


def requests(*, every: bool) -> Iterator[tuple[str, str, str, str]]:
    """The requests of arrays: (type, pipeline, output type, range)."""
    from imgconv.kernels.named import table

    named = [f"filter {row.example}" for row in table().values()]
    for type_ in TYPES:
        if every:
            steps = [*named, *STEPS, *PIPELINES]
        else:
            steps = [*named, *LIKELY_STEPS, *PIPELINES] if type_ == TYPES[0] else [*PLAIN_STEPS]
        yield from ((type_, step, "same", "clamp") for step in steps)
        if every or type_ == TYPES[0]:
            yield from ((type_, *rest) for rest in QUANTISED if not (type_.startswith("float") and rest[2] == "shift"))


def run_task(task: Task) -> None:
    """Runs one task, so that whatever it needs is compiled."""
    RUNNERS[task[0]](*task[1:])


def run_request(type_: str, text: str, dtype: str, range_: str) -> Any:
    """Runs one request of the table on a tiny image and returns the result."""
    import numpy as np

    from imgconv.api.steps import run

    image = (np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % 251).astype(type_)
    options: dict[str, Any] = {"dtype": dtype, "range": range_, "threads": 1}
    return run(image, text, **options)


def run_auxiliary(detector: str) -> None:
    """Compiles what the auxiliary outputs of a detector need."""
    import numpy as np

    from imgconv.api.edge_detection import directions

    directions(np.zeros((SIDE, SIDE), np.uint8), detector, "which", threads=1)  # type: ignore[call-overload]


def run_network() -> None:
    """Compiles what networks need beyond pooling: layers of few and of many filters, and depthwise ones."""
    import numpy as np

    from imgconv.networks.network import Network

    network = Network.random(NETWORK, (8, 8, 2))
    network.run(np.zeros((1, 8, 8, 2), np.float32), threads=1)


def run_gray(type_: str) -> None:
    """Compiles what colours that become gray need."""
    _colours(type_).gray()


def run_image(type_: str, number: str) -> None:
    """Compiles what a row of IMAGES needs beyond the arrays of `requests`."""
    from imgconv.operations.pipeline import Pipeline

    text, options = IMAGES[int(number)]
    _colours(type_).through(Pipeline.parse(text), threads=1, **options)


def _colours(type_: str) -> Any:
    """A tiny image in colour that is not opaque."""
    import numpy as np

    from imgconv.api.image import Image
    from imgconv.values.image import Frame

    values = np.arange(SIDE * SIDE * 4).reshape(SIDE, SIDE, 4) % 251
    return Image((Frame(values[..., :3].astype(type_), values[..., 3].astype(type_)),))


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


def read_tiff() -> None:
    """Compiles what reading a TIFF compressed by LZW or PackBits needs."""
    import numpy as np

    from imgconv import jit
    from imgconv.files.tiff import lzw_loops, packbits_loops

    one, numbers = np.zeros(lzw_loops.MARGIN, np.uint8), np.zeros(lzw_loops.STRINGS, np.int64)
    streams = {f"streams_{name}": numbers for name in ("starts", "coded", "places", "sizes", "filled")}
    sizes = {"source_size": 1, "result_size": 1, "streams_count": 1, "last": 1}
    arguments = {"source": one, "result": one, **streams, **sizes}
    jit.bind(packbits_loops.DECODE, {}, arguments)
    jit.bind(lzw_loops.DECODE, {}, {**arguments, "begins": numbers, "spans": numbers})


RUNNERS: dict[str, Callable[..., Any]] = {
    "request": run_request,
    "gray": run_gray,
    "image": run_image,
    "auxiliary": run_auxiliary,
    "network": run_network,
    "png": write_png,
    "tiff": read_tiff,
}
