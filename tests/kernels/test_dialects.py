"""Kernels in every dialect: what is written reads back, what is read makes the peer's picture, what is wrong is said
with its place."""

from __future__ import annotations

import io
import pickle
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import errors
from imgconv.kernels.catalog import read_all
from imgconv.kernels.dialects import table
from imgconv.kernels.dialects.base import KernelText, Written
from imgconv.kernels.kernel import Kernel
from tests import command
from tests.command import save
from tests.fuzz import dialects as fuzz
from tests.strategies import law, rows_of

WRITABLE = [row.name for row in table.DIALECTS.values() if row.write]

# ---------------------------------------------------------------- kernels

WHOLE = st.integers(-99, 99)
DECIMAL = st.builds(lambda n, d: Fraction(n, 10**d), st.integers(-9999, 9999), st.integers(0, 4)).map(
    lambda v: v.numerator if v.denominator == 1 else v
)
DOUBLE = st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-9)
THIRDS = st.builds(Fraction, st.integers(-50, 50), st.sampled_from((1, 3, 7, 9)))
TINY = st.builds(lambda n, d: Fraction(n, 10**d), st.integers(1, 9), st.integers(16, 40))
PLAIN = st.one_of(WHOLE, DECIMAL, DOUBLE)


ANY_SIZE = st.tuples(st.integers(1, 5), st.integers(1, 5))
ANYTHING = st.one_of(PLAIN, THIRDS, TINY)
SOME_DIVISOR = st.one_of(st.just(1), PLAIN.filter(bool))
SOME_BIAS = st.one_of(st.just(0), PLAIN)
Anchors = Callable[[int, int], st.SearchStrategy[Any]]


def anywhere(rows: int, columns: int) -> st.SearchStrategy[Any]:
    return st.none() | st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))


@st.composite
def kernels(
    draw: st.DrawFn,
    cells: Any = ANYTHING,
    shape: Any = ANY_SIZE,
    divisor: Any = SOME_DIVISOR,
    bias: Any = SOME_BIAS,
    anchor: Anchors = anywhere,
) -> Kernel:
    rows, columns = draw(shape)
    weights = [[draw(cells) for _ in range(columns)] for _ in range(rows)]
    return Kernel(weights, draw(divisor), draw(bias), draw(anchor(rows, columns)))


ODD = st.tuples(st.sampled_from((1, 3, 5)), st.sampled_from((1, 3, 5)))
NONE, ONE, ZERO = lambda r, c: st.none(), st.just(1), st.just(0)


def centre(rows: int, columns: int) -> tuple[int, int]:
    return (rows - 1) // 2, (columns - 1) // 2


def elsewhere(rows: int, columns: int) -> st.SearchStrategy[Any]:
    """Unstated, or a cell that is not the centre: a peer's text does not tell a stated centre from an unstated one."""
    cells = [(r, c) for r in range(rows) for c in range(columns) if (r, c) != centre(rows, columns)]
    return st.none() | st.sampled_from(cells) if cells else st.none()


def half(rows: int, columns: int) -> st.SearchStrategy[Any]:
    """The centre of libvips and of what G'MIC's convolve turns."""
    middle = rows // 2, columns // 2
    return st.just(None if middle == centre(rows, columns) else middle)


HOLDS: dict[str, st.SearchStrategy[Kernel]] = {
    "rows": kernels(),
    "json": kernels(),
    "im": kernels(PLAIN, divisor=ONE, bias=ZERO, anchor=elsewhere),
    "vips": kernels(PLAIN, divisor=PLAIN.filter(bool), bias=PLAIN, anchor=half),
    "netpbm": kernels(PLAIN, ODD, ONE, st.integers(0, 255), NONE),
    "gmic": kernels(PLAIN, divisor=ONE, bias=ZERO, anchor=half),
    "ffmpeg": kernels(
        WHOLE,
        st.sampled_from(((3, 3), (5, 5), (7, 7), (1, 3), (9, 1))),
        st.sampled_from((1, 2, 5, 8, 10, 16, 100)),
        st.integers(0, 255),
        NONE,
    ),
    "svg": kernels(
        PLAIN, divisor=PLAIN.filter(bool), bias=st.sampled_from((0, 51, -102, Fraction(255, 2))), anchor=elsewhere
    ),
    "csv": kernels(PLAIN, divisor=ONE, bias=ZERO, anchor=NONE),
    "npy": kernels(st.one_of(WHOLE, DOUBLE), divisor=ONE, bias=ZERO, anchor=NONE),
    "python": kernels(),
}
"""The kernels that a dialect can hold exactly."""


def read_back(name: str, written: Written) -> Kernel:
    if name == "python":
        scope: dict[str, Any] = {}
        exec(str(written.content), scope)
        kernel: Kernel = scope["kernel"]
        return kernel
    row = table.DIALECTS[name]
    if isinstance(written.content, bytes):
        assert row.opens is not None
        (kernel,) = row.opens(written.content, "k.npy", "", "")
    else:
        assert row.read is not None
        (kernel,) = row.read(KernelText(written.content))
    return kernel


def test_every_dialect_that_is_written_has_its_law() -> None:
    assert set(HOLDS) == set(WRITABLE)


@pytest.mark.parametrize("name", WRITABLE)
def test_reading_undoes_writing(name: str) -> None:
    @law(60)
    @given(HOLDS[name])
    def holds(kernel: Kernel) -> None:
        written = table.write(kernel, name)
        back = read_back(name, written)
        # a float in an array of whole numbers, or whole numbers among floats, are the same numbers
        assert back == kernel, written.content
        assert back.name == kernel.name or name not in ("json", "python")

    holds()


def picture(kernel: Kernel) -> tuple[dict[tuple[int, int], float], float]:
    """What a kernel does: each weight over the divisor by its place beside the output pixel, and the bias."""
    rows, columns = kernel.shape
    above, beside = kernel.anchor or centre(rows, columns)
    shares = {
        (r - above, c - beside): float(Fraction(cell) / Fraction(kernel.divisor))
        for r, row in enumerate(kernel.weights)
        for c, cell in enumerate(row)
    }
    return {place: share for place, share in shares.items() if share}, float(kernel.bias)


@pytest.mark.parametrize("name", WRITABLE)
def test_what_is_written_makes_the_same_picture_or_is_refused(name: str) -> None:
    tolerance = 2e-6 if name == "ffmpeg" else 1e-12

    @law(60)
    @given(kernels())
    def holds(kernel: Kernel) -> None:
        try:
            written = table.write(kernel, name)
        except errors.UsageError:
            assert (kernel.bias != 0 and name in ("csv", "npy", "gmic", "netpbm", "ffmpeg")) or (
                name == "ffmpeg" and max(kernel.shape) > 3
            )
            return
        shares, bias = picture(read_back(name, written))
        expected, expected_bias = picture(kernel)
        most = max(map(abs, expected.values()), default=0)
        total = sum(map(abs, expected.values()))
        for place in shares.keys() | expected.keys():
            assert shares.get(place, 0) == pytest.approx(
                expected.get(place, 0), rel=1e-9, abs=tolerance * (total if name == "ffmpeg" else most)
            )
        assert bias == pytest.approx(expected_bias, rel=1e-12, abs=1e-12)

    holds()


# ---------------------------------------------------------------- what is read


def kernel(weights: Any, divisor: Any = 1, bias: Any = 0, anchor: Any = None) -> Kernel:
    return Kernel(weights, divisor, bias, anchor)


COUNTED = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
TURNED = [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
READINGS: list[tuple[str, Kernel]] = [
    ("1 2 3;4 5 6;7 8 9", kernel(COUNTED)),
    ("1, 2, 3\n4, 5, 6 # the middle\n\n7 8 9\n", kernel(COUNTED)),
    ("1,2,3;\n4,5,6;\n7,8,9;\n", kernel(COUNTED)),
    ("\N{MINUS SIGN}1 0 \N{EN DASH}1", kernel([[-1, 0, -1]])),
    ("- 1 .", kernel([[0, 1, 0]])),
    ("[1 2 3; 4, 5, 6\n7 8 9]", kernel(COUNTED)),
    ("1/9 .5 1e-1", kernel([[Fraction(1, 9), Fraction(1, 2), Fraction(1, 10)]])),
    ("scale=16; 1 2 1; 2 4 2; 1 2 1", kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16)),
    ("scale=auto\noffset=128\nanchor=0,1\n1 2", kernel([[1, 2]], 3, 128, (0, 1))),
    ("0,5;0,5", kernel([[0, 5], [0, 5]])),
    ("0.1234567890123456", kernel([[0.1234567890123456]])),
    ("3x3: 1,2,3 4,5,6 7,8,9", kernel(TURNED)),
    ("im:3: 1 2 3 4 5 6 7 8 9", kernel(TURNED)),
    ("im:'1,2,3,4,5,6,7,8,9'", kernel(TURNED)),
    ("im:Correlate 3x3+1+1: 1,2,3 4,5,6 7,8,9", kernel(COUNTED)),
    ("im:3x1+0+0: 1,2,3", kernel([[3, 2, 1]], anchor=(0, 2))),
    ("im:2x2: 1,2,3,4", kernel([[4, 3], [2, 1]], anchor=(1, 1))),
    ("im:3x1: -,1,nan", kernel([[0, 1, 0]])),
    ("im:Sobel", kernel(SOBEL)),
    ("imagemagick:sobel:90", kernel([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])),
    (
        "im:Laplacian:15",
        kernel([[0, 0, -1, 0, 0], [0, -1, -2, -1, 0], [-1, -2, 16, -2, -1], [0, -1, -2, -1, 0], [0, 0, -1, 0, 0]]),
    ),
    ("im:Binomial", kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]])),
    (
        "im:-define convolve:scale='50%!,100%' -morphology Convolve '3x1: 1 2 1'",
        kernel([[Fraction(1, 8), Fraction(5, 4), Fraction(1, 8)]]),
    ),
    ("im:convolve:scale=^ 3x1: 1,3,-8", kernel([[-1, Fraction(3, 4), Fraction(1, 4)]])),
    ("im:convolve:scale=! 3x1: 1,3,-4", kernel([[-1, Fraction(3, 4), Fraction(1, 4)]])),
    ("im:convolve:bias=50% 3x1: 1,2,3", kernel([[3, 2, 1]], 1, Fraction(255, 2))),
    ('vips:3 3 9 1\n1 2 3\n4,5,6\n"7" 8 9\n\n', kernel(COUNTED, 9, 1)),
    ("4 2\n1 2 3 4\n5 6 7 8", kernel([[1, 2, 3, 4], [5, 6, 7, 8]], anchor=(1, 2))),
    ("netpbm:.1,.2,.3;.4,.5,.6;.7,.8,.9", kernel([[Fraction(n, 10) for n in row] for row in COUNTED])),
    ("netpbm:-matrix=1,2,1 -bias=10 -normalize", kernel([[1, 2, 1]], 4, 10)),
    ("netpbm:P2\n3 3\n18\n" + "10 " * 9, kernel([[Fraction(1, 9)] * 3] * 3)),
    ("netpbm:-nooffset P2 3 1 18 2 2 2", kernel([[Fraction(1, 9)] * 3])),
    ("(1,2,3;4,5,6;7,8,9)", kernel(TURNED)),
    ("gmic:(1,2,3;4,5,6;7,8,9) correlate", kernel(COUNTED)),
    ("(1,2)", kernel([[2, 1]], anchor=(0, 1))),
    ("0m=1 2 3 4 5 6 7 8 9", kernel(COUNTED, 45)),
    ("convolution=0m=-1 0 1 -2 0 2 -1 0 1:0bias=128", kernel(SOBEL, 1, 128)),
    ("ffmpeg:1 1 1 1 1 1 1 1 1:1 1 1 1 1 1 1 1 1:1 1 1 1 1 1 1 1 1::1/9:1/9:1/9", kernel([[1] * 3] * 3, 9)),
    ("ffmpeg:0m=.5|.5|.5:0mode=column:0rdiv=2", kernel([[Fraction(1, 2)]] * 3, Fraction(1, 2))),
    ('order="3" kernelMatrix="1 2 3 4 5 6 7 8 9"', kernel(TURNED, 45)),
    (
        '<filter><feConvolveMatrix order="2,1" targetX=\'0\' divisor="4" kernelMatrix="1,2"/></filter>',
        kernel([[2, 1]], 4),
    ),
    (
        "<feConvolveMatrix order='2' kernelMatrix='1 2 3 4' bias='.5'/>",
        kernel([[4, 3], [2, 1]], 10, Fraction(255, 2), (1, 1)),
    ),
    ("1;2;3\n4;5;6\n7;8;9\n", kernel(COUNTED)),
    ("csv:0,5;0,25\n-1,5;,5", kernel([[Fraction(1, 2), Fraction(1, 4)], [Fraction(-3, 2), Fraction(1, 2)]])),
    ("sep=;\n1;2\n3;4", kernel([[1, 2], [3, 4]])),
    ('"1","2"\n"3","4"', kernel([[1, 2], [3, 4]])),
    ("csv:1\t2,5\n3\t4", kernel([[1, Fraction(5, 2)], [3, 4]])),
    ("[[1, 2, 3], [4, 5, 6], [7, 8, 9]]", kernel(COUNTED)),
    ('{"width":3,"height":3,"kernel":[1,2,3,4,5,6,7,8,9]}', kernel(COUNTED, 45)),
    ('{"width":3,"height":3,"kernel":[-1,0,1,-2,0,2,-1,0,1],"scale":1,"offset":0}', kernel(SOBEL)),
    ('{"width":2,"height":1,"kernel":[1,2],"scale":1}', kernel([[1, 2]], anchor=(0, 1))),
    (
        '{"kernel":[[1,"1/9"]],"scale":8,"offset":1,"anchor":[0,1],"mode":"convolve","source":"by hand"}',
        kernel([[Fraction(1, 9), 1]], 8, 1, (0, 0)),
    ),
    ("2*im:Sobel", kernel([[2 * cell for cell in row] for row in SOBEL])),
]


@pytest.mark.parametrize(("text", "expected"), READINGS, ids=[text[:50] for text, _ in READINGS])
def test_readings(text: str, expected: Kernel) -> None:
    assert imgconv.kernel(text) == expected


def test_examples_in_the_table_read() -> None:
    for row in table.DIALECTS.values():
        if row.read and ":" not in row.example.partition(" ")[0].removeprefix("3x3+1+1:"):
            assert read_all(row.example), row.name


SEVERAL: list[tuple[str, int]] = [
    ("im:Sobel;Prewitt", 2),
    ("Sobel; Sobel:90", 2),
    ("im:Kirsch:@", 8),
    ("im:Sobel:>", 4),
    ("im:Compass:<", 4),
    ("im:3@: 1,1,1 1,-8,1 1,1,1", 1),
    ("im:3>: 0,1,0 1,-4,1 0,1,0; Unity;", 2),
    ("im:Kirsch:@[1..3]", 3),
    ("(1,2,3^4,5,6)", 2),
    ("(1,2,3) (4,5,6)", 2),
    ("0m=1 0 0 0 0 0 0 0 0:1m=2 0 0 0 0 0 0 0 0", 1),  # each over its own sum: the same
    ("0m=1 0 0 0 0 0 0 0 0:1m=0 1 0 0 0 0 0 0 0", 2),
    (
        (
            "<svg><feConvolveMatrix kernelMatrix='1 1 1 1 1 1 1 1 1'/><feConvolveMatrix kernelMatrix='1 1 1 1 9 1 1 1"
            " 1'/></svg>"
        ),
        2,
    ),
    ("[[[1,2]],[[3,4]]]", 2),
    ('[{"kernel":[[1]]},{"kernel":[[2]]},{"kernel":[[3]]}]', 3),
]


@pytest.mark.parametrize(("text", "count"), SEVERAL, ids=[text[:40] for text, _ in SEVERAL])
def test_texts_with_several_kernels(text: str, count: int) -> None:
    found = read_all(text)
    if text.startswith("0m=1 0 0 0 0 0 0 0 0:1m=2"):
        assert len(found) == 2  # not the same weights, though the same picture
        return
    assert len(found) == count
    if count > 1:
        with pytest.raises(
            errors.UsageError, match=rf"holds {count} kernels where one is needed.*\[0\] to \[{count - 1}\]"
        ):
            imgconv.kernel(text)
        if not text.endswith("]") or text.startswith("["):
            assert imgconv.kernel(f"{text}[{count - 1}]") == found[-1]
            assert read_all(f"{text}[*]") == found


def test_the_ring_of_imagemagick() -> None:
    """`@` turns clockwise: printed by its showKernel, here convolved and so turned by half."""
    found = [one.turned().weights for one in read_all("im:3@: 1,2,3,4,5,6,7,8,9")]
    assert found[1] == ((4, 1, 2), (7, 5, 3), (8, 9, 6))
    assert found[2] == ((7, 4, 1), (8, 5, 2), (9, 6, 3))
    assert len(found) == 8
    assert [one.turned().weights[0] for one in read_all("im:3<: 1,2,3,4,5,6,7,8,9")] == [
        (1, 2, 3),
        (9, 8, 7),
        (3, 6, 9),
        (7, 4, 1),
    ]


@law(30)
@given(rows_of(st.integers(-9, 9), 4), st.integers(0, 2**16), st.data())
def test_svg_as_its_specification_sums(weights: list[list[int]], seed: int, data: st.DataObject) -> None:
    """RESULT(x, y) = sum of SOURCE(x - targetX + j, y - targetY + i) * matrix(orderX - j - 1, orderY - i - 1) / divisor
    + bias (SVG 1.1, 15.13)."""
    rows, columns = len(weights), len(weights[0])
    target_x, target_y = data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1))
    matrix = " ".join(str(cell) for row in weights for cell in row)
    text = f'order="{columns} {rows}" kernelMatrix="{matrix}" targetX="{target_x}" targetY="{target_y}" divisor="1"'
    source = np.random.default_rng(seed).integers(0, 256, (7, 6)).astype("int32")
    found = imgconv.correlate(source, text, border="wrap")
    for y in range(7):
        for x in range(6):
            total = 0
            for i in range(rows):
                for j in range(columns):
                    total += (
                        int(source[(y - target_y + i) % 7, (x - target_x + j) % 6])
                        * weights[rows - i - 1][columns - j - 1]
                    )
            assert found[y, x] == total


# ---------------------------------------------------------------- what is refused

REFUSED: list[tuple[str, tuple[str, ...]]] = [
    ("1 2;3 x", ("line 1, column 7", "3 «x»", "'x' is not a number")),
    ("1 2\n3 4\n5 y 6", ("line 3, column 3", "5 «y» 6")),
    ("1 2;3 4 5", ("row 2", "3 numbers", "2")),
    ("1 nan 2", ("column 3", "«nan»", "finite")),
    ("1 inf 2", ("column 3", "finite")),
    ("1,000 2,000", ("two ways", "1 000 2 000")),
    ("1,000,2,000", ("'1,000'", "thousands")),
    ("1\N{NARROW NO-BREAK SPACE}000 2", ("thousands",)),
    ("1'000 2", ("thousands",)),
    ("0,5 0,5", ("two ways",)),
    ("0,5;0,25\n0,5;0,25", ("two ways", "csv:", "rows:")),
    ("3 3 9\n1 1 1\n1 1 1\n1 1 1", ("two ways", "vips:", "rows:")),
    ("1,,2", ("column 2", "empty")),
    ("sclae=3\n1 2", ()),
    ("scale=3;sclae=2;1 2", ()),
    ("rows:scale=3;sclae=2;1 2", ("'sclae'", "did you mean scale")),
    ("scale=0;1 2", ("divisor",)),
    ("rows:", ("no numbers",)),
    ("im:3x3: 1,2,3", ("3 numbers where 9",)),
    ("im:2x1: 1,2,3", ("column 10", "«3»", "3 numbers where 2")),
    ("im:1,2,3", ("3x1:", "no square")),
    ("im:3x1: -,-,nan", ("no numbers",)),
    ("im:3x1+5: 1,2,3", ("anchor", "outside")),
    ("im:3x1-1: 1,2,3", ()),
    ("im:2x3>: 1,2,3,4,5,6", ("90 degrees",)),
    ("im:5x1@: 1,2,3,4,5", ("45 degrees",)),
    ("im:Sobol", ("did you mean Sobel",)),
    ("im:FreiChen:5", ("orthonormal",)),
    ("im:Disk:3", ("Disk", "morphology")),
    ("im:Blur:0x1+45", ("45 degrees",)),
    ("vips:3 3\n1 2 3\n4 5 6\n", ("2 rows where 3",)),
    ("vips:3 2\n1 2 3\n4 5\n", ("line 3", "2 numbers where 3")),
    ("vips:3 1\n1 2 3 4\n", ("line 2, column 7", "«4»")),
    ("vips:3 1 0\n1 2 3\n", ("divisor 0",)),
    ("vips:x y\n1", ("'x'",)),
    ("netpbm:1,2;3,4", ("2x2", "odd")),
    ("(1,2;3)", ("row 2",)),
    ("(1,2/3,4)", ("slice",)),
    ("(1,2", ("expected (v,v;v,v)",)),
    ("0m=1 2 3", ("9, 25 or 49", "not 3")),
    ("0m=1 2:0mode=row", ("odd count", "not 2")),
    ('order="3" kernelMatrix="1 2 3"', ("3 numbers where 9",)),
    ('order="2" kernelMatrix="1 2 3 4" targetX="2"', ("anchor", "outside")),
    ("<svg/>", ("feConvolveMatrix",)),
    ("[[1,2],[3,x]]", ("line 1, column 11", "invalid JSON")),
    ("[[1,NaN]]", ("line 1, column 5", "«NaN»", "finite")),
    ("[[1,true]]", ("'true'",)),
    ("[1,2,1]", ("rows [[",)),
    ('{"kernel":[1,2,1]}', ("width and height",)),
    ('{"kernel":[[1,2]],"sclae":2}', ("did you mean scale",)),
    ('{"width":2,"height":2,"kernel":[1,2,1]}', ("3 numbers where 4",)),
    ("python:imgconv.Kernel([[1]])", ("only written",)),
    ("im:Kirsch:@[8]", ("[8]", "[0] to [7]")),
    ("1 2 1[1]", ("[1]", "[0]")),
    ("1\n" * 10**6, ("side",)),
]


@pytest.mark.parametrize(("text", "parts"), REFUSED, ids=[repr(text[:40]) for text, _ in REFUSED])
def test_refusals(text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(errors.UsageError) as caught:
        read_all(text)
    said = str(caught.value)
    assert [part for part in parts if part not in said] == [], said
    assert len(said) <= fuzz.LONGEST_SENTENCE


# ---------------------------------------------------------------- files


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


BANK = np.arange(2 * 3 * 4).reshape(2, 3, 4)
LAYER = np.arange(5 * 2 * 3 * 3).reshape(5, 2, 3, 3).astype("float32")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "k.npy": npy(np.array([[1, 2], [3, 4.5]])),
        "bank.npy": npy(BANK),
        "layer.npy": npy(LAYER),
        "nan.npy": npy(np.array([[1, np.nan]])),
        "words.npy": npy(np.array([["a"]])),
        "objects.npy": npy(np.array([[None]]), allow_pickle=True),
        "line.npy": npy(np.arange(3)),
        "tall.npy": npy(np.zeros((10**6, 1))),
        "cut.npy": npy(BANK)[:-5],
        "one.npz": npz(weight=LAYER),
        "two.npz": npz(weight=LAYER, bias=np.ones((1, 1))),
        "not.npz": b"PK\3\4" + b"x" * 40,
        "evil.npy": b"\x93NUMPY" + pickle.dumps(print),
        "matlab.mat": b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(100),
        "box.mat": b"3 3 9\n1 1 1\n1 1 1\n1 1 1\n",
        "box.txt": b"3 3 9\n1 1 1\n1 1 1\n1 1 1\n",
        "bom.csv": b"\xef\xbb\xbf0,5;0,25\r\n0,5;0,25\r\n",
        "kernels.im": b"# both\nSobel; Sobel:90\n",
        "k.json": b'{"kernel": [[1, 2]], "scale": 3}',
        "old.pgm": b"P5 3 1 18\n" + bytes([10, 10, 10]),
        "word.txt": "1 2 é".encode("latin-1"),
    }.items():
        (tmp_path / name).write_bytes(content)
    save(tmp_path / "gray.png", np.array([[0, 1], [2, 5]], "uint8"))
    save(tmp_path / "black.png", np.zeros((2, 2), "uint8"))
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    return tmp_path


FILES: list[tuple[str, Any]] = [
    ("k.npy", Kernel([[1, 2], [3, 4.5]])),
    ("npy:k.npy", Kernel([[1, 2], [3, 4.5]])),
    ("bank.npy[1]", Kernel(BANK[1])),
    ("bank.npy[:,:,3]", Kernel(BANK[:, :, 3])),
    ("layer.npy[4,1]", Kernel(LAYER[4, 1])),
    ("layer.npy[:,:,2,0]", Kernel(LAYER[:, :, 2, 0])),
    ("one.npz:weight[4,1]", Kernel(LAYER[4, 1])),
    ("one.npz[4,1]", Kernel(LAYER[4, 1])),
    ("two.npz:bias", Kernel([[1]])),
    ("npz:two.npz:bias", Kernel([[1]])),
    ("box.mat", Kernel([[1] * 3] * 3, 9)),
    ("vips:box.txt", Kernel([[1] * 3] * 3, 9)),
    ("rows:box.txt", Kernel([[3, 3, 9], [1] * 3, [1] * 3, [1] * 3])),
    ("bom.csv", Kernel([[0.5, 0.25], [0.5, 0.25]])),
    ("kernels.im[0]", Kernel(SOBEL)),
    ("im:@kernels.im[0]", Kernel(SOBEL)),
    ("k.json", Kernel([[1, 2]], 3)),
    ("netpbm:old.pgm", Kernel([[Fraction(1, 9)] * 3])),
    ("image:gray.png", Kernel([[0, 1], [2, 5]], 8)),
]


@pytest.mark.parametrize(("text", "expected"), FILES, ids=[text for text, _ in FILES])
def test_files(folder: Path, text: str, expected: Kernel) -> None:
    assert imgconv.kernel(text) == expected
    assert imgconv.kernel(folder / text if ":" not in text.split("[", maxsplit=1)[0] else text) == expected


def test_stacks_in_files(folder: Path) -> None:
    assert read_all("bank.npy[*]") == tuple(Kernel(one) for one in BANK)
    assert read_all("bank.npy[:,:,*]") == tuple(Kernel(BANK[:, :, i]) for i in range(4))
    assert read_all("layer.npy[0..2,1]") == tuple(Kernel(LAYER[i, 1]) for i in range(3))
    assert len(read_all("layer.npy[*,*]")) == 10


BAD_FILES: list[tuple[str, tuple[str, ...]]] = [
    ("bank.npy", ("which axes of (2, 3, 4)", "[N]", "[:,:,N]")),
    ("layer.npy[0]", ("which axes", "[N,N]")),
    ("bank.npy[2]", ("[2]", "[0] to [1]")),
    ("nan.npy", ("NaN",)),
    ("words.npy", ("real numbers",)),
    ("objects.npy", ("pickles",)),
    ("evil.npy", ("no whole .npy",)),
    ("line.npy", ("(3,)",)),
    ("tall.npy", ("side",)),
    ("cut.npy", ("cut short", "of its numbers are missing")),
    ("two.npz", ("several arrays", "weight", "bias")),
    ("two.npz:wieght", ("did you mean weight",)),
    ("other.npz", ("no arrays",)),
    ("not.npz", ("no whole .npz",)),
    ("matlab.mat", ("MATLAB", "writematrix")),
    ("vips:matlab.mat", ("MATLAB",)),
    ("box.txt", ("two ways", "vips:", "rows:")),
    ("kernels.im", ("2 kernels",)),
    ("gray.png", ("which kernel", "image:gray.png")),
    ("image:black.png", ("all its pixels are 0",)),
    ("image:k.json", ()),
    ("word.txt", ("not a text of numbers",)),
    ("missing.npy", ("no such file",)),
    ("npz:missing.npz:a", ("no such file",)),
]


@pytest.mark.parametrize(("text", "parts"), BAD_FILES, ids=[text for text, _ in BAD_FILES])
def test_bad_files(folder: Path, text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(errors.ImgconvError) as caught:
        imgconv.kernel(text)
    assert [part for part in parts if part not in str(caught.value)] == [], str(caught.value)


def test_transparent_pixels_do_not_look(tmp_path: Path) -> None:
    pixels = np.array([[[9, 9, 9, 255], [200, 200, 200, 0]], [[50, 50, 50, 100], [1, 1, 1, 200]]], "uint8")
    save(tmp_path / "k.png", pixels)
    assert imgconv.kernel(f"image:{tmp_path / 'k.png'}") == Kernel([[9, 0], [0, 1]], 10)


# ---------------------------------------------------------------- time

LONG = 3_000_000
LINES: dict[str, str] = {
    "numbers in one row": "1 " * (LONG // 2),
    "decimals in one row": "0.123456," * (LONG // 9) + "1",
    "rows": "1;" * (LONG // 2),
    "lines": "1\n" * (LONG // 2),
    "a large kernel": "\n".join(
        " ".join(f"{(i * 7919 + j * 104729) % 1000003 / 1000003:.9f}" for j in range(500)) for i in range(500)
    ),
    "blanks": " " * LONG + "x",
    "blanks behind a number": "1" + " " * LONG + "x",
    "one number": "1" * LONG,
    "minus signs": "-" * LONG,
    "parentheses": "(" * LONG,
    "brackets": "[" * LONG,
    "angles": "<" * LONG,
    "quotation marks": "'" * LONG,
    "a G'MIC item": "(" + "1," * (LONG // 2) + "1)",
    "JSON": "[[" + "1," * (LONG // 2) + "1]]",
    "headers": "scale=1;" * (LONG // 8),
    "comments": "#\n" * (LONG // 2),
    "CSV": "1;2\n" * (LONG // 4),
    "ImageMagick's numbers": "im:3x3: " + "1," * (LONG // 2),
    "ImageMagick's list": "im:" + "Sobel;" * (LONG // 6),
    "ImageMagick's size": "im:3" + " " * LONG + "x",
    "ImageMagick's arguments": "im:Sobel:" + " " * LONG + "x",
    "ImageMagick's options": "im:" + "-bias 1 " * (LONG // 8),
    "a scale of blanks": "im:convolve:scale='" + " " * LONG + "x' Sobel",
    "libvips' header": "vips:1 " + " " * LONG + "x\n1",
    "ffmpeg's options": "0m=" + ":0m=" * (LONG // 4),
    "SVG's attributes": 'kernelMatrix="1"' * (LONG // 16),
    "netpbm's options": "netpbm:" + "-matrix=1 " * (LONG // 10),
}


@pytest.mark.parametrize("name", LINES)
def test_three_megabytes_are_read_or_refused_in_time(name: str) -> None:
    begun = time.process_time()
    fuzz.made_or_refused(read_all, LINES[name])
    assert time.process_time() - begun < 2


@law(150)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(st.sampled_from(fuzz.TOKENS), max_size=14).map(lambda words: "".join(words).encode()),
    )
)
def test_any_bytes_are_kernels_or_refused(data: bytes) -> None:
    fuzz.target(data)


# ---------------------------------------------------------------- the command


def test_convert_prints_and_says_what_it_did(folder: Path) -> None:
    done = command.imgconv("kernels", "convert", "sobel-x", "--to", "imagemagick", cwd=folder)
    assert (done.code, done.out, done.err) == (0, b"3x3: 1,0,-1  2,0,-2  1,0,-1\n", "")
    done = command.imgconv("kernels", "convert", "scale=3;anchor=0,0;1 2", "--to", "netpbm", cwd=folder)
    assert done.out == b"0,0.33333333333333331,0.66666666666666663\n"
    assert "netpbm: 1 row x 2 columns became 1 row x 3 columns" in done.err
    assert "rounded" in done.err
    done = command.imgconv("kernels", "convert", "k.json", "--to", "npy", "-o", "out.npy", cwd=folder)
    assert (done.code, done.out) == (0, b"")
    assert np.load(folder / "out.npy").tolist() == [[1 / 3, 2 / 3]]
    done = command.imgconv("kernels", "convert", "im:Laplacian", "--to", "npy", cwd=folder)
    assert np.load(io.BytesIO(done.out)).tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("sobel-x",), ("which dialect",)),
        (("--to", "vips"), ("which kernel",)),
        (("sobel-x", "--to", "vpis"), ("did you mean vips",)),
        (("sobel-x", "--to", "image"), ("only read",)),
        (("offset=9;1", "--to", "csv"), ("bias 9", "json")),
        (("box:9", "--to", "ffmpeg"), ("too large",)),
        (("im:Kirsch:@", "--to", "json"), ("8 kernels",)),
    ],
)
def test_convert_refuses(folder: Path, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    done = command.imgconv("kernels", "convert", *words, cwd=folder)
    assert (done.code, done.out) == (2, b"")
    assert [part for part in parts if part not in done.err] == [], done.err


def test_an_array_does_not_go_to_a_terminal(folder: Path) -> None:
    done = command.on_terminal("kernels", "convert", "sobel-x", "--to", "npy", cwd=folder)
    assert done.code == 2


def test_a_filter_takes_any_dialect(folder: Path) -> None:
    save(folder / "in.png", np.random.default_rng(1).integers(0, 256, (9, 9)).astype("uint8"))
    ours = command.imgconv("filter", "sobel-x", "in.png", "-q", cwd=folder)
    for text in (
        "im:Sobel",
        "3x3: 1,0,-1 2,0,-2 1,0,-1",
        "im:@kernels.im[0]",
        "(1,0,-1;2,0,-2;1,0,-1)",
        "[[-1,0,1],[-2,0,2],[-1,0,1]]",
    ):
        done = command.imgconv("filter", text, "in.png", "-q", cwd=folder)
        assert (done.code, done.out) == (0, ours.out), text


def test_names_and_plain_rows_load_no_other_dialect() -> None:
    import subprocess
    import sys

    probe = (
        "import sys, imgconv; imgconv.kernel({!r}); print(sorted(m.rpartition('.')[2] for m in sys.modules if"
        " m.startswith('imgconv.kernels.dialects')))"
    )
    for text, expected in (("vertical", "[]"), ("-1 0 1;-2 0 2", "['base', 'cells', 'dialects', 'rows']")):
        done = subprocess.run(
            [sys.executable, "-c", probe.format(text)], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout.strip() == expected


def test_with_takes_several_kernels_at_once(folder: Path) -> None:
    save(folder / "in.png", np.random.default_rng(1).integers(0, 256, (9, 9)).astype("uint8"))
    at_once = command.imgconv(
        "filter", "im:Kirsch:@[0]", "--with", "im:Kirsch:@[1..7]", "--combine", "max", "in.png", "-q", cwd=folder
    )
    each = [word for i in range(1, 8) for word in ("--with", f"im:Kirsch:@[{i}]")]
    one_by_one = command.imgconv("filter", "im:Kirsch:@[0]", *each, "--combine", "max", "in.png", "-q", cwd=folder)
    assert (at_once.code, at_once.out) == (0, one_by_one.out), at_once.err
    text = "filter im:Kirsch:@[0] with=im:Kirsch:@[1..7] combine=max"
    assert str(imgconv.Pipeline.parse(text)) == str(imgconv.Pipeline.parse(str(imgconv.Pipeline.parse(text))))
