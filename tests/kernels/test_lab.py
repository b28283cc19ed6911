"""The kernel lab: laws of composing and splitting, facts against NumPy and SciPy, and what the commands print and
draw."""

import math
import re
from contextlib import nullcontext
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import signal

import imgconv
from imgconv import Kernel, errors
from imgconv.cli.kernels import sheet as sheet_command
from imgconv.cli.messages import Finished
from imgconv.kernels import lab
from imgconv.kernels.lab.sample import sample
from imgconv.kernels.lab.sheet import response, tiles
from imgconv.kernels.lab.write import write
from imgconv.kernels.named import table
from imgconv.kernels.named.row import DIRECTIONS
from imgconv.operations import Filter
from tests.command import imgconv as run
from tests.command import on_terminal, pixels_of
from tests.strategies import law, plain_python, rows_of

EXAMPLES = [row.example for row in table().values()]
SMALL = st.integers(-3, 3)
KERNELS = st.builds(
    Kernel,
    rows_of(SMALL, 4),
    st.sampled_from([1, 2, -3, Fraction(1, 2)]),
    st.sampled_from([0, 5, Fraction(-1, 2)]),
)


@st.composite
def anchored(draw):
    kernel = draw(KERNELS)
    anchor = st.tuples(st.integers(0, kernel.shape[0] - 1), st.integers(0, kernel.shape[1] - 1))
    return kernel.using(anchor=draw(st.none() | anchor))


@pytest.fixture(autouse=True)
def _uncompiled(request):
    """It is kernels that are tried here, not loops; but commands, which write files, run as they are."""
    with nullcontext() if "tmp_path" in request.fixturenames else plain_python():
        yield


def effective(kernel):
    return np.array(kernel.weights, float) / float(kernel.divisor)


# ---------------------------------------------------------------- composing


@law(60)
@given(anchored(), anchored(), st.integers(0, 99))
def test_a_composed_kernel_does_both_away_from_borders(one, other, seed):
    pixels = np.random.default_rng(seed).integers(-50, 50, (17, 16)).astype("float64")
    both = imgconv.run(pixels, imgconv.Pipeline((Filter(one), Filter(other))))
    at_once = imgconv.correlate(pixels, lab.compose(one, other))
    inner = (slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(at_once[inner], both[inner], atol=1e-9)


@pytest.mark.parametrize("name", ["sobel-x", "gaussian:1", "box:2x5", "contour", "roberts-x"])
def test_composing_is_scipys_full_convolution(name):
    for other in ("prewitt-y", "binomial:4", "unsharp:0.6,1"):
        made = lab.compose(name, other)
        np.testing.assert_allclose(
            effective(made),
            signal.convolve2d(effective(imgconv.kernel(name)), effective(imgconv.kernel(other))),
            atol=1e-14,
        )
        assert (made.exact is not None) == (
            imgconv.kernel(name).exact is not None and imgconv.kernel(other).exact is not None
        )


def test_known_compositions():
    assert lab.compose("1 1", "1;1") == imgconv.kernel("1 1;1 1")
    assert lab.compose("box:3", "identity") == imgconv.kernel("box:3")
    assert lab.compose("binomial:3", "binomial:3").weights == imgconv.kernel("binomial:5").weights
    assert lab.compose("1;2;1", "-1 0 1") == imgconv.kernel("sobel-x")
    assert lab.compose("1 1", "1 1").anchor == (0, 0), "two windows that each look to the right"
    assert lab.compose("contour", "box:3").bias == 255
    assert lab.compose("contour", "sobel-x").bias == 0


# ---------------------------------------------------------------- splitting


@law(60)
@given(anchored())
def test_parts_add_up_to_the_kernel(kernel):
    pairs = lab.split(kernel)
    assert len(pairs) == np.linalg.matrix_rank(np.array(kernel.weights, float))
    total = [[Fraction(0)] * kernel.shape[1] for _ in range(kernel.shape[0])]
    for column, row in pairs:
        made = lab.compose(column, row)
        assert made.shape == kernel.shape
        assert made.using(anchor=kernel.anchor).anchor == kernel.anchor
        total = [
            [a + Fraction(b) / Fraction(made.divisor) for a, b in zip(*lines, strict=True)]
            for lines in zip(total, made.weights, strict=True)
        ]
    assert total == [[Fraction(cell) / Fraction(kernel.divisor) for cell in row] for row in kernel.weights]
    assert sum(row.bias for _, row in pairs) == (kernel.bias if pairs else 0)


@pytest.mark.parametrize("name", EXAMPLES)
def test_parts_of_every_named_kernel(name):
    kernel = imgconv.kernel(name)
    pairs = lab.split(kernel)
    assert len(pairs) == np.linalg.matrix_rank(
        np.array(kernel.weights, float), tol=1e-12 * np.linalg.norm(effective(kernel) * float(kernel.divisor), 2)
    )
    total = sum(effective(lab.compose(column, row)) for column, row in pairs)
    np.testing.assert_allclose(total, effective(kernel), atol=1e-13 * max(1, np.abs(effective(kernel)).max()))


@pytest.mark.parametrize("border", ["edge", "reflect", "reflect101", "wrap"])
def test_a_column_and_then_a_row_are_the_kernel_at_borders_too(border):
    pixels = np.random.default_rng(3).integers(0, 256, (7, 9), dtype=np.uint8)
    for name in ("sobel-x", "box:3", "binomial:5"):
        ((column, row),) = lab.split(name)
        parts = imgconv.Pipeline((Filter(column, border=border), Filter(row, border=border)))
        np.testing.assert_array_equal(
            imgconv.run(pixels, parts, dtype="int16"), imgconv.correlate(pixels, name, border=border, dtype="int16")
        )


def test_parts_of_textbook_kernels_are_whole():
    ((column, row),) = lab.split("sobel-x")
    assert (column.weights, row.weights) == (((1,), (2,), (1,)), ((-1, 0, 1),))
    assert [(c.weights, r.weights) for c, r in lab.split("laplacian")] == [
        (((1,), (-4,), (1,)), ((0, 1, 0),)),
        (((0,), (1,), (0,)), ((1, 0, 1),)),
    ]
    assert lab.split([[0, 0]]) == ()
    with pytest.raises(errors.UsageError, match="too large to be split"):
        lab.split("box:1500")


# ---------------------------------------------------------------- differences


@law(60)
@given(anchored(), anchored(), st.integers(0, 99))
def test_a_difference_of_kernels_is_the_difference_of_results(one, other, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 10)).astype("float64")
    found = lab.difference(one, other)
    apart = imgconv.correlate(pixels, one) - imgconv.correlate(pixels, other)
    np.testing.assert_allclose(imgconv.correlate(pixels, found.kernel), apart, atol=1e-9)
    assert np.abs(apart).max() <= float(found.farthest) + 1e-9
    assert found.same == (lab.difference(other, one).farthest == 0)


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("sobel-x", "sobel-x", "with the same weights"),
        ("sobel-x", "1 0 -1;2 0 -2;1 0 -1", "turned by 180 degrees"),
        ("sobel-x", "sobel-y", "turned clockwise by 90 degrees"),
        ("kirsch:N", "kirsch:NE", "turned clockwise by 45 degrees round its ring"),
        ("kirsch:N", "kirsch:SW", "turned anticlockwise by 135 degrees round its ring"),
        ("laplacian", "ridge", "times -1"),
        ("box:3", "1 1 1;1 1 1;1 1 1", "times 9"),
        ("1 2 3;4 5 6", "3 2 1;6 5 4", "mirrored left to right"),
        ("1 2 3;4 5 6", "1 4;2 5;3 6", "transposed"),
        ("1 2;3 4", "6 2;8 4", "turned clockwise by 90 degrees and times 2"),
        ("sobel-x", "prewitt-x", ""),
        ("sobel-x", "laplacian", ""),
        ("0 0", "0 1", ""),
        ("gaussian:1", "gaussian:1,9", "with the same weights"),
    ],
)
def test_relations(one, other, relation):
    assert lab.difference(one, other).relation == relation


def test_kernels_of_other_sizes_are_laid_over_each_other_by_their_anchors():
    found = lab.difference("gaussian:1,5", "gaussian:1,3")
    assert found.kernel.shape == (5, 5)
    assert found.kernel.anchor == (2, 2)
    assert lab.difference("0 0 0;0 1 0;0 0 0", "identity").same
    assert lab.difference("1 2", Kernel([[0, 1, 2]], anchor=(0, 1))).same
    assert lab.difference("outline", "contour").farthest == 255


# ---------------------------------------------------------------- facts and frequencies


@pytest.mark.parametrize("name", EXAMPLES)
def test_facts_of_every_named_kernel(name):
    kernel = imgconv.kernel(name)
    weights = effective(kernel)
    found = lab.facts(name)
    assert float(found.total) == pytest.approx(weights.sum(), abs=1e-12)
    assert found.zero_sum == (abs(weights.sum()) < 1e-9 * np.abs(weights).sum())
    assert found.noise == pytest.approx(math.sqrt((weights**2).sum()))
    assert [float(end) for end in found.response] == pytest.approx(
        [255 * weights[weights < 0].sum() + kernel.bias, 255 * weights[weights > 0].sum() + kernel.bias], abs=1e-9
    )
    turns = {
        "left to right": weights[:, ::-1],
        "top to bottom": weights[::-1],
        "about the main diagonal": weights.T,
        "about the other diagonal": weights[::-1, ::-1].T,
        "under half a turn": weights[::-1, ::-1],
        "under a quarter turn": np.rot90(weights),
    }
    for words, turned in turns.items():
        same = turned.shape == weights.shape and np.allclose(turned, weights, rtol=0, atol=1e-12)
        opposite = turned.shape == weights.shape and np.allclose(turned, -weights, rtol=0, atol=1e-12)
        assert (words in found.even, words in found.odd) == (same, opposite and not same), words


def test_noise_grows_as_predicted():
    noise = np.random.default_rng(9).normal(0, 10, (150, 150))
    for name in ("box:5", "sobel-x", "sharpen"):
        got = imgconv.correlate(noise, name, threads=1)[5:-5, 5:-5].std()
        assert got == pytest.approx(10 * lab.facts(name).noise, rel=0.1)


@pytest.mark.parametrize("name", ["sobel-x", "gaussian:1.5", "box:4", "roberts-y", "gabor:2,30", "2 0;0 0"])
def test_the_spectrum_is_numpys(name):
    weights = effective(imgconv.kernel(name))
    whole = np.abs(np.fft.fftshift(np.fft.fft2(weights, (64, 64))))
    got = lab.spectrum(name, 65, 65)
    np.testing.assert_allclose(
        got[:64, :64], np.roll(whole[::-1, ::-1], 1, (0, 1)), atol=1e-9
    )  # correlation looks where convolution looks back
    np.testing.assert_allclose(got[:64, :64], got[::-1, ::-1][:64, :64], atol=1e-9)
    assert got[32, 32] == pytest.approx(abs(weights.sum()), abs=1e-9)


def test_a_wave_grows_as_the_spectrum_says():
    columns = np.arange(64)
    wave = 100 * np.cos(2 * np.pi * 8 / 64 * columns)[None].repeat(9, axis=0)
    for name in ("sobel-x", "gaussian:1", "gabor:8"):
        result = imgconv.correlate(wave, name, border="wrap")[4]
        expected = 100 * lab.spectrum(name, 65, 65)[32, 32 + 8]
        assert np.abs(np.fft.rfft(result)[8]) / 32 == pytest.approx(expected, abs=1e-9)


# ---------------------------------------------------------------- the commands


def text(*words, cwd, **more):
    done = run("kernels", *words, cwd=cwd, **more)
    assert (done.code, done.err) == (0, "")
    return done.out.decode()


def test_show(tmp_path):
    shown = text("show", "sobel-x", cwd=tmp_path)
    for line in (
        r"sum +0 .*flat areas become 0",
        r"response +-1020…1020 on 8-bit pixels",
        r"symmetry +even top to bottom; odd left to right, under half a turn",
        r'rank +1: separable: filter 1;2;1 \| filter "-1 0 1"',
        r"noise .*3\.464",
        r"numbers +exact",
        r"gain by frequency, 0 to 8 ",
        r" +across .* 0 at 0, 0 at 1/2",
        r" +diagonal ",
    ):
        assert re.search(rf"^{line}", shown, re.M), line
    assert "█" in shown
    assert "\x1b" not in shown
    assert "keep their value" in text("show", "box:3", cwd=tmp_path)
    assert "  1  1  1   over 9" in text("show", "box:3", cwd=tmp_path)
    assert "1/3" in text("show", "1/3 0.5", cwd=tmp_path)
    assert "multiplied by 4" in text("show", "2 2", cwd=tmp_path)
    assert "80x80: too many" in text("show", "box:80", cwd=tmp_path)
    assert "rank       2" in text("show", "laplacian", cwd=tmp_path).replace("rank      2", "rank       2")


def test_show_where_there_is_no_unicode_and_no_colour(tmp_path):
    plain = run("kernels", "show", "laplacian", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert plain.code == 0
    frame = [line for line in plain.out.decode("ascii").splitlines() if line.endswith("|") and "\\" not in line]
    assert len(frame) == 17
    assert any("#" in line for line in frame)
    coloured = on_terminal("kernels", "show", "sobel-x", cwd=tmp_path)
    assert b"\x1b[34m -2" in coloured.screen or b"\x1b[34m-2" in coloured.screen
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1")
        assert b"\x1b" not in on_terminal("kernels", "show", "sobel-x", cwd=tmp_path).screen


def test_plot(tmp_path):
    done = run("kernels", "show", "sobel-x", "--plot", "plot.png", cwd=tmp_path)
    assert done.code == 0
    assert done.err == "imgconv: plot.png: 1500x760 RGB uint8\n"
    drawn = pixels_of(tmp_path / "plot.png")
    assert drawn.shape == (760, 1500, 3)
    blue, white, red = drawn[370, 80], drawn[370, 210], drawn[370, 450]  # the middle row of weights: -2 0 2
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert white.tolist() == [255, 255, 255]
    middle, bright = drawn[370, 750], drawn[370, 750 + 105]  # 0 at frequency 0, the maximum at a quarter
    assert middle.sum() < bright.sum()


@pytest.mark.parametrize("name", ["gaussian:3", "1 2 3 4 5 6 7 8 9 10", "identity", "contour", "0 0"])
def test_any_kernel_can_be_drawn(name):
    assert lab.plot(name).size == (1500, 760)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "sobel-x", "--plot", "x.xyz"), 2, "xyz"),
        (("show", "sobel-x", "--plot", "no/x.png"), 1, "no"),
        (("show",), 2, "which kernel"),
        (("diff", "sobel-x"), 2, "which kernel"),
        (("compose", "sobel-x"), 2, "which kernels"),
        (("split",), 2, "which kernel"),
        (("compose", "box:2000", "box:2000"), 2, "more than"),
        (("shwo", "x"), 2, "did you mean show"),
        (("diff", "sobel-x", "sobel"), 2, "did you mean"),
    ],
)
def test_misuse(tmp_path, words, code, said):
    done = run("kernels", *words, cwd=tmp_path)
    assert done.code == code
    assert done.out == b""
    assert done.err.startswith("imgconv: ")
    assert done.err.count("\n") == 1
    assert said in done.err


def test_diff(tmp_path):
    shown = text("diff", "sobel-x", "prewitt-x", cwd=tmp_path)
    assert "2 of 9 weights differ, results on 8-bit pixels by at most 255" in shown
    assert "-1   0   1" in shown
    assert "give the same results" in text("diff", "vertical", "prewitt-x", cwd=tmp_path)
    assert "--convolve" in text("diff", "-1 0 1", "1 0 -1", cwd=tmp_path)
    assert "the second is the first with the same weights" in text("diff", "outline", "contour", cwd=tmp_path)
    assert "-255 of bias" in text("diff", "outline", "contour", cwd=tmp_path)


def test_compose_prints_a_step_that_does_it(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (12, 12), dtype=np.uint8)
    for one, other in (("gaussian:0.5", "sobel-x"), ("box:3", "box:3"), ("1 1", "1 1")):
        step = text("compose", one, other, cwd=tmp_path).splitlines()[-1]
        with plain_python():
            np.testing.assert_array_equal(
                imgconv.run(pixels, step, dtype="float64"),
                imgconv.correlate(pixels, lab.compose(one, other), dtype="float64"),
            )


def test_split_prints_steps_that_do_it(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (12, 12)).astype("float64")
    for name in ("laplacian", "sobel-x", "contour", "frei-chen:1"):
        parts = text("split", name, cwd=tmp_path).splitlines()[2:]
        with plain_python():
            total = sum(imgconv.run(pixels, part) for part in parts)
            np.testing.assert_allclose(total, imgconv.correlate(pixels, name), atol=1e-9)
    assert "rank 0" in text("split", "0 0", cwd=tmp_path)


def test_pictures_are_rgb():
    assert isinstance(lab.plot("sobel-x"), Image.Image)


# ---------------------------------------------------------------- the sheet


def test_every_named_kernel_has_a_tile():
    names = [tile.name for found in tiles().values() for tile in found]
    assert {name.partition(":")[0] for name in names} == set(table())
    assert set(EXAMPLES) <= set(names)
    assert len(names) == len(set(names))
    assert {f"kirsch:{direction}" for direction in DIRECTIONS} <= set(names)
    assert {f"frei-chen:{n}" for n in range(1, 10)} <= set(names)


def test_a_tile_shows_the_response():
    """A step from dark to bright: gray where it is even, white where it gets brighter, black for the mask that looks
    the other way."""
    step = (
        np.repeat(np.where(np.arange(20) < 10, 50, 200).astype(np.uint8), 12)
        .reshape(20, 12)
        .T[..., None]
        .repeat(3, axis=2)
    )
    for name, at_step in (("sobel-x", 255), ("kirsch:W", 1)):
        shown = response(step, imgconv.kernel(name))
        assert shown.shape == (12, 20)
        assert (shown[:, 10] == at_step).all()
        assert (shown[:, 2:8] == 128).all()
        assert (shown[:, 13:18] == 128).all()
    np.testing.assert_array_equal(response(step, imgconv.kernel("identity")), step)
    np.testing.assert_array_equal(response(step, imgconv.kernel("box:3")), imgconv.correlate(step, "box:3"))
    np.testing.assert_array_equal(response(step, imgconv.kernel("frei-chen:9")), imgconv.correlate(step, "box:3"))
    assert (response(step, imgconv.kernel("contour"))[:, 13:18] == 255).all()
    flat = np.full((5, 5, 3), 90, np.uint8)
    assert (response(flat, imgconv.kernel("sobel-x")) == 128).all()


@pytest.fixture
def small():
    """Sheets of tiny pictures, so that plain Python draws them."""
    with (
        plain_python(),
        patch.multiple("imgconv.kernels.lab.sheet", SIDE=64, TALLEST=12),
        patch("imgconv.kernels.lab.sample.sample", lambda _: sample(24, 8)),
    ):
        yield


def test_a_sheet_of_the_built_in_picture(small):
    page = np.asarray(lab.sheet())
    assert page.shape[1] == 2 * 70 + 8 * 64 + 7 * 18
    np.testing.assert_array_equal(page[60:68, 70:94], sample(24, 8))
    assert (page[:40] == 255).all()
    assert (page[:, :60] == 255).all()
    assert (page[-40:] == 255).all()


def test_a_sheet_of_a_picture_of_ones_own(small, tmp_path, capfdbinary):
    wide = np.random.default_rng(4).integers(0, 65536, (4, 64), dtype=np.uint16)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(np.full((60, 12, 4), 77, np.uint8)).save(tmp_path / "high.png")
    for name in ("wide", "high"):
        with pytest.raises(Finished) as ended:
            sheet_command.draw(str(tmp_path / f"{name}.ppm"), str(tmp_path / f"{name}.png"))
        assert ended.value.exit_code == 0
        assert f"{name}.ppm: 778x".encode() in capfdbinary.readouterr().err
    assert pixels_of(tmp_path / "high.ppm").shape[0] > pixels_of(tmp_path / "wide.ppm").shape[0]


def test_what_is_drawn_goes_to_standard_output_too(tmp_path, capfdbinary):
    assert write(Image.new("RGB", (3, 2), (1, 2, 3)), "-") == "standard output: 3x2 RGB uint8"
    np.testing.assert_array_equal(pixels_of(capfdbinary.readouterr().out), np.full((2, 3, 3), (1, 2, 3)))


@pytest.mark.slow
def test_the_sheet_as_a_command(tmp_path):
    done = run("kernels", "--sheet", "sheet.png", cwd=tmp_path, timeout=600)
    assert done.code == 0, done.err
    drawn = pixels_of(tmp_path / "sheet.png")
    assert done.err == f"imgconv: sheet.png: {drawn.shape[1]}x{drawn.shape[0]} RGB uint8\n"
    assert drawn.shape[0] / drawn.shape[1] == pytest.approx(math.sqrt(2), rel=0.02), "A4"
    np.testing.assert_array_equal(drawn[60:235, 70:350], sample())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--sheet", "sheet.xyz"), 2, "xyz"),
        (("--sheet", "sheet.png", "none.png"), 1, "none.png"),
        (("--sheet", "no/sheet.png"), 1, "no"),
        (("--sheet", "sheet.png", "a.png", "b.png"), 2, "b.png"),
        (("--sheet",), 2, "--sheet"),
    ],
)
def test_misuse_of_the_sheet(tmp_path, words, code, said):
    test_misuse(tmp_path, words, code, said)
    assert not list(tmp_path.iterdir())


def test_no_sheet_goes_to_a_terminal(tmp_path):
    done = on_terminal("kernels", "--sheet", "-", cwd=tmp_path)
    assert (done.code, done.screen) == (2, b"")
    assert "terminal" in done.err
