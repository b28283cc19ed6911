"""Several kernels in one filter, factors, repeats: against naive definitions, SciPy, and the pipelines they stand
for."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import Kernel, Pipeline, errors
from imgconv.kernels import catalog
from imgconv.loops import combine as combine_loop
from imgconv.operations import Filter
from imgconv.planner.combining import COMBINES
from tests import command, oracle
from tests.command import noise, save
from tests.strategies import (
    BORDERS,
    EVERYTHING,
    FRACTIONS,
    INTEGERS,
    all_but,
    border_text,
    compiled,
    images,
    law,
    pair,
    plain_python,
    rows_of,
)

EXACT_WAYS = sorted(oracle.COMBINED)
SOBELS = [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]]


def test_tables_agree():
    assert set(COMBINES) == set(oracle.COMBINED) | {"l2"}
    assert set(COMBINES) <= set(combine_loop.WAYS)


@st.composite
def banks(draw):
    """Two or three kernels of small exact weights, some with a divisor and a bias of their own."""
    kernels = []
    for _ in range(draw(st.integers(2, 3))):
        cells = draw(st.sampled_from([st.integers(-9, 9), FRACTIONS]))
        kernels.append((draw(rows_of(cells, 3)), draw(st.sampled_from([1, 3, 16, Fraction(5, 2)]))))
    return kernels


@law(120)
@given(st.data())
def test_whatever_is_combined_is_exact(data):
    """Integer pixels and exact kernels: the combination of exact responses, rounded once; also as plain Python."""
    dtype = data.draw(st.sampled_from(INTEGERS))
    pixels = data.draw(images(dtype))
    kernels = data.draw(banks())
    how = data.draw(st.sampled_from([*EXACT_WAYS, "l2"]))
    range_ = data.draw(st.sampled_from(["clamp", "abs", "shift"] if how != "l2" else ["clamp", "abs"]))
    (border, value), stride = data.draw(BORDERS), data.draw(pair(3))
    responses = [
        oracle.responses(pixels, rows, divisor, border=border, value=value, stride=stride) for rows, divisor in kernels
    ]
    first, *others = [Kernel(rows, divisor) for rows, divisor in kernels]
    with plain_python():
        got = imgconv.correlate(
            pixels, first, with_=others, combine=how, border=border_text(border, value), stride=stride, range=range_
        )
    if how == "l2" and max(abs(v) for r in responses for v in r.ravel()) ** 2 * 3 * 16**2 * 25 * 36 > 2**48:
        return  # beyond what float64 promises
    expected = (
        oracle.l2(responses, dtype) if how == "l2" else oracle.settle(oracle.combined(how, responses), dtype, range_)
    )
    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


@pytest.mark.parametrize(
    "how", all_but([*EXACT_WAYS, "l2"], "min", "sum")
)  # the others are compiled for tests.examples every day
@pytest.mark.parametrize("dtype", ["uint8", pytest.param("uint16", marks=pytest.mark.slow)])
def test_compiled_as_well(how, dtype):
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, np.iinfo(dtype).max + 1, (13, 17), dtype=dtype)
    responses = [oracle.responses(pixels, rows, 2, border="reflect") for rows in SOBELS]
    got = imgconv.correlate(
        pixels, Kernel(SOBELS[0], 2), with_=Kernel(SOBELS[1], 2), combine=how, border="reflect", dtype="int32"
    )
    expected = oracle.l2(responses, "int32") if how == "l2" else oracle.settle(oracle.combined(how, responses), "int32")
    np.testing.assert_array_equal(got, expected[..., 0])


@pytest.mark.parametrize(
    "names", [("box:3", "box:9"), ("box:9", "box:3"), ("box:3", "box:9", "gaussian:1"), ("box:5", "vertical")]
)
def test_kernels_with_divisors_of_their_own_are_brought_over_one(names):
    """9 is a divisor of one, and what the other's numbers are multiplied by."""
    pixels = noise(12, 11, seed=4).astype("uint8")
    with plain_python():
        alone = [imgconv.correlate(pixels, name, dtype="float64") for name in names]
        got = imgconv.correlate(pixels, names[0], with_=names[1:], combine="sum", dtype="float64")
    np.testing.assert_allclose(got, sum(alone), rtol=1e-6)


@pytest.mark.parametrize("how", EXACT_WAYS)
@pytest.mark.parametrize("most", [2**20, 2**53])
def test_responses_beyond_float64_are_combined_exactly(how, most):
    """Responses of 55 bits, whose sum is a small one."""
    kernels = [[[1, 1, 1]], [[-1, -1, 0]], [[3, 0, -5], [1, 1, 2], [0, 7, 1]]]
    pixels = np.random.default_rng(6).integers(-most, most, (7, 9), endpoint=True)
    wide = oracle.combined(how, [oracle.responses(pixels, weights, border="wrap") for weights in kernels])
    for dtype in ("float64", "uint8"):
        with plain_python():
            got = imgconv.correlate(
                pixels,
                kernels[0],
                with_=[Kernel(rows) for rows in kernels[1:]],
                combine=how,
                border="wrap",
                dtype=dtype,
            )
        assert got.tolist() == oracle.settle(wide, dtype)[..., 0].tolist()


def test_roots_are_rounded_exactly_even_next_to_a_half():
    """k*k + k is the last square below (k + 1/2)^2, and k*k + k + 1 the first above it."""
    for k in (1, 7, 1000, 46340, 2**20 - 1, 2**23 - 3):
        for square, root in ((k * k + k, k), (k * k + k + 1, k + 1), (k * k, k)):
            assert oracle.rounded_root(Fraction(square)) == root
    assert oracle.rounded_root(Fraction(9, 4)) == 2
    assert oracle.rounded_root(Fraction(8, 4)) == 1
    # as pixels: v = (k, r) with k^2 + r^2 next to (n + 1/2)^2
    close = []
    for a in range(1, 2000):
        b = math.isqrt((2 * a + 1) // 1)
        close += [(a, b), (a, b + 1)]
    pixels = np.array(close, np.int32).reshape(-1, 1, 2)
    got = imgconv.correlate(
        np.concatenate([pixels[..., :1], pixels[..., 1:]], axis=1), "1 0", with_="0 1", pad="valid", dtype="int32"
    )
    assert got.ravel().tolist() == [oracle.rounded_root(Fraction(a * a + b * b)) for a, b in close]


def test_scipy_says_the_same():
    from scipy import ndimage

    pixels = noise(40, 31, seed=3)
    for scipy_mode, border in (("nearest", "edge"), ("reflect", "reflect"), ("mirror", "reflect101"), ("wrap", "wrap")):
        wide = pixels.astype(np.float64)
        for name, function in (("sobel", ndimage.sobel), ("prewitt", ndimage.prewitt)):
            expected = np.hypot(function(wide, 1, mode=scipy_mode), function(wide, 0, mode=scipy_mode))
            got = imgconv.correlate(pixels, f"{name}-x", with_=f"{name}-y", border=border, dtype="float64")
            np.testing.assert_allclose(got, expected, rtol=1e-14)


@law(60)
@given(st.data())
def test_each_kernel_is_applied_as_it_would_be_alone(data):
    """The law of combination, on floats: the same options for every kernel, then one value of the wide responses."""
    pixels = data.draw(images("float64"))
    how = data.draw(st.sampled_from([*EXACT_WAYS, "l2"]))
    options = {
        "border": data.draw(st.sampled_from(["edge", "wrap", "constant:7"])),
        "stride": data.draw(pair(2)),
        "dilation": data.draw(pair(2)),
    }
    more = data.draw(st.sampled_from(["", "divisor=3", "divisor=auto bias=2", "convolve", "bias=-1/3 convolve"]))
    names = data.draw(
        st.lists(
            st.sampled_from(["sobel-x", "gaussian:0.6", "2*box:3", "-0.1*emboss", "1 2 3"]), min_size=2, max_size=4
        )
    )
    said = " ".join([*(f"{k}={v if not isinstance(v, tuple) else f'{v[0]}x{v[1]}'}" for k, v in options.items()), more])
    with plain_python():
        alone = [imgconv.run(pixels, f'filter "{name}" {said}') for name in names]
        rest = " ".join(f'with="{name}"' for name in names[1:])
        got = imgconv.run(pixels, f'filter "{names[0]}" {said} {rest} combine={how}')
    stack = np.stack(alone)
    ways = {"l2": lambda v: np.sqrt((v * v).sum(0)), "l1": lambda v: abs(v).sum(0), "linf": lambda v: abs(v).max(0)}
    expected = ways.get(how, lambda v: getattr(v, {"avg": "mean"}.get(how, how))(0))(stack)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * abs(stack).max())


@EVERYTHING
@pytest.mark.parametrize("how", COMBINES)
def test_nan_is_passed_on_and_a_zero_weight_does_not_look(how, everything):
    pixels = np.array([[1, np.nan, 3, 4, 5]], np.float32)
    with compiled(everything or how == "max"):
        got = imgconv.correlate(pixels, "1 0 0", with_=["0 1 0", "0 2 0"], combine=how)
        assert np.isnan(got).tolist() == [[False, True, True, False, False]]
        got = imgconv.correlate(pixels, "0 1 0", with_=["1 0 0"], combine=how, dtype="uint8")
    assert got[0, 1] == got[0, 2] == 0


def test_stretch_and_float_results():
    pixels = noise(9, 11, 3)
    with plain_python():
        wide = imgconv.correlate(pixels, "sobel-x", with_="sobel-y", dtype="float64")
        stretched = imgconv.correlate(pixels, "sobel-x", with_="sobel-y", range="stretch")
        single = imgconv.correlate(pixels, "sobel-x", with_="sobel-y", dtype="float32")
    low, high = wide.min(), wide.max()
    np.testing.assert_array_equal(stretched, np.floor((wide - low) * 255 / (high - low) + 0.5))
    np.testing.assert_allclose(single, wide, rtol=1e-6)


def test_threads_and_out_do_not_matter():
    pixels = noise(700, 900, seed=8)
    one = imgconv.correlate(pixels, "sobel-x", with_=["sobel-y", "laplacian"], threads=1)
    out = np.empty_like(one)
    assert imgconv.correlate(pixels, "sobel-x", with_=["sobel-y", "laplacian"], threads=2, out=out) is out
    np.testing.assert_array_equal(one, out)


# ---------------------------------------------------------------- factors


@pytest.mark.parametrize(
    ("text", "weights", "canonical"),
    [
        ("2*sobel-y", [[-2, -4, -2], [0, 0, 0], [2, 4, 2]], "2*sobel-y"),
        (" -1/2 * 1 2 1", [[Fraction(-1, 2), -1, Fraction(-1, 2)]], "-0.5 -1 -0.5"),
        ("1*VERTICAL", [[-1, 0, 1]] * 3, "vertical"),
        ("2*3*1", [[6]], "6"),
        ("\N{MINUS SIGN}3*1", [[-3]], "-3"),
        ("1e-3*box:1", [[Fraction(1, 1000)]], "0.001*box:1"),
    ],
)
def test_a_factor_multiplies_the_weights(text, weights, canonical):
    found = catalog.kernel(text)
    assert [list(row) for row in found.weights] == weights
    assert catalog.KERNEL.text(found) == canonical
    assert catalog.kernel(canonical) == found


def test_a_factor_multiplies_the_response(tmp_path):
    file = tmp_path / "k.txt"
    file.write_text("1 2\n3 4\n")
    pixels = noise(6, 7)
    with plain_python():
        for kernel in ("box:3", "gaussian:1", str(file)):
            once = imgconv.correlate(pixels, kernel, dtype="float64")
            np.testing.assert_allclose(imgconv.correlate(pixels, f"3*{kernel}", dtype="float64"), 3 * once, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0*sobel-x", "factor '0' is not a number other than 0"),
        ("1/0*sobel-x", "factor '1/0' is not a finite number"),
        ("2*sobel-z", "unknown kernel 'sobel-z'; did you mean sobel-"),
        ("1e400*sobel-x", "factor '1e400' is not a finite number"),
    ],
)
def test_factors_that_cannot_be_meant(text, said):
    with pytest.raises(errors.UsageError) as caught:
        catalog.kernel(text)
    assert said in str(caught.value)


# ---------------------------------------------------------------- declaration


def test_one_spelling_for_one_thing():
    assert str(Pipeline((Filter("sobel-x", with_="sobel-y", combine="l2"),))) == "filter sobel-x with=sobel-y"
    assert (
        Filter("sobel-x", with_=["sobel-y"])
        == Filter("sobel-x", with_="sobel-y")
        == Filter("sobel-x", with_=(catalog.kernel("sobel-y"),))
    )
    assert Filter("box:3", repeat=1) == Filter("box:3")
    one = Filter("box:3", with_=[[1, 2], [3, 4]])  # rows of numbers are one kernel
    assert [kernel.shape for kernel in one.kernels] == [(3, 3), (2, 2)]
    assert [kernel.shape for kernel in Filter("box:3", with_=[[[1, 2]], [[3], [4]]]).kernels] == [
        (3, 3),
        (1, 2),
        (2, 1),
    ]
    assert Filter("1 2", with_=Kernel([[3, 3]], divisor=3)).with_[0].weights == ((1, 1),)
    assert Filter("sobel-x", with_="2*sobel-y").label == "sobel-x-2-sobel-y"
    assert Filter("sobel-x", with_="1 2 1").label == "filter"
    assert Filter("sobel-x", with_="sobel-y", combine="max", convolve=True).label == "sobel-x-sobel-y-max-convolve"
    assert Filter("1 2 1", rotate=90).label == "filter-rotate90"
    assert Filter("vertical", rotate=360, repeat=1, combine=None).label == "vertical"
    assert Filter("box:3", repeat=4, border="wrap").label == "box-3-repeat4"
    assert Filter("box:3", until_stable=True).label == "box-3-stable"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("filter sobel-x combine=max", "combine=max needs something to combine"),
        ("filter sobel-x with=sobel-q", "unknown kernel 'sobel-q'"),
        ("filter sobel-x with=sobel-y combine=l3", "unknown way to combine 'l3'"),
        ("filter sobel-x repeat=0", "count 0 is not a whole number from 1"),
        ("filter sobel-x with=1 anchor=2,2", "anchor 2,2 lies outside the kernel of 1x1"),
        ("filter sobel-x repeat=2 repeat=3", "repeat is given twice"),
    ],
)
def test_refusals(text, said):
    with pytest.raises(errors.UsageError) as caught:
        Pipeline.parse(text)
    assert said in str(caught.value)


def test_refusals_of_kernels_and_shapes():
    with pytest.raises(errors.UsageError, match="one of several kernels has a bias of its own"):
        Filter("sobel-x", with_=Kernel([[1]], bias=3))
    assert Filter("sobel-x", with_=Kernel([[1]], bias=3), bias=4).kernels[1].bias == 4
    with pytest.raises(errors.WindowError, match="responses of 8x8 and 10x10 cannot be combined"):
        imgconv.correlate(noise(10, 10), "sobel-x", with_="identity", pad="valid")
    with pytest.raises(errors.WindowError, match="never becomes stable"):
        imgconv.correlate(noise(10, 10), "sobel-x", pad="valid", until_stable=True)


# ---------------------------------------------------------------- repeats


@pytest.mark.parametrize(
    "step",
    [
        "filter box:3",
        "filter gaussian:1 border=wrap",
        "filter sobel-x with=sobel-y",
        "filter vertical pad=valid",
        'filter "1 2;3 4" stride=2x1 divisor=10',
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@EVERYTHING
def test_repeats_are_a_pipeline_of_as_many_steps(step, dtype, everything):
    with compiled(everything or (step, dtype) == ("filter box:3", "uint8")):
        pixels = noise(13, 11, 3, seed=4)
        for count in (1, 2, 3):
            expected = imgconv.run(pixels, " | ".join([step] * count), dtype=dtype)
            np.testing.assert_array_equal(imgconv.run(pixels, f"{step} repeat={count}", dtype=dtype), expected)


def test_until_nothing_changes():
    """The running maximum to the right: as many steps as the longest way to the row's greatest value to the right."""
    pixels = noise(5, 40, seed=2)
    expected = np.maximum.accumulate(pixels[:, ::-1], axis=1)[:, ::-1]
    np.testing.assert_array_equal(
        imgconv.correlate(pixels, "0 1 0", with_="0 0 1", combine="max", until_stable=True), expected
    )
    results = [imgconv.run(pixels, f'filter identity with="0 0 1" combine=max repeat={n}') for n in (1, 2, 39)]
    assert all((one <= other).all() for one, other in pairwise(results))
    np.testing.assert_array_equal(results[-1], expected)


def test_blurs_become_stable_too():
    pixels = noise(6, 6, seed=9)
    with plain_python():
        got = imgconv.correlate(pixels, "box:3", border="wrap", until_stable=True, dtype="float64")
    np.testing.assert_allclose(got, pixels.mean(), rtol=1e-4)


def test_what_does_not_become_stable_is_said(tmp_path):
    picture, uncompiled = save(tmp_path / "in.png", noise(8, 8)), {"IMGCONV_NO_JIT": "1"}
    done = command.imgconv(
        "filter",
        "0 0 1",
        "--border",
        "wrap",
        "--until-stable",
        "--repeat",
        "3",
        picture,
        "-o",
        "out.png",
        cwd=tmp_path,
        env=uncompiled,
    )
    assert done.code == 0
    assert "still changing after 3 times (--repeat N allows more)" in done.err
    words = ("1e30*identity", "--until-stable", picture, "--dtype", "float32", "-o", "out.npy")
    done = command.imgconv("filter", *words, cwd=tmp_path, env=uncompiled)
    assert "diverged to infinity after" in done.err


def test_sums_that_grow_do_not_become_slow():
    """Twenty steps of Sobel leave every integer type; values stay what they are, and nobody waits for Python's
    integers."""
    pixels = noise(12, 13)
    with plain_python():
        got = imgconv.correlate(pixels, "sobel-x", repeat=40, dtype="float64")
        step = pixels.astype(np.float64)
        for _ in range(40):
            step = imgconv.correlate(step, "sobel-x")
    np.testing.assert_allclose(got, step, rtol=1e-9, atol=1e-9 * abs(step).max())


# ---------------------------------------------------------------- the command


def test_the_command_with_factors_and_repeats(tmp_path):
    pixels = noise(10, 13, 3)
    picture = save(tmp_path / "in.png", pixels)
    words = ("sobel-x", "--with", "-2*sobel-y", "--with", "laplacian", "--combine", "l1", "--repeat", "2")
    with plain_python():
        done = command.imgconv("filter", *words, picture, "-o", "o.png", cwd=tmp_path)
        expected = imgconv.run(pixels, "filter sobel-x with=-2*sobel-y with=laplacian combine=l1 repeat=2")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(command.pixels_of(tmp_path / "o.png"), expected)


def test_plans_tell_of_all_kernels(tmp_path):
    picture = save(tmp_path / "in.png", noise(20, 30))
    done = command.imgconv(
        "filter", "sobel-x", "--with", "gaussian:1", "--repeat", "3", "--plan", picture, cwd=tmp_path
    )
    said = done.out.decode()
    assert said.startswith("filter sobel-x with=gaussian:1 repeat=3: 30x20 uint8 -> 30x20 uint8")
    assert "3 times, values wide between: l2 of 2 responses" in said
    assert said.count("non-zero weights") == 2
    done = command.imgconv("filter", "sobel-x", "--with", "sobel-y", "--plan", picture, cwd=tmp_path)
    assert "kept in int32 one after the other and combined in float64" in done.out.decode()
