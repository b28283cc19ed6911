"""Texts and options decide neither how much memory nor how much time is taken: endless ones, huge ones, and numbers of
hundreds of digits."""

from __future__ import annotations

import itertools
import math
import random
import time
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.kernels import kernel, lab
from imgconv.kernels.catalog import KERNEL, read_all
from imgconv.kernels.dialects import table
from imgconv.kernels.dialects.placing import decimal, rounding
from imgconv.kernels.kernel import MOST_TOGETHER, Kernel
from imgconv.operations import Bank, Filter
from imgconv.operations.pipeline import Pipeline
from imgconv.values.numbers import LARGEST, common_denominator, number, number_text, total
from imgconv.values.parameters import PAD
from imgconv.values.windows import Axis
from tests import oracle
from tests.command import imgconv as command
from tests.command import noise, save
from tests.measured import measured, refused
from tests.strategies import all_but

LONG = random.Random(5)
NINES = ["1/" + "".join(LONG.choice("123456789") for _ in range(290)) for _ in range(20)]
"""Fractions whose common denominator has 5,800 digits: more than Python prints."""
EXTREME = {
    "denominators": " ".join(NINES),
    "largest": "1e308",
    "two of the largest": "1e308;1e308",
    "small and large": "1e-300 1e300",
    "large and inexact": "0x1p1023 0x1p1023 0.1234567890123456789",
    "least": "0x1p-1074",
    "fraction of large ones": f"{'9' * 200}/{'7' * 190}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "in.png", noise(8, 9, 3))
    return tmp_path


# ---------------------------------------------------------------- pipelines


def test_pipelines_without_an_end(folder: Path) -> None:
    refused(measured("run", "/dev/zero", "in.png", cwd=folder), "/dev/zero", "longer than 1 MiB", code=2, peak=60)
    refused(
        measured("run", "-", "in.png", cwd=folder, stdin=Path("/dev/zero")),
        "standard input",
        "longer than 1 MiB",
        code=2,
        peak=60,
    )
    (folder / "x.pipe").write_text("relu\n" * 250_000)
    refused(measured("run", "x.pipe", "in.png", cwd=folder), "x.pipe", "longer than 1 MiB", code=2, peak=60)


def test_pipelines_that_are_no_text(folder: Path) -> None:
    for content in (b"\xff\xfe filter", b"filter vertical \x80"):
        done = command("run", "-", "in.png", "-o", "out.png", cwd=folder, stdin=content)
        assert (done.code, done.err) == (2, "imgconv: pipeline file standard input: it is not text\n")


def test_pipelines_with_other_ends_of_lines(folder: Path) -> None:
    expected = command("run", "filter vertical | relu", "in.png", cwd=folder).out
    for content in (
        b"filter vertical\r\nrelu\r\n",
        b"\xef\xbb\xbffilter vertical\rrelu",
        b"# words\nfilter vertical\n\nrelu # and more",
    ):
        (folder / "x.pipe").write_bytes(content)
        assert (
            command("run", "x.pipe", "in.png", cwd=folder).out
            == command("run", "-", "in.png", cwd=folder, stdin=content).out
            == expected
        )


@pytest.mark.parametrize(
    "text",
    [
        "#\n" * 500_000 + "relu",
        "\n" * 1_000_000 + "relu",
        "filter 1 combine=sum" + " with=1" * 30_000,
        "relu # " + "#" * 1_000_000 + "\n# |",
    ],
)
def test_pipelines_of_a_megabyte_are_parsed_in_a_moment(text: str) -> None:
    begun = time.process_time()
    assert len(Pipeline.parse(text).steps) == 1
    assert time.process_time() - begun < 10


# ---------------------------------------------------------------- numbers


def test_numbers_beyond_doubles_are_the_nearest_double() -> None:
    beyond = Fraction(10**320 + 1, 3**650)
    assert number(beyond) == float(beyond)
    assert number(f"1e320/{10**319 + 1}") == float(Fraction(10**320, 10**319 + 1))
    assert number(Fraction(1, LARGEST - 1)) == Fraction(1, LARGEST - 1)
    for text in ("1e999999", "9" * 309, "9" * 5000, "1/" + "9" * 398, "0x1p9999", "1e-999", "1/1e999"):
        with pytest.raises(errors.UsageError, match="finite number"):
            number(text)
    with pytest.raises(errors.UsageError, match="of 16610 bits"):
        number(10**5000)


@pytest.mark.parametrize("seed", range(5))
def test_sums_are_exact_while_they_can_be(seed: int) -> None:
    rng = random.Random(seed)
    values = [Fraction(rng.randint(-(10**9), 10**9), rng.choice((1, 3, 7, 64, 10**6))) for _ in range(50)]
    exact = [number(value) for value in values]
    assert total(exact) == sum(values)
    common = common_denominator(exact)
    assert common == math.lcm(*(value.denominator for value in values))
    assert total([*exact, 0.1]) == pytest.approx(float(sum(values)) + 0.1, rel=1e-15)
    assert total([1e308, 1e308, 0.5]) == math.inf
    assert total([-1e308, -1e308, 0.5]) == -math.inf


def test_many_denominators_have_no_common_one() -> None:
    values = [Fraction(1, n) for n in range(1, 4097)]
    assert common_denominator(values) is None
    assert total(values) == pytest.approx(math.fsum(1 / n for n in range(1, 4097)), rel=1e-15)
    kernel = Kernel([values[at : at + 64] for at in range(0, 4096, 64)])
    assert kernel.exact is None
    begun = time.process_time()
    made = imgconv.correlate(np.full((20, 20), 255, "uint8"), kernel, dtype="float64")
    assert time.process_time() - begun < 20
    np.testing.assert_allclose(made, 255 * math.fsum(map(float, values)), rtol=1e-12)


def test_the_text_of_a_fraction_is_as_before() -> None:
    """The short decimal by its definition: the least count of digits that is exact, 15 in all and 16 behind the point
    at most."""
    rng = random.Random(2)
    for _ in range(3000):
        value = Fraction(
            rng.randint(-(10**9), 10**9) * 10 ** rng.choice((0, 0, 4)),
            rng.choice((1, 3, 8, 10**4, 2**16, 5**7, 10**16, 2**17, 640)),
        )
        if value.denominator == 1:
            continue
        digits = next((count for count in range(1, 17) if (value * 10**count).denominator == 1), None)
        short = digits is not None and abs(value) * 10**digits < 10**15
        text = number_text(value)
        assert ("/" not in text) == short
        assert number(text) == value
        if short:
            assert len(text.partition(".")[2]) == digits
        assert len(rounding([value])) == (number(decimal(value)) != value)


@pytest.mark.parametrize("name", all_but([*EXTREME], *[name for name in EXTREME if name != "denominators"]))
def test_every_question_about_extreme_numbers_is_answered_or_refused(name: str) -> None:
    kernel = KERNEL.read(EXTREME[name])
    for opaque in (None, noise(5, 6, seed=1)):
        image = imgconv.Image((imgconv.values.image.Frame(noise(5, 6), opaque),))
        assert image.through(Pipeline((Filter(kernel),))).pixels.shape == (5, 6)
    assert KERNEL.read(KERNEL.text(kernel)).weights == kernel.weights
    assert lab.facts(kernel).rank
    for ask in (
        lambda: lab.compose(kernel, kernel),
        lambda: lab.difference(kernel, "sobel-x"),
        lambda: lab.split(kernel),
    ):
        _sentence(ask)
    for row in table.DIALECTS.values():
        if row.write is not None:
            _sentence(lambda row=row: row.write(kernel))


def _sentence(ask) -> None:
    said = "nothing, for it was answered"
    try:
        ask()
    except errors.UsageError as error:
        said = str(error)
    assert 10 < len(said) < 400


@pytest.mark.parametrize("name", ["denominators", "large and inexact"])
def test_extreme_numbers_through_the_command(folder: Path, name: str) -> None:
    (folder / "k.txt").write_text(EXTREME[name])
    for words in (
        ("filter", "k.txt", "in.png", "-o", "o.png"),
        ("filter", "k.txt", "in.png", "--plan"),
        ("kernels", "show", "k.txt", "--plot", "p.png"),
    ):
        done = command(*words, cwd=folder)
        assert (done.code, "bug" in done.err) == (0, False), done.err
    for words in (("split", "k.txt"), ("diff", "k.txt", "sobel-x"), ("compose", "k.txt", "k.txt")):
        assert command("kernels", *words, cwd=folder).code in (0, 2)


def test_sums_beyond_64_bits_are_exact_for_small_windows_only() -> None:
    rng = random.Random(1)
    small = [[rng.randint(10**18, 10**19) for _ in range(5)] for _ in range(5)]
    image = noise(12, 13)
    exact = oracle.responses(image, small, 1, 0)
    assert np.array_equal(imgconv.correlate(image, small, dtype="float64")[..., None], np.vectorize(float)(exact))
    image = noise(4, 5)
    large = [[rng.randint(10**18, 10**19) for _ in range(40)] for _ in range(40)]
    begun = time.process_time()
    made = imgconv.correlate(image, large, dtype="float64")
    assert time.process_time() - begun < 20
    np.testing.assert_allclose(made[..., None], np.vectorize(float)(oracle.responses(image, large, 1, 0)), rtol=1e-12)


def test_large_kernels_of_fractions_take_no_longer_than_others(tmp_path: Path) -> None:
    (tmp_path / "k.txt").write_text(("1/3 " * 512 + "\n") * 512)
    begun = time.process_time()
    made = Filter(KERNEL.read(tmp_path / "k.txt"))
    assert made.effective_kernel.exact is not None
    assert time.process_time() - begun < 3  # once 15, in printing a quarter of a million fractions that nobody reads


@pytest.mark.slow
@pytest.mark.parametrize("word", ["1", "1/3", "0.1", "-2/7"])
def test_the_largest_kernels(folder: Path, word: str) -> None:
    (folder / "k.txt").write_text(f"{(word + ' ') * 2048}\n" * 2048)
    done = measured("filter", "k.txt", "in.png", "-q", "-o", "o.png", cwd=folder, patience=300)
    assert (done.code, done.peak < 1000, done.seconds < 40) == (0, True, True), done


# ---------------------------------------------------------------- kernels as texts and files


def test_rows_of_millions_of_words_are_not_made(folder: Path) -> None:
    """40 MB of text: as words they would take half a gigabyte, and as lines or as empty pieces as much."""
    for word in (b"11 ", b"11,", b"\n\n ", b"1;;"):
        (folder / "k.txt").write_bytes(word * 10_000_000)
        done = measured("filter", "k.txt", "in.png", "-o", "o.png", cwd=folder)
        assert (done.code, done.peak < 260, done.seconds < 30) == (2, True, True), (word, done)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("im:" + "Gaussian:300x100;" * 100, marks=pytest.mark.slow),
        "im:" + "1x1:1;" * 1001,
        "gmic:" + "(1)" * 100_001,
        "json:[" + "[[1]]," * 70_000 + "[[1]]]",
        "json:[[" + "1," * 9_000_000 + "1]]",
        "json:[" + "[]," * 500_000 + "1]",
        "csv:" + "1;" * 70_000,
        "vips:3 70000\n" + "1 2 3\n" * 70_000,
        "ffmpeg:0m=" + "1 " * 70_000,
        "ffmpeg:" + ":" * 2000 + "1",
        "netpbm:P2 9999 9999 9 " + "1 " * 100,
        pytest.param("svg:" + '<feConvolveMatrix order="1" kernelMatrix="1"/>' * 100_001, marks=pytest.mark.slow),
        "1*" * 101 + "sobel-x",
    ],
    ids=lambda text: text[:12],
)
def test_lists_and_sizes_are_bounded(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(errors.UsageError) as caught:
        read_all(text)
    assert len(str(caught.value)) < 400
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    "text",
    ["im:" + "Gaussian:20x8;" * 100, "gmic:" + "(1,2;3,4)" * 30_000, "json:[" + "[[1,2],[3,4]]," * 30_000 + "[[1]]]"],
    ids=lambda text: text[:5],
)
def test_lists_have_a_bound_in_common(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(read_all(text)) >= 100
    monkeypatch.setattr(kernel, "MOST_TOGETHER", 100_000)
    with pytest.raises(errors.UsageError, match=r"\d+ or more weights together, more than 100000"):
        read_all(text)


def test_factors_multiply() -> None:
    assert KERNEL.read("2*1/2*3*sobel-x") == KERNEL.read("3*sobel-x")
    assert KERNEL.read("1*" * 100 + "sobel-x").name == "sobel-x"


def test_arrays_are_no_kernels_before_they_are_lists() -> None:
    begun = time.process_time()
    with pytest.raises(errors.UsageError, match="65536"):
        Kernel(np.broadcast_to(np.float32(1), (10**5, 10**5)))
    assert time.process_time() - begun < 1


def test_pictures_of_many_frames_are_no_kernels(tmp_path: Path) -> None:
    np.save(tmp_path / "k.npy", np.ones((100, 400, 400, 1), "uint8"))
    with pytest.raises(errors.UsageError, match="16000000 or more weights together"):
        read_all(f"image:{tmp_path / 'k.npy'}")
    np.save(tmp_path / "k.npy", np.ones((3, 4, 5, 1), "uint8"))
    assert [one.shape for one in read_all(f"image:{tmp_path / 'k.npy'}")] == [(4, 5)] * 3


def test_banks_are_bounded_before_they_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(Bank("gaussian:1:3:0.01").filters) == 200
    monkeypatch.setattr(kernel, "MOST_TOGETHER", 100_000)
    for text in (
        "gaussian:20:21:0.001",
        "box:40:400",
        "gabor:" + ",".join(["1:1000"] * 2000),
        "gabor:-1e308:1e308:0.12345678901234567890",
    ):
        begun = time.process_time()
        with pytest.raises(errors.UsageError) as caught:
            Bank(text)
        assert len(str(caught.value)) < 400
        assert time.process_time() - begun < 5


def test_lab_is_bounded() -> None:
    for ask in (lambda: lab.compose("box:1000", "box:1000"), lambda: lab.difference("box:1200", "box:1201")):
        with pytest.raises(errors.UsageError, match="too large to be"):
            ask()
    rng = random.Random(4)
    rows = [[Fraction(rng.randint(1, 10**30), rng.randint(1, 10**30)) for _ in range(30)] for _ in range(30)]
    begun = time.process_time()
    pairs = lab.split(Kernel(rows))
    assert time.process_time() - begun < 10
    found = sum(
        np.outer(np.array(column.weights, float)[:, 0], np.array(row.weights, float)[0]) for column, row in pairs
    )
    np.testing.assert_allclose(found, np.array(rows, float), atol=1e-12 * np.abs(np.array(rows, float)).max())


@pytest.mark.parametrize(
    "text", ["gaussian-derivative:1e-300,6,6", "gaussian:1e-300,2", "gabor:1e-300,1e200", "gabor:3,0,1,1e308"]
)
def test_arguments_that_no_double_survives(text: str) -> None:
    with pytest.raises(errors.UsageError, match=r"no finite weights|more than|not a finite"):
        KERNEL.read(text)


# ---------------------------------------------------------------- a matrix that is cut is no row


MATRIX = "3 3 9 0\n1 2 1\n2 4 2\n1 2 1\n"


@pytest.mark.parametrize("length", range(len(MATRIX)))
def test_a_cut_matrix_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "cut.mat").write_text(MATRIX[:length])
    whole = Kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 9)
    if MATRIX[:length].strip() == MATRIX.strip():
        assert read_all(tmp_path / "cut.mat") == (whole,)
        return
    with pytest.raises(errors.UsageError):
        read_all(tmp_path / "cut.mat")


def test_plain_rows_in_a_matrix_file(tmp_path: Path) -> None:
    for text in ("1 2 1\n2 4 2\n1 2 1\n", "1\n2\n1\n", "0.5 0.25\n", "-1 0 1\n", "0 1\n1 0\n", "1 1 1 1 1\n"):
        (tmp_path / "k.mat").write_text(text)
        (tmp_path / "k.txt").write_text(text)
        assert read_all(tmp_path / "k.mat") == read_all(tmp_path / "k.txt")
    (tmp_path / "k.mat").write_text("3 3 9 0\n")
    with pytest.raises(errors.UsageError, match=r"0 rows where 3 were announced; .*rows:"):
        read_all(tmp_path / "k.mat")
    assert read_all(f"rows:{tmp_path / 'k.mat'}") == (Kernel([[3, 3, 9, 0]]),)


# ---------------------------------------------------------------- options


def test_windows_that_see_nothing_by_definition() -> None:
    rng = random.Random(1)
    seen = set()
    for _ in range(5000):
        length, size, stride, dilation, before, out = (rng.randint(1, most) for most in (8, 6, 9, 14, 30, 12))
        taps = [range(i * stride - before, i * stride - before + dilation * size, dilation) for i in range(out)]
        expected = any(not any(0 <= tap < length for tap in window) for window in taps)
        assert Axis(length, size, stride, dilation, before, 0, out).blind == expected
        seen.add(expected)
    assert seen == {False, True}


def test_repeated_sizes_are_those_of_each_step() -> None:
    rng = random.Random(3)
    for _ in range(400):
        options = (
            f"stride={rng.choice('112')} pad={rng.choice(('valid', 'same', '0,0,1,0', '2', '3,1,0,0', '1,1,4,0'))}"
            f" dilation={rng.randint(1, 3)}"
        )
        times = rng.randint(1, 60)
        (repeated,) = Pipeline.parse(
            f"filter box:{rng.randint(1, 4)}x{rng.randint(1, 4)} {options} repeat={times}"
        ).steps
        size = rng.randint(1, 40), rng.randint(1, 40)
        assert _shape_or_error(repeated.shape, *size) == _shape_or_error(
            lambda *given, step=repeated, count=times: _each(step, given, count), *size
        )


def _each(step, size: tuple[int, int], times: int) -> tuple[int, int]:
    for _ in range(times):
        size = step._shape_once(*size)
    return size


def _shape_or_error(shape, *size: int):
    try:
        return shape(*size)
    except errors.WindowError:
        return None


def test_options_of_billions_are_answered_in_a_moment(folder: Path) -> None:
    begun = time.process_time()
    (step,) = Pipeline.parse("filter 1 pad=0,0,1,0 repeat=2000000000").steps
    assert step.shape(40, 1) == (40, 2_000_000_001)
    (step,) = Pipeline.parse("filter box:3 pad=valid repeat=2000000000").steps
    with pytest.raises(errors.WindowError):
        step.shape(10**6, 10**6)
    (step,) = Pipeline.parse("pool size=1000000000 dilation=1000 pad=same").steps
    with pytest.raises(errors.WindowError):
        step.shape(40, 50)
    with pytest.raises(errors.UsageError, match="at most 2147483647"):
        PAD.read("1000000000000")
    assert time.process_time() - begun < 5


def test_a_stated_limit_covers_what_windows_need(folder: Path) -> None:
    for words in (
        ("box:3", "--dilation", "6000"),
        ("1 2;3 4", "--dilation", "50000000"),
        ("gaussian:1", "--dilation", "5000000", "--border", "wrap"),
    ):
        done = measured("filter", *words, "in.png", "--max-memory", "100M", "-o", "o.png", cwd=folder)
        refused(done, "more than --max-memory allows", code=1, peak=150)
    assert command("filter", "gaussian:1.5", "in.png", "--max-memory", "20k", "-o", "o.png", cwd=folder).code == 0


def test_kernels_of_archives_within_bounds_are_what_they_were(tmp_path: Path) -> None:
    bank = np.arange(2 * 3 * 5 * 5).reshape(2, 3, 5, 5).astype("float32")
    np.savez_compressed(tmp_path / "k.npz", weight=bank, bias=np.zeros(2))
    for i, j in itertools.product(range(2), range(3)):
        assert read_all(f"{tmp_path / 'k.npz'}:weight[{i},{j}]") == (Kernel(bank[i, j]),)
    assert zipfile.is_zipfile(tmp_path / "k.npz")
    assert MOST_TOGETHER == 8_388_608
