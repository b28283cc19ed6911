"""What is tried with a mutant, and what is right: `image`, `weights`, `kernel`, `pipeline` and `parameter` return
"made" or "refused", or raise Wrong."""

from __future__ import annotations

import io
import math
import os
import random
import stat
import zlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import imgconv
from imgconv import errors
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.schedule import run_jobs
from imgconv.batches.settings import Settings
from imgconv.batches.task import Listener, Run
from imgconv.cli.messages import printable
from imgconv.files.formats import COMPRESS_LEVEL, FORMATS
from imgconv.files.options import Reading
from imgconv.kernels.catalog import KERNEL, read_all
from imgconv.kernels.kernel import MOST_TOGETHER
from imgconv.networks.formats import safetensors
from imgconv.networks.formats.stored import Stored
from imgconv.operations.pipeline import Pipeline
from imgconv.values import parameters
from imgconv.values.borders import BORDER
from tests import png_files
from tests.examples import EXAMPLES, PIPELINES
from tests.fuzz import dialects, mutate
from tests.fuzz import store as machine_code
from tests.fuzz.junk import junk
from tests.fuzz.numbers import numbers
from tests.fuzz.seeds import seeds

READING = Reading(max_pixels=4_000_000, max_frames=50, max_memory=200_000_000)
LONGEST = 400


class Wrong(AssertionError):  # noqa: N818 (an outcome's name)
    """Neither a correct output nor a refusal."""


def sentence(error: errors.ImgconvError, start: str = "") -> None:
    """A refusal is one line that can be read, and no bug of ours."""
    said = printable(str(error))
    if len(said) > LONGEST or not said.startswith(start) or error.exit_code not in (errors.FAILED, errors.MISUSED):
        raise Wrong(f"a strange refusal: {type(error).__name__}: {said!r}") from error


def warm(folder: Path) -> None:
    """What is needed only once (seeds, libraries, a compilation) is no mutant's fault."""
    for name in ("PNG-RGB", "ours-png-uint16-3", "TIFF-tiff_lzw"):
        read(seeds()[name], folder, original(name))
    machine_code.objects()


# ---------------------------------------------------------------- images


@cache
def original(name: str) -> Any:
    """The pixels of a seed, as imgconv reads them; None where it does not."""
    try:
        found = imgconv.load(_file(Path(_folder()), seeds()[name]))
    except errors.ImgconvError:
        return None
    return [(frame.pixels, frame.alpha) for frame in found.frames]


@cache
def _folder() -> str:
    import tempfile

    return tempfile.mkdtemp(prefix="fuzz")


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "in.bin"
    path.write_bytes(content)
    return path


def image(number: str, folder: Path) -> str:
    """A spoilt image through the road that every image takes, into a file."""
    rng = random.Random(number)
    names = sorted(seeds())
    name = rng.choice(names)
    content, cut = mutate.mutant(seeds()[name], seeds()[rng.choice(names)], rng)
    meant, printed = original(name) if cut else None, _printed()
    outcome = read(content, folder, meant, lenient=rng.random() < 0.1)
    if _printed() > printed:
        raise Wrong("a library printed something on standard error")
    return outcome


def _printed() -> int:
    """How much stands in the file that a worker's standard error is; 0 where it is none."""
    state = os.fstat(2)
    return state.st_size if stat.S_ISREG(state.st_mode) else 0


def read(content: bytes, folder: Path, meant: Any = None, *, lenient: bool = False) -> str:
    """`meant` are the pixels that must come out, if any do."""
    given, target = _file(folder, content), folder / "out.npy"
    target.unlink(missing_ok=True)
    reading = (
        READING
        if not lenient
        else Reading(
            **{name: getattr(READING, name) for name in ("max_pixels", "max_frames", "max_memory")},
            allow_truncated=True,
        )
    )
    said: list[Outcome] = []
    job = Job(str(given), str(target), FORMATS["npy"], replace=True)
    run = Run(Pipeline.parse("activate identity"), Settings(reading=reading), own_process=True)
    run_jobs([job], run, Listener(lambda _, outcome: said.append(outcome)))
    (outcome,) = said
    if outcome.error is not None:
        if target.exists():
            raise Wrong("refused, and an output is there")
        sentence(outcome.error, str(given))
        return "refused"
    made = np.load(target, allow_pickle=False)
    if outcome.facts["frames_out"] > 1:
        if made.ndim != 4 or len(made) != outcome.facts["frames_out"]:
            raise Wrong(f"an output of {made.shape}, said to be {outcome.facts['frames_out']} frames")
        made = made[0]
    if (
        [*made.shape, 1][:3] != outcome.facts["shape_out"]
        or made.dtype != outcome.facts["dtype_out"]
        or outcome.facts["samples"] < 1
    ):
        raise Wrong(
            f"an output of {made.shape} {made.dtype}, said to be {outcome.facts['shape_out']}"
            f" {outcome.facts['dtype_out']}"
        )
    if outcome.facts["shape_in"][:2] != outcome.facts["shape_out"][:2]:
        raise Wrong("an output of another size")
    if meant is not None and not lenient and not any(note.loss for note in outcome.notes):
        pixels, alpha = meant[0]
        whole = pixels if alpha is None else np.dstack([pixels, alpha])
        if made.shape != whole.shape or not np.array_equal(made, whole, equal_nan=made.dtype.kind == "f"):
            raise Wrong("cut short, accepted without a word, and not what it was")
    return "made"


def encoded(number: str, folder: Path) -> str:
    """Random pixels through our PNG writer; every decoder there is must give them back."""
    from tests.fuzz.decoders import DECODERS

    rng = random.Random(number)
    values = np.random.default_rng(rng.randrange(2**32))
    type_, channels = rng.choice(("uint8", "uint16")), rng.choice((1, 2, 3, 4))
    shape = rng.choice((1, 2, 7, rng.randint(1, 300))), rng.choice((1, 2, 7, rng.randint(1, 300))), channels
    top = np.iinfo(type_).max
    kinds = (
        values.integers(0, top + 1, shape),
        np.cumsum(values.integers(0, 3, shape), axis=rng.choice((0, 1))) % (top + 1),
        np.full(shape, rng.randint(0, top)),
    )
    pixels = rng.choice(kinds).astype(type_)
    colour, alpha = (pixels[..., :-1], np.ascontiguousarray(pixels[..., -1])) if channels in (2, 4) else (pixels, None)
    frame = imgconv.values.image.Frame(np.ascontiguousarray(colour if colour.shape[2] > 1 else colour[..., 0]), alpha)
    path = folder / "out.png"
    imgconv.save(imgconv.Image((frame,)), path, compress_level=rng.choice((None, *range(10))))
    for name, decode in DECODERS.items():
        found = decode(path, type_, channels)
        if found is not None and not np.array_equal(found.reshape(shape), pixels):
            raise Wrong(f"{name} reads other pixels than were written ({shape}, {type_})")
    return "made"


def png(number: str, folder: Path) -> str:
    """A PNG of any kind and size: whole, attacked, or with spoilt rows. Whole ones are made, broken ones refused."""
    rng = random.Random(number)
    size = rng.choice((1, 2, 5, 8, rng.randint(1, 40))), rng.choice((1, 2, 5, 8, rng.randint(1, 40)))
    it = png_files.made(rng.choice(png_files.KINDS), size, interlaced=rng.random() < 0.5, seed=rng.randrange(2**32))
    match rng.randrange(3):
        case 0:
            deflated = (
                it.deflated[:2] + mutate.mutant(it.deflated[2:], it.rows, rng)[0]
            )  # heads have attacks of their own
            whole, content = _holds(it, deflated), it.file(deflated)
        case 1:
            rows = mutate.mutant(it.rows, it.deflated, rng)[0]
            deflated = zlib.compress(rows, rng.randrange(10))
            whole, content = (
                _holds(it, deflated),
                it.file(*(deflated[at : at + 9] for at in range(0, len(deflated), 9))),
            )
        case _:
            whole, content = rng.choice(
                [(True, it.file()), *((False, content) for _, content in png_files.attacked(it))]
            )
    found = read(content, folder, lenient=(lenient := not whole and rng.random() < 0.3))
    if (found == "made") is not whole and not lenient:
        raise Wrong(f"a {'whole' if whole else 'broken'} PNG is {found}")
    return found


def _holds(it: png_files.Made, deflated: bytes) -> bool:
    """Whether a zlib stream holds all rows of a picture and nothing else, by zlib alone."""
    inflate = zlib.decompressobj()
    try:
        rows = inflate.decompress(deflated)
    except zlib.error:
        return False
    starts, at = [], 0
    for count, row in it.passes:
        starts += range(at, at + count * row, row)
        at += count * row
    return inflate.eof and not inflate.unused_data and len(rows) == at and all(rows[start] < 5 for start in starts)


# ---------------------------------------------------------------- texts

KERNELS = (
    "vertical",
    "gaussian:1.5",
    "box:3",
    "-1 0 1;-2 0 2;-1 0 1",
    "1/9,1/9,1/9\n.5,1e-3,-2",
    "# a comment\n1 2 1\n2 4 2\n",
    "3x3: 1,2,1 2,4,2 1,2,1",
    "[[1,2],[3,4]]",
)
KINDS = {
    "2x3": (parameters.SIZE, parameters.STRIDE),
    "1,2,3,4": (parameters.PAD,),
    "same": (parameters.PAD,),
    "1,1": (parameters.ANCHOR,),
    "auto": (parameters.DIVISOR,),
    "1/3": (parameters.BIAS, parameters.DIVISOR),
    "8": (parameters.THREADS, COMPRESS_LEVEL),
    "clamp": (parameters.RANGE,),
    "float32": (parameters.DTYPE,),
    "2GiB": (parameters.MEMORY, parameters.PIXELS, parameters.FRAMES),
    "constant:12.5": (BORDER,),
    "reflect101": (BORDER,),
}


def kernel(number: str, folder: Path) -> str:
    rng = random.Random(number)
    return _text(KERNEL.read, KERNEL.text, mutate.text(rng.choice(KERNELS), rng))


def archive(number: str, folder: Path) -> str:
    """A spoilt array, in an archive or not, as a file of kernels: a few of them or a sentence."""
    rng = random.Random(number)
    name = rng.choice([name for name in sorted(seeds()) if name.startswith(("NPZ-", "ours-npz", "ours-npy"))])
    content, _ = mutate.mutant(seeds()[name], seeds()["ours-npz-uint8-1"], rng)
    path = folder / "kernels.npz"
    path.write_bytes(content)
    text = f"{path}{rng.choice(('', '', ':image', ':image[:,:,0]', '[0]', '[*]'))}"
    try:
        found = read_all(text)
    except errors.ImgconvError as error:
        sentence(error)
        return "refused"
    if not found or sum(kernel.shape[0] * kernel.shape[1] for kernel in found) > MOST_TOGETHER:
        raise Wrong(f"{len(found)} kernels")
    return "made"


NETWORKS = Path(__file__).parent.parent / "networks" / "data"
LAYERS = "conv 3@3x3 | relu | batchnorm | maxpool 2 | flatten | dense 4 | prelu | softmax"


@cache
def networks() -> dict[str, bytes]:
    """Files of weights by name: one small network in each format of ours, and models of Keras and ONNX where they can
    be read."""
    own = imgconv.Network.random(LAYERS, (8, 7, 2), 3)
    archive, path = io.BytesIO(), Path(_folder()) / "own.safetensors"
    np.savez(archive, **dict(own.tensors))
    safetensors.write(str(path), Stored(own.tensors, LAYERS, input=own.input))
    found = {"own.npz": archive.getvalue(), "own.safetensors": path.read_bytes()}
    if find_spec("h5py"):
        found |= {name: (NETWORKS / name).read_bytes() for name in ("flat.keras", "chain.h5", "every_layer.keras")}
    if find_spec("onnx"):
        from imgconv.networks.formats import onnx
        from tests.networks import test_onnx_patterns as patterns

        found["own.onnx"] = onnx.encoded(Stored(own.tensors, LAYERS, input=own.input))
        found["gelu.onnx"] = patterns.gelu("half first", divided=True).SerializeToString()
        found["local_response.onnx"] = patterns.local_response(4, "script").SerializeToString()
    return found


def weights(number: str, folder: Path) -> str:
    """A spoilt file of weights: a network that runs, or a sentence. A file that is only cut gives what it gave."""
    rng = random.Random(number)
    name = rng.choice(sorted(networks()))
    content, cut = mutate.mutant(networks()[name], networks()[rng.choice(sorted(networks()))], rng)
    try:
        found = _outputs(folder, name, content)
    except errors.ImgconvError as error:
        sentence(error)
        return "refused"
    if cut and not np.array_equal(found, _outputs(folder, name, networks()[name])):
        raise Wrong("cut short, accepted without a word, and not what it was")
    return "made"


def _outputs(folder: Path, name: str, content: bytes) -> Any:
    """What a network in a file gives for some pixels."""
    path = folder / f"in{Path(name).suffix}"
    path.write_bytes(content)
    network = imgconv.Network.load(LAYERS, path) if name.endswith(".npz") else imgconv.Network.load(path)
    shape = network.input or (8, 7, 2)
    if math.prod(shape) > MOST_VALUES or network.summary(shape).memory > READING.max_memory:
        raise errors.UsageError("too large to be run")
    found = network.run(np.random.default_rng(1).random((1, *shape)))
    if found.dtype != np.float32 or found.shape[1:] != network.result(shape):
        raise Wrong(f"values of {found.shape} {found.dtype}, said to be {network.result(shape)}")
    return found


MOST_VALUES = 10**6


def dialect(number: str, folder: Path) -> str:
    """A text put together from what dialects are made of, read in each of them and written again."""
    rng = random.Random(number)
    dialects.target("".join(rng.choices(dialects.TOKENS, k=rng.randint(1, 12))).encode())
    return "made"


def pipeline(number: str, folder: Path) -> str:
    rng = random.Random(number)
    valid = [*PIPELINES, *(text for texts in EXAMPLES.values() for text in texts)]
    return _text(Pipeline.parse, str, mutate.text(rng.choice(valid), rng))


def parameter(number: str, folder: Path) -> str:
    rng = random.Random(number)
    valid = rng.choice(list(KINDS))
    kind = rng.choice(KINDS[valid])
    return _text(kind.read, kind.text, mutate.text(valid, rng))


def _text(read: Callable[[str], Any], print_: Callable[[Any], str], given: str) -> str:
    """Read or refused; what is read prints a text that reads as the same."""
    try:
        found = read(given)
    except errors.ImgconvError as error:
        sentence(error)
        return "refused"
    if read(print_(found)) != found:
        raise Wrong(
            f"{given!r} is read as {found!r}, printed as {print_(found)!r}, and read as {read(print_(found))!r}"
        )
    return "made"


TARGETS: tuple[tuple[Callable[[str, Path], str], int], ...] = (
    (image, 58),
    (png, 4),
    (archive, 4),
    (weights, 2),
    (kernel, 6),
    (dialect, 4),
    (pipeline, 6),
    (parameter, 4),
    (encoded, 4),
    (machine_code.stored, 2),
    (junk, 4),
    (numbers, 2),
)
"""Each target and its share of a hundred mutants."""


def run(seed: int, index: int, folder: Path) -> tuple[str, str]:
    """One mutant: the target's name and what became of it."""
    number = f"{seed}:{index}"
    chosen = random.Random(f"target {number}").choices(
        [target for target, _ in TARGETS], [share for _, share in TARGETS]
    )[0]
    return chosen.__name__, chosen(number, folder)
