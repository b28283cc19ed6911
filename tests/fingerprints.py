"""Fingerprints of what imgconv writes: hashes of the outputs of some hundred commands and library calls.

`python -m tests.fingerprints write FILE` before a change that must not change results, `... compare FILE` after it.
Outputs and exit codes that differ are listed and end in exit code 1; words on standard error that differ are listed
only. Hashes hold for one machine and one set of installed packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.examples import EXAMPLES, PIPELINES

ROOT = Path(__file__).parent.parent

Record = dict[str, Any]


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] not in ("write", "compare"):
        print(__doc__, file=sys.stderr)
        return 2
    verb, path = arguments
    found = fingerprints()
    if verb == "write":
        Path(path).write_text("".join(f"{json.dumps({'case': case, **record})}\n" for case, record in found.items()))
        print(f"{len(found)} fingerprints written")
        return 0
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    return compare({line.pop("case"): line for line in lines}, found)


def fingerprints() -> dict[str, Record]:
    """Every case with its exit code, hashes and words."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_inputs(folder)
        cases = list(dict.fromkeys(commands()))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            records = pool.map(lambda case: run_command(case, folder), cases)
            found = dict(zip(cases, records, strict=True))
        return found | {f"python: {name}": call_record(call) for name, call in calls(folder)}


def compare(before: dict[str, Record], after: dict[str, Record]) -> int:
    """Prints what differs; 1 if outputs or exit codes do."""
    wrong = 0
    for case in before.keys() | after.keys():
        old, new = before.get(case), after.get(case)
        if old is None or new is None:
            print(f"{'missing' if new is None else 'new'}: {case}")
            wrong += new is None
            continue
        if (old["exit"], old["outputs"]) != (new["exit"], new["outputs"]):
            wrong += 1
            print(f"DIFFERENT: {case}\n  before: {old}\n  after:  {new}")
        elif old["words"] != new["words"]:
            print(f"words: {case}\n  before: {old['words']}\n  after:  {new['words']}")
    print(f"{len(after)} fingerprints, {wrong} differ")
    return 1 if wrong else 0


# ---------------------------------------------------------------- inputs


def make_inputs(folder: Path) -> None:  # noqa: PLR0915 (one line a file)
    """Small images of every pixel type, format and kind of metadata."""
    shutil.copytree(ROOT / "samples", folder / "samples")
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[0:37, 0:53]
    smooth = ((rows * 5 + columns * 3) % 256).astype(np.uint8)
    rgb = np.stack(
        [smooth, smooth.T.repeat(2, 0)[:37].repeat(2, 1)[:, :53], random.integers(0, 256, (37, 53))], 2
    ).astype(np.uint8)
    alpha = np.clip(columns * 7 - rows * 3, 0, 255).astype(np.uint8)
    wide = rows.astype(np.int32) * 70000 - columns.astype(np.int32)
    deep = (smooth.astype(np.uint16) << 8) + random.integers(0, 256, smooth.shape, dtype=np.uint16)
    gray, colour, rgba = Image.fromarray(smooth), Image.fromarray(rgb), Image.fromarray(np.dstack([rgb, alpha]))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9003] = 6, "maker", "2020:01:01 00:00:00"
    gray.save(folder / "gray.png", dpi=(72, 72))
    colour.save(folder / "rgb.png", exif=exif)
    rgba.save(folder / "rgba.png")
    Image.fromarray(np.dstack([smooth, alpha])).save(folder / "la.png")
    colour.quantize(32).save(folder / "palette.png")
    gray.point(lambda v: 255 * (v > 99)).convert("1").save(folder / "bits.png")
    Image.fromarray(deep).save(folder / "deep.png")
    Image.fromarray(deep).save(folder / "deep.tiff")
    colour.save(folder / "rgb.tiff", compression="tiff_deflate", exif=exif)
    colour.save(folder / "lzw.tiff", compression="tiff_lzw")
    rgba.save(folder / "rgba.tiff")
    gray.save(folder / "pages.tiff", save_all=True, append_images=[gray.rotate(180), gray.resize((20, 30))])
    Image.fromarray((rows / 3 - columns).astype(np.float32)).save(folder / "float.tiff")
    Image.fromarray(wide).save(folder / "int.tiff")
    colour.save(folder / "rgb.jpg", quality=90, exif=exif, dpi=(300, 300))
    colour.convert("CMYK").save(folder / "cmyk.jpg")
    gray.save(folder / "gray.jpg")
    colour.save(folder / "rgb.bmp")
    colour.save(folder / "rgb.ppm")
    gray.save(folder / "gray.pgm")
    colour.save(folder / "rgb.webp", lossless=True)
    rgba.save(folder / "rgba.webp", lossless=True)
    frames = [colour, colour.rotate(180), colour.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    frames[0].save(folder / "anim.gif", save_all=True, append_images=frames[1:], duration=[80, 120, 40], loop=2)
    frames[0].save(folder / "anim.png", save_all=True, append_images=frames[1:], duration=70)
    frames[0].save(folder / "anim.webp", save_all=True, append_images=frames[1:], duration=70, lossless=True)
    rgba.save(folder / "rgba.gif")
    for type_ in ("uint8", "uint16", "int16", "int32", "float32", "float64", "int8", "bool", "float16"):
        np.save(
            folder / f"{type_}.npy",
            (rgb.astype(np.int32) * (1 if type_ in ("uint8", "bool") else -1 if "u" not in type_ else 3)).astype(type_),
        )
    np.save(folder / "stack.npy", np.stack([rgb, rgb[::-1], 255 - rgb]))
    np.savez(folder / "one.npz", image=smooth)
    with_nan = (rows * 3 - columns).astype(np.float32)
    with_nan[5, 7], with_nan[9, 9] = np.nan, np.inf
    np.save(folder / "nan.npy", with_nan)
    (folder / "kernel.txt").write_text("1 2 1\n2 4 2\n1 2 1\n")
    large = np.kron(random.integers(0, 256, (40, 50, 3), dtype=np.uint8), np.ones((32, 32, 1), np.uint8))
    Image.fromarray(large).save(folder / "large.png")
    Image.fromarray(large).save(folder / "large.jpg", quality=85)
    content = (folder / "rgb.png").read_bytes()
    (folder / "cut.png").write_bytes(content[: len(content) * 2 // 3])
    (folder / "cut.jpg").write_bytes((folder / "rgb.jpg").read_bytes()[:1200])
    (folder / "words.txt.png").write_text("no image")
    (folder / "empty.png").write_bytes(b"")


IMAGES = [
    "gray.png",
    "rgb.png",
    "rgba.png",
    "la.png",
    "palette.png",
    "bits.png",
    "deep.png",
    "deep.tiff",
    "rgb.tiff",
    "lzw.tiff",
    "rgba.tiff",
    "pages.tiff",
    "float.tiff",
    "int.tiff",
    "rgb.jpg",
    "cmyk.jpg",
    "gray.jpg",
    "rgb.bmp",
    "rgb.ppm",
    "gray.pgm",
    "rgb.webp",
    "rgba.webp",
    "anim.gif",
    "anim.png",
    "anim.webp",
    "rgba.gif",
    "uint8.npy",
    "uint16.npy",
    "int16.npy",
    "int32.npy",
    "float32.npy",
    "float64.npy",
    "int8.npy",
    "bool.npy",
    "float16.npy",
    "stack.npy",
    "one.npz",
    "nan.npy",
]
BROKEN = ["cut.png", "cut.jpg", "words.txt.png", "empty.png", "missing.png", "samples"]
FORMATS = [
    "png",
    "jpeg",
    "tiff",
    "webp",
    "gif",
    "bmp",
    "ppm",
    "pgm",
    "pfm",
    "tga",
    "qoi",
    "sgi",
    "pcx",
    "npz",
    "npy",
    "jpeg2000",
    "avif",
    "dds",
]


# ---------------------------------------------------------------- cases


def commands() -> Iterator[str]:
    """Lines of shell; OUT is an empty folder of the case's own."""
    for image in IMAGES:
        yield f"filter sharpen {image} -o OUT/"
        yield f"filter gaussian:1.3 {image} --range stretch -o OUT/x.npy"
        yield f"pool --size 2 {image} -o OUT/x.tiff"
        yield f"filter sobel-x {image} --range shift --report - -o OUT/"
    for image in BROKEN:
        yield f"filter sharpen {image} -o OUT/x.png"
        yield f"pool --size 2 {image} --allow-truncated -o OUT/x.png"
    for form in FORMATS:
        for image in ("rgb.png", "rgba.png", "deep.png", "float32.npy", "anim.gif"):
            yield f"filter box:3 {image} --format {form} -o OUT/x.bin"
    for step in [*(step for steps in EXAMPLES.values() for step in steps), *PIPELINES]:
        for image in ("rgb.png", "rgba.png", "float32.npy"):
            yield f"run {shlex.quote(step)} {image} -o OUT/x.npy --dtype float64"
        yield f"run {shlex.quote(step)} gray.png -o OUT/x.png"
        yield f"run {shlex.quote(step)} rgb.png --plan"
    for options in (
        "--gray",
        "--channels luma",
        "--channels g,b",
        "--channels alpha",
        "--linear",
        "--alpha keep",
        "--alpha filter",
        "--alpha premultiply",
        "--alpha drop",
        "--strip",
        "--no-orient",
        "--dtype uint16",
        "--dtype int16 --range abs",
        "--range stretch",
        "--strict",
        "--threads 1",
        "--compress-level 9",
        "--max-pixels 100",
        "--max-memory 1k",
        "--frames 0",
        "--frames 9",
        "--quiet",
        "--lossless",
        "--linear --gray",
    ):
        for image in ("rgba.png", "rgb.jpg", "deep.png"):
            yield f"filter gaussian:1 {image} {options} -o OUT/x.png"
    for options in (
        "--frames first",
        "--frames all",
        "--frames 1:",
        "--frames -1",
        "--range stretch",
        "--dtype float32",
    ):
        for image in ("anim.gif", "anim.png", "pages.tiff", "stack.npy"):
            yield f"filter vertical {image} {options} -o OUT/"
            yield f"filter vertical {image} {options} -o OUT/x.tiff"
    for kernel in (
        "kernel.txt",
        "./kernel.txt",
        "'1 2 1;2 4 2;1 2 1'",
        "im:Sobel",
        "'im:3x3: 1,2,1 2,4,2 1,2,1'",
        "gaussian:4",
        "box:15",
        "gabor:9",
        "log:2",
        "samples/kernels/emboss-5x5.txt",
        "samples/kernels/blur-fractions.txt",
        "nonsense",
        "'1 2;3'",
        "'0.1 0.2 0.7'",
        "'1e400'",
        "gaussian:-1",
    ):
        yield f"filter {kernel} rgb.png -o OUT/x.png"
        yield f"filter {kernel} deep.png --border wrap --stride 2 --divisor auto -o OUT/x.png"
        yield f"kernels show {kernel}"
        yield f"kernels split {kernel}"
        yield f"kernels convert {kernel} --to im"
    for options in (
        "canny --angle OUT/a.png",
        "sobel --which OUT/w.png",
        "sobel --hue OUT/h.png",
        "kirsch",
        "frei-chen",
    ):
        yield f"edges {options} rgb.png -o OUT/x.png"
        yield f"edges {options} rgba.png -o OUT/x.png"
    yield "kernels"
    yield "kernels diff sobel-x prewitt-x"
    yield "kernels compose sobel-x gaussian:1"
    yield "kernels sheet sobel-x gaussian:2 -o OUT/sheet.png"
    yield "filter vertical rgb.png gray.png -o OUT/"
    yield "filter vertical rgb.png rgb.png -o OUT/"
    yield "filter vertical rgb.png gray.png -o OUT/x.png"
    yield "filter vertical large.png -o OUT/x.jpg"
    yield "filter gaussian:2 large.jpg -o OUT/x.png"
    yield "filter sharpen large.png --format tiff -o OUT/x.tiff"
    yield "filter sharpen large.jpg -o OUT/x.tiff --report OUT/report.jsonl --strict"
    yield from (
        "filter",
        "filter vertica rgb.png",
        "fliter",
        "filter in.png",
        "pool rgb.png",
        "run nonsense rgb.png",
        "filter vertical --bordr wrap rgb.png",
    )


def run_command(line: str, folder: Path) -> Record:
    """What a command wrote, said and ended with."""
    with tempfile.TemporaryDirectory() as out:
        words = [word.replace("OUT/", f"{out}/") for word in shlex.split(line)]
        done = subprocess.run(
            [sys.executable, "-m", "imgconv", *words],
            cwd=folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        outputs = {"-": hashed(steady(done.stdout, out))} if done.stdout else {}
        for path in sorted(Path(out).rglob("*")):
            if path.is_file():
                outputs[str(path.relative_to(out))] = hashed(steady(path.read_bytes(), out))
        return {
            "exit": done.returncode,
            "outputs": outputs,
            "words": done.stderr.decode(errors="replace").replace(out, "OUT"),
        }


def steady(content: bytes, out: str) -> bytes:
    """Content without the folder's name and without the seconds of reports."""
    if not content.startswith(b'{"input"'):
        return content.replace(out.encode(), b"OUT")
    lines = [
        json.loads(line) | {"seconds": 0, "notes": None, "error": None}
        for line in content.replace(out.encode(), b"OUT").splitlines()
    ]
    return json.dumps(lines).encode()


def calls(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Library calls on arrays and images."""
    import imgconv

    random = np.random.default_rng(3)
    arrays = {
        f"{type_} {'x'.join(map(str, shape))}": (random.random(shape) * 200).astype(type_)
        for type_ in ("uint8", "uint16", "int32", "float32")
        for shape in ((31, 29), (170, 240, 3))
    }
    for name, array in arrays.items():
        for kernel in ("vertical", "gaussian:1.5", "sharpen", "box:9", [[0.1, -0.7], [1, 3]]):
            yield f"correlate {name} {kernel}", lambda array=array, kernel=kernel: imgconv.correlate(array, kernel)
        for border in ("reflect", "reflect101", "wrap", "constant:5"):
            yield (
                f"convolve {name} {border}",
                lambda array=array, border=border: imgconv.convolve(
                    array, "emboss", border=border, stride=2, dilation=2
                ),
            )
        for kind in ("max", "min", "avg"):
            yield (
                f"pool {name} {kind}",
                lambda array=array, kind=kind: imgconv.pool(array, 3, kind=kind, stride=2, pad=1),
            )
        yield f"run {name}", lambda array=array: imgconv.run(array, "filter sobel-x | abs | maxpool 2", dtype="float32")
        yield f"edges {name}", lambda array=array: imgconv.edges(array, "canny")
        yield f"bank {name}", lambda array=array: imgconv.bank(array, ["sobel-x", "sobel-y", "gaussian:2"])
    yield "correlate large dense", lambda: imgconv.correlate(arrays["float32 170x240x3"], random.random((21, 21)))
    yield (
        "correlate large whole",
        lambda: imgconv.correlate(arrays["uint8 170x240x3"], np.arange(225).reshape(15, 15) - 100),
    )
    for wrong in ("nonsense", [[1, 2], [3]], 3.5, None):
        yield f"wrong kernel {wrong}", lambda wrong=wrong: imgconv.correlate(arrays["uint8 31x29"], wrong)
    for image in IMAGES:
        yield f"load {image}", lambda image=image: [frame.pixels for frame in imgconv.load(folder / image).frames]


def call_record(call: Callable[[], Any]) -> Record:
    """The hash of what a call returns, or the error it raises."""
    try:
        result = call()
    except Exception as error:  # what it is, is recorded
        return {"exit": type(error).__name__, "outputs": {}, "words": str(error)}
    arrays = result if isinstance(result, list) else [result]
    return {
        "exit": 0,
        "outputs": {
            str(i): hashed(f"{one.dtype} {one.shape}".encode() + np.ascontiguousarray(one).tobytes())
            for i, one in enumerate(arrays)
        },
        "words": "",
    }


def hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]


if __name__ == "__main__":
    os.environ.setdefault("IMGCONV_CACHE_DIR", str(ROOT / ".loops"))
    sys.exit(main(sys.argv[1:]))
