"""Matrices as text are images: read whatever stands between the numbers, written with every digit, within limits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.files import read, signatures
from imgconv.files.text.recognition import is_matrix
from tests.command import called, shell

WHOLE = [[3, 0, -1], [12, 5, 8]]
FORMS = {
    "commas": "3,0,-1\n12,5,8\n",
    "commas and blanks": "3, 0, -1\n12, 5, 8",
    "semicolons": "3;0;-1\r\n12;5;8\r\n",
    "tabs": "3\t0\t-1\n12\t5\t8\n",
    "blanks": "   3    0   -1\n  12    5    8\n",
    "comments": "# the course's\n3 0 -1 # first\n\n12 5 8\n\n",
    "a byte order mark": "\ufeff3,0,-1\n12,5,8\n",
    "savetxt": "3.0e+00 0.0e+00 -1.0e+00\n1.2e+01 5.0e+00 8.0e+00\n",
}


def loaded(folder: Path, text: str, **options: object) -> np.ndarray:
    (folder / "m.dat").write_text(text, encoding="utf-8", newline="")
    image = imgconv.load(folder / "m.dat", **options)  # type: ignore[arg-type]
    assert image.format == "csv"
    return image.pixels


@pytest.mark.parametrize("form", FORMS)
def test_whole_numbers_are_int32(tmp_path: Path, form: str) -> None:
    pixels = loaded(tmp_path, FORMS[form])
    assert pixels.dtype == np.int32
    assert pixels.tolist() == WHOLE


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5 1\n2 3", [[0.5, 1], [2, 3]]),
        ("0,5;1\n2;-3,25\n", [[0.5, 1], [2, -3.25]]),
        ("nan,inf\n-inf,1e-300\n", [[np.nan, np.inf], [-np.inf, 1e-300]]),
        ("2147483648 1\n", [[2**31, 1]]),
        (".5\n", [[0.5]]),
    ],
)
def test_other_numbers_are_float64(tmp_path: Path, text: str, values: list[list[float]]) -> None:
    pixels = loaded(tmp_path, text)
    assert pixels.dtype == np.float64
    np.testing.assert_array_equal(pixels, values)


@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_floats_come_back_in_full(tmp_path: Path, type_: str) -> None:
    pixels = (np.random.default_rng(1).normal(0, 1, (40, 30)) * 10.0 ** np.arange(-15, 15)).astype(type_)
    imgconv.save(pixels, tmp_path / "m.csv")
    np.testing.assert_array_equal(imgconv.load(tmp_path / "m.csv").pixels, pixels)
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "m.csv", delimiter=","), pixels)


def test_what_numpy_writes_is_read(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).normal(0, 1e3, (7, 9))
    stream = io.StringIO()
    np.savetxt(stream, pixels, header="seven rows")
    np.testing.assert_array_equal(loaded(tmp_path, stream.getvalue()), pixels)


def test_lines_may_be_long(tmp_path: Path) -> None:
    """Longer than what is looked at for recognition, and than what is read at a time."""
    row = list(range(200_000))
    assert loaded(tmp_path, ",".join(map(str, row)) + "\n").tolist() == [row]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3\n4 5\n", "line 2 has 2 numbers, and the first row 3"),
        ("1 2\n3 x\n", "line 2, cell 2: expected a number, got 'x'"),
        ("1,2\n3,\n", "line 2, cell 2: expected a number, got nothing"),
        ("1 2\n1_0 4\n", "line 2, cell 1: expected a number, got '1_0'"),
        ("1,2\nname,\udce9\n", "line 2, cell 1: expected a number, got 'name'"),
    ],
)
def test_other_text_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(errors.FileError) as caught:
        imgconv.load(tmp_path / "m.csv")
    assert f"m.csv: is text, not an image: {words}" in str(caught.value)


@pytest.mark.parametrize("text", ["9007199254740993 1\n", "1" * 500 + "\n"])
def test_whole_numbers_that_no_type_holds_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(errors.PixelError, match="line 1, cell 1: whole numbers beyond 2"):
        loaded(tmp_path, text)


def test_limits_hold(tmp_path: Path) -> None:
    for text in ("1\n" * 101, "1," * 100 + "1\n", "1 " * 101):
        with pytest.raises(errors.FileError, match="--max-pixels 101"):
            loaded(tmp_path, text, max_pixels=100)
    with pytest.raises(errors.FileError, match="--max-memory allows more"):
        loaded(tmp_path, "1 " * 1_000_000, max_memory="4M")


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"P2\n2 2\n255\n1 2 3 4\n",
        b"#define x_width 8\n",
        b"name,1\n",
        b"12 apples\n",
        b"1 2\0",
        b"# words\n",
        b"-",
    ],
)
def test_other_text_is_no_matrix(start: bytes) -> None:
    assert not is_matrix(start)


def test_long_streams_of_numbers_are_read_to_their_end() -> None:
    assert not signatures.is_hopeless(b"1 2 3 4\n" * 512)


def test_a_matrix_on_the_command_line(tmp_path: Path) -> None:
    """The course's example: a bright and a dark half, and the filter of vertical edges."""
    done = called(
        "filter",
        "1 0 -1; 1 0 -1; 1 0 -1",
        "text:" + "10 10 10 0 0 0;" * 6,
        "--pad",
        "valid",
        "-o",
        "o.csv",
        cwd=tmp_path,
    )
    assert done.code == 0, done.err
    assert (tmp_path / "o.csv").read_text() == "0,30,30,0\n" * 4
    with read.header("text:1,2") as header:
        assert (header.height, header.width, header.type) == (1, 2, "int32")


def test_a_matrix_through_a_pipe(tmp_path: Path) -> None:
    done = shell(
        "printf '1 -2\\n3 4\\n' | imgconv activate abs --format csv | imgconv activate identity --format csv", tmp_path
    )
    assert (done.code, done.out) == (0, b"1,2\n3,4\n"), done.err


def test_results_beside_a_matrix_are_matrices(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(FORMS["commas"])
    for word in ("m.csv", "text:1 2;3 4"):
        done = called("filter", "identity", word, "-o", "out/", cwd=tmp_path)
        assert done.code == 0, done.err
    assert (tmp_path / "out" / "m.csv").read_text() == FORMS["commas"]
    assert (tmp_path / "out" / "text.csv").read_text() == "1,2\n3,4\n"


def test_in_folders_a_csv_is_a_list(tmp_path: Path) -> None:
    """Of names and labels, beside the images."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "labels.csv").write_text("a.png,3\n")
    imgconv.save(np.zeros((4, 4), "uint8"), tmp_path / "in" / "a.png")
    done = called("filter", "identity", "in", "-o", "out/", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_colours_have_no_place_in_a_matrix(tmp_path: Path) -> None:
    with pytest.raises(errors.FileError, match=r"CSV cannot hold RGB uint8; formats that can: .*--gray"):
        imgconv.save(np.zeros((4, 4, 3), "uint8"), tmp_path / "m.csv")


def test_large_whole_numbers_are_looked_at_behind_a_nan(tmp_path: Path) -> None:
    for text in ("nan 9007199254740993\n", "9007199254740993 nan\n", "1 nan -9007199254740993\n"):
        with pytest.raises(errors.PixelError, match="whole numbers beyond 2"):
            loaded(tmp_path, text)
