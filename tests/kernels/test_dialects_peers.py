"""The same kernel through the peers' commands gives the same picture, within a unit of 8 bits; a peer that is not
installed is skipped, and pytest says so."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.kernels.catalog import read_all
from imgconv.kernels.dialects import table
from imgconv.kernels.kernel import Kernel
from tests.programs import imagemagick
from tests.strategies import plain_python

Picture = np.ndarray[Any, Any]
PIXELS = np.random.default_rng(5).integers(0, 256, (24, 26)).astype("uint8")
EDGE = 6
"""Pixels left out on each side: peers have their own borders."""


def run(words: list[str], folder: Path) -> bytes:
    """A peer's command in a folder with the picture: in.pgm, in.png."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    Image.fromarray(PIXELS).save(folder / "in.pgm")
    Image.fromarray(PIXELS).save(folder / "in.png")
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def opened(path: Path) -> Picture:
    return np.asarray(Image.open(path).convert("L"))


def by_imagemagick(text: str, folder: Path) -> Picture:
    words = table_words(text)
    run([imagemagick() or "magick", "in.pgm", *words, "out.pgm"], folder)
    return opened(folder / "out.pgm")


def table_words(text: str) -> list[str]:
    """The words of an ImageMagick command: options as they are written, then the kernels."""
    import shlex

    return shlex.split(text) if text.startswith("-") else ["-morphology", "Convolve", text]


def by_vips(text: str, folder: Path) -> Picture:
    (folder / "k.mat").write_text(text + "\n")
    run(["vips", "conv", "in.pgm", "wide.v", "k.mat", "--precision", "float"], folder)
    run(["vips", "cast", "wide.v", "out.png", "uchar"], folder)
    return opened(folder / "out.png")


def by_pnmconvol(text: str, folder: Path) -> Picture:
    words = text.split() if text.startswith("-") else [f"-matrix={text}"]
    (folder / "out.pgm").write_bytes(run(["pnmconvol", "-quiet", *words, "in.pgm"], folder))
    return opened(folder / "out.pgm")


def by_matrix_file(text: str, folder: Path) -> Picture:
    (folder / "k.txt").write_text(text + "\n")
    (folder / "out.pgm").write_bytes(run(["pnmconvol", "-quiet", "-matrixfile=k.txt", "in.pgm"], folder))
    return opened(folder / "out.pgm")


def by_old_pnmconvol(text: str, folder: Path) -> Picture:
    (folder / "k.pgm").write_text(text + "\n")
    (folder / "out.pgm").write_bytes(run(["pnmconvol", "-quiet", "k.pgm", "in.pgm"], folder))
    return opened(folder / "out.pgm")


def by_gmic(text: str, folder: Path) -> Picture:
    item, _, word = text.partition(" ")
    run(
        [
            "gmic",
            "-v",
            "-1",
            "in.png",
            item,
            f"{word or 'convolve'}[0]",
            "[1]",
            "rm[1]",
            "cut",
            "0,255",
            "round",
            "1",
            "-o",
            "out.png",
        ],
        folder,
    )
    return opened(folder / "out.png")


def by_ffmpeg(text: str, folder: Path) -> Picture:
    run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            "in.png",
            "-vf",
            f"format=gray,convolution={text}",
            "-pix_fmt",
            "gray",
            "out.png",
        ],
        folder,
    )
    return opened(folder / "out.png")


def by_svg(text: str, folder: Path) -> Picture:
    """librsvg; it takes the matrix transposed (2.54 and 2.61 do, resvg does not), so it is given only matrices that are
    their own transpose."""
    import base64
    import io

    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG")
    height, width = PIXELS.shape
    (folder / "in.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}"'
        f' height="{height}"><defs><filter id="f" x="0" y="0" width="1" height="1"'
        f' color-interpolation-filters="sRGB"><feConvolveMatrix {text} preserveAlpha="true"'
        f' edgeMode="duplicate"/></filter></defs><image width="{width}" height="{height}"'
        f' xlink:href="data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}" filter="url(#f)"/></svg>'
    )
    run(["rsvg-convert", "in.svg", "-o", "out.png"], folder)
    return opened(folder / "out.png")


PEERS: dict[str, Callable[[str, Path], Picture]] = {
    "im": by_imagemagick,
    "vips": by_vips,
    "netpbm": by_pnmconvol,
    "gmic": by_gmic,
    "ffmpeg": by_ffmpeg,
    "svg": by_svg,
}


@functools.cache
def ignores_rdiv() -> bool:
    """ffmpeg 5.1 divides by the sum whatever rdiv says."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return int(by_ffmpeg("0m=0 0 0 0 2 0 0 0 0:0rdiv=0.25", Path(folder)).max()) > 130


def assert_same(ours: Kernel, theirs: Picture, what: str) -> None:
    """By imgconv's own sums; peers round and sum in their own ways, so a unit is allowed."""
    with plain_python():
        mine = imgconv.correlate(PIXELS, ours, border="edge").astype(int)
    inner = (slice(EDGE, -EDGE), slice(EDGE, -EDGE))
    worst = int(np.abs(mine[inner] - theirs.astype(int)[inner]).max())
    assert worst <= 1, f"{what}: off by {worst}"
    assert len(np.unique(mine[inner])) > 20, f"{what}: a picture of nothing proves nothing"


KERNELS: dict[str, Kernel] = {
    "3x3, no symmetry": Kernel([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 60),
    "its own transpose, not its own half turn": Kernel([[1, 2, 3], [2, 4, 5], [3, 5, 9]], 40),
    "signed with a bias": Kernel([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], 2, 100),
    "over its sum": Kernel([[1, 2, 3], [4, 5, 6], [7, 8, 9]], "auto"),
    "a row": Kernel([[1, 2, 7]], 12),
    "a column": Kernel([[1], [2], [7]], 12),
    "even": Kernel([[1, 2], [3, 4]], 12),
    "even rows, odd columns": Kernel([[1, 2, 3], [4, 5, 7]], 25),
    "4x4": Kernel([[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6], [5, 4, 3, 20]], 110),
    "anchored in a corner": Kernel([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 60, 0, (0, 2)),
    "even, anchored at the end": Kernel([[1, 2], [3, 4]], 12, 0, (1, 1)),
    "fractions": Kernel([[0.25, 0.125, 0], [0.3, 0, 0.1], [0, 0, 0.2]]),
    "decimals of a program": imgconv.kernel("gaussian:0.6"),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("peer", PEERS)
def test_what_we_write_makes_our_picture_there(peer: str, name: str, tmp_path: Path) -> None:
    kernel = KERNELS[name]
    if peer == "gmic" and kernel.bias:  # the one thing here that a peer cannot express
        with pytest.raises(errors.UsageError, match="gmic cannot express the bias"):
            table.write(kernel, peer)
        return
    text = str(table.write(kernel, peer).content)
    if peer == "svg" and tuple(zip(*kernel.weights, strict=True)) != kernel.weights:
        pytest.skip("librsvg takes matrices transposed")
    if peer == "ffmpeg" and kernel != kernel.using("auto") and shutil.which("ffmpeg") and ignores_rdiv():
        pytest.skip("this ffmpeg ignores rdiv, and divides by the sum")
    theirs = PEERS[peer](text, tmp_path)
    assert_same(kernel, theirs, text)
    assert_same(imgconv.kernel(f"{peer}:{text}"), theirs, f"read back from {text}")


TEXTS: list[tuple[str, Callable[[str, Path], Picture], str]] = [
    ("im", by_imagemagick, "3x3: .1,.2,.1 .1,.2,.1 -.1,.2,.1"),
    ("im", by_imagemagick, "3x3+0+2: .1,.2,.1 .1,.2,.1 -.1,.2,.1"),
    ("im", by_imagemagick, "4x2: .1 .2 .1 .1 .2 .1 -.1 .2"),
    ("im", by_imagemagick, "3: -,.2,nan .4,.1,.1 nan,-,.2"),
    ("im", by_imagemagick, "0,.1,.2,.3,0,.1,.1,.1,.05"),
    ("im", by_imagemagick, "Gaussian:0x0.7"),
    ("im", by_imagemagick, "Blur:0x1.2"),
    ("im", by_imagemagick, "Comet:4x2+90"),
    ("im", by_imagemagick, "-define convolve:bias=50% -morphology Convolve LoG:2x1"),
    ("im", by_imagemagick, "-define convolve:bias=50% -morphology Convolve DoG:3,1,2"),
    ("im", by_imagemagick, "-define convolve:scale=! -morphology Convolve Binomial:2"),
    ("im", by_imagemagick, "-define convolve:scale=50%,50% -morphology Convolve '3: .1,.2,.1 .1,.2,.1 -.1,.2,.1'"),
    (
        "im",
        by_imagemagick,
        "-define convolve:scale='-100%^' -define convolve:bias=50% -morphology Convolve '3: 5,-3,-3 5,0,-3 5,-3,-3'",
    ),
    *(
        ("im", by_imagemagick, f"-define convolve:scale='!' -define convolve:bias=50% -morphology {method} {name}")
        for method, name in (
            ("Convolve", "Sobel"),
            ("Convolve", "Sobel:45"),
            ("Correlate", "Sobel:135"),
            ("Convolve", "Prewitt:90"),
            ("Convolve", "Roberts:45"),
            ("Convolve", "Compass:225"),
            ("Convolve", "Kirsch:315"),
            ("Convolve", "FreiChen"),
            ("Convolve", "Laplacian:2"),
            ("Convolve", "Laplacian:3"),
            ("Convolve", "Laplacian:5"),
            ("Convolve", "Laplacian:7"),
            ("Convolve", "Laplacian:15"),
            ("Convolve", "Laplacian:19"),
        )
    ),
    ("vips", by_vips, "3 2 10 5\n1 2 3\n1 2 -1"),
    ("vips", by_vips, "4 4 30\n1 2 3 4\n1 0 0 4\n1 2 3 4\n1 2 3 -1"),
    ("netpbm", by_pnmconvol, ".1,.2,.1;.1,.2,.1;-.1,.2,.1"),
    ("netpbm", by_pnmconvol, "-normalize -bias=20 -matrix=1,2,1;1,2,1;-1,2,1"),
    ("netpbm", by_matrix_file, ".1 .2 .1\n.1 .2 .1\n-.1 .2 .1"),
    ("netpbm", by_old_pnmconvol, "P2\n3 3\n20\n11 12 11\n11 12 11\n9 12 13"),
    ("gmic", by_gmic, "(.1,.2,.1;.1,.2,.1;-.1,.2,.1)"),
    ("gmic", by_gmic, "(.1,.2,.1;.1,.2,.1;-.1,.2,.1) correlate"),
    ("gmic", by_gmic, "(.1,.2,.1,.2;.1,.1,-.1,.2)"),
    ("gmic", by_gmic, "(.1,.2,.1,.2;.1,.1,-.1,.2) correlate"),
    ("ffmpeg", by_ffmpeg, "0m='1 2 1 1 2 1 -1 2 1'"),
    ("ffmpeg", by_ffmpeg, "0m='-1 0 1 -2 1 2 -1 0 1':0bias=100"),
    ("ffmpeg", by_ffmpeg, "0m='1 2 5':0mode=row"),
    ("ffmpeg", by_ffmpeg, "0m='1 2 5 1 1':0mode=column"),
    ("svg", by_svg, 'order="3" kernelMatrix="1 2 3 2 4 5 3 5 -2" bias="0.1"'),
    ("svg", by_svg, 'order="4" kernelMatrix="1 2 3 0 2 4 5 0 3 5 -2 1 0 0 1 1" divisor="30"'),
    ("svg", by_svg, 'order="3" kernelMatrix="1 2 3 2 4 5 3 5 -2" targetX="0" targetY="2"'),
]


@pytest.mark.parametrize(
    ("dialect", "peer", "text"), TEXTS, ids=[f"{dialect}-{text[:60]}" for dialect, _, text in TEXTS]
)
def test_what_they_write_makes_their_picture_here(
    dialect: str, peer: Callable[[str, Path], Picture], text: str, tmp_path: Path
) -> None:
    assert_same(imgconv.kernel(f"{dialect}:{text}"), peer(text, tmp_path), text)


EXPANSIONS = (
    "3@: 1,2,3,4,5,6,7,8,9",
    "3>: 1,2,3,4,5,6,7,8,9",
    "3<: 1,2,3,4,5,6,7,8,9",
    "4x1+0>: 1,2,3,4",
    "1x3+0+2>: 1,2,3",
    "Kirsch:45@",
    "Roberts:@",
)


NAMED = (
    "Gaussian",
    "Gaussian:0x0.3",
    "Gaussian:0x6",
    "Gaussian:0.5x2",
    "Gaussian:x2",
    "Gaussian:3x1",
    "Gaussian:0x1@",
    "Gaussian:0x1<",
    "Laplacian:1@",
    "DoG",
    "DoG:0,1,2",
    "DoG:0,2,1",
    "DoG:0x1.5+0.3",
    "DoG:0,0,2",
    "DoG:0x2",
    "DoG:2,1,2",
    "LoG",
    "LoG:0x1",
    "LoG:0x-1",
    "LoG:0x5",
    "LoG:3x1",
    "Blur",
    "Blur:0x0.3",
    "Blur:0x1.7",
    "Blur:0x6",
    "Blur:3x2",
    "Blur:0.5x2",
    "Blur:0x1+90",
    "Blur:0x1>",
    "Blur:0x1<",
    "Comet",
    "Comet:0x1",
    "Comet:5x2",
    "Comet:0.5x2",
    "Comet:0x1+90",
    "Comet:0x1-90",
    "Comet:0x1+-90",
    "Comet:0x2>",
    "FreiChen:1",
    "FreiChen:2",
    "FreiChen:2,45",
    "FreiChen:2,22.6",
    "FreiChen:10",
    "FreiChen:10,45",
    "FreiChen:12@",
    "FreiChen:-45",
    "FreiChen:90",
    "Sobel:22.5",
    "Sobel:22.7",
    "Sobel:67.5",
    "Sobel:-23",
    "Binomial",
    "Unity:2",
)


@pytest.mark.parametrize("name", [*EXPANSIONS, *NAMED])
def test_named_kernels_and_expansions_are_those_that_imagemagick_shows(name: str, tmp_path: Path) -> None:
    tool = imagemagick()
    if tool is None:
        pytest.skip("ImageMagick is not installed")
    words = [
        tool,
        "-precision",
        "17",
        "xc:gray",
        "-define",
        "morphology:showKernel=1",
        "-morphology",
        "Correlate:0",
        name,
        "null:",
    ]
    shown = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stderr
    theirs: list[list[list[float]]] = []
    origins: list[tuple[int, int]] = []
    for line in shown.splitlines():
        if line.startswith("Kernel"):
            theirs.append([])
            x, y = line.split(" of size ")[1].split()[0].split("+")[1:]
            origins.append((int(y), int(x)))
        elif line.strip()[:1].isdigit():
            theirs[-1].append([float(cell) for cell in line.split(":")[1].split()])
    ours = read_all(f"im:Correlate {name}")
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.array(one.weights, float), other, rtol=1e-11, atol=1e-14)
    centres = [(((one.shape[0] - 1) // 2), ((one.shape[1] - 1) // 2)) for one in ours]
    assert [one.anchor or centre for one, centre in zip(ours, centres, strict=True)] == origins


def test_a_picture_as_a_kernel_is_imagemagicks(tmp_path: Path) -> None:
    """KERNEL: writes intensities as weights, and - for pixels less than half opaque; ours are over their sum."""
    tool = imagemagick()
    if tool is None:
        pytest.skip("ImageMagick is not installed")
    pixels = np.array([[[0, 255], [255, 255], [51, 0]], [[102, 255], [0, 0], [255, 200]]], "uint8")
    Image.fromarray(pixels, "LA").save(tmp_path / "k.png")
    done = subprocess.run(
        [tool, "k.png", "KERNEL:-"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode or ":" not in done.stdout:
        pytest.skip("this ImageMagick does not write KERNEL:")
    theirs = imgconv.kernel(f"im:Correlate {done.stdout.strip()}")
    ours = imgconv.kernel(f"image:{tmp_path / 'k.png'}")
    shares = np.array([[float(cell) for cell in row] for row in theirs.weights])
    assert np.allclose(np.array([[float(cell) for cell in row] for row in ours.weights]) / 255, shares, atol=1e-4)
