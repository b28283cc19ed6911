"""Alpha: an opaque image is one without alpha; colours are weighted exactly as docs/alpha-and-colour.md says; nothing
hidden gets out.
"""

from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import Pipeline, errors, jit
from imgconv.api.image import Image
from imgconv.engine.alpha.visible import visible_extremes
from imgconv.operations import Filter, Pool
from imgconv.values.image import Frame
from tests import alpha_oracle, oracle
from tests.command import encoded, noise, pixels_of, save
from tests.command import imgconv as command
from tests.examples import EXAMPLES, PIPELINES
from tests.strategies import FRACTIONS, border_text, images, law, pad_values, pair, placements, plain_python, rows_of

POLICIES = ("auto", "keep", "filter", "premultiply", "drop")
STEPS = [text for texts in EXAMPLES.values() for text in texts]
COMPILED = [*[texts[0] for texts in EXAMPLES.values()], PIPELINES[0]]
"""Texts whose loops are compiled; the others run as plain Python, which gives the same (test_engine)."""


def picture(*shape: int, dtype: str = "uint8", seed: int = 0) -> tuple[Any, Any]:
    """Colours and alpha of every value, with regions that are opaque and transparent."""
    rng = np.random.default_rng(seed)
    most = 1 if dtype.startswith("float") else int(np.iinfo(dtype).max)
    colour = (
        (rng.random((*shape, 3)) * most).astype(dtype)
        if most == 1
        else rng.integers(0, most, (*shape, 3), dtype, endpoint=True)
    )
    alpha = (
        (rng.random(shape) * most).astype(dtype) if most == 1 else rng.integers(0, most, shape, dtype, endpoint=True)
    )
    alpha[: shape[0] // 2, : shape[1] // 2] = most
    alpha[shape[0] // 2 :, : shape[1] // 3] = 0
    return colour, alpha


def through(colour: Any, plane: Any, text: Any, *, compiled: bool = False, **options: Any) -> Frame:
    steps = Pipeline.parse(text) if isinstance(text, str) else Pipeline((text,))
    with nullcontext() if compiled else plain_python():
        return Image((Frame(colour, plane),)).through(steps, **options).frames[0]


# ---------------------------------------------------------------- opaque is without


@pytest.mark.parametrize("text", [*STEPS, *PIPELINES])
@pytest.mark.parametrize(("dtype", "range_"), [("uint8", "clamp"), ("uint16", "abs"), ("float32", "stretch")])
def test_an_opaque_image_is_one_without_alpha(text, dtype, range_):
    colour, _ = picture(14, 13, dtype=dtype)
    opaque = np.full(colour.shape[:2], 1 if dtype == "float32" else np.iinfo(dtype).max, dtype)
    plain, made = (
        through(colour, plane, text, range=range_, compiled=dtype == "uint8" and text in COMPILED)
        for plane in (None, opaque)
    )
    np.testing.assert_array_equal(made.pixels, plain.pixels)
    assert made.alpha.shape == plain.pixels.shape[:2]
    assert (made.alpha == opaque[0, 0]).all()


@st.composite
def filters(draw: st.DrawFn, cells: Any = FRACTIONS) -> tuple[Filter, Any]:
    """A step, and what the oracle is told of it."""
    weights = draw(rows_of(cells, 4).filter(lambda rows: any(cell for row in rows for cell in row)))
    placed = draw(placements(weights))
    divisor = draw(st.sampled_from((1, 3, 9, -2, "auto")))
    bias = draw(st.sampled_from((0, 10, Fraction(-1, 2))))
    step = Filter(
        imgconv.Kernel(weights),
        border=border_text(placed["border"], placed["value"]),
        stride=placed["stride"],
        dilation=placed["dilation"],
        pad=placed["pad"],
        anchor=placed["anchor"],
        divisor=divisor,
        bias=bias,
    )
    return step, ((weights, divisor, bias), placed)


@given(filters(), st.data())
@law(60)
def test_windows_of_opaque_pixels_see_no_alpha(made: tuple[Filter, Any], data: st.DataObject) -> None:
    """Bit by bit, also at borders, and also where other windows of the image are not opaque."""
    step, _ = made
    colour = data.draw(images("uint8", st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 3))))
    alpha = np.full(colour.shape[:2], 255, np.uint8)
    alpha[data.draw(st.integers(0, colour.shape[0] - 1)), data.draw(st.integers(0, colour.shape[1] - 1))] = data.draw(
        st.integers(0, 254)
    )
    try:
        plain = through(colour, None, step)
    except errors.WindowError:
        return
    found = through(colour, alpha, step)
    ones, border = (
        imgconv.Kernel([[1] * len(row) for row in step.kernel.weights]),
        "constant:255" if step.border.constant is not None else step.border,
    )
    looks = Filter(ones, border=border, stride=step.stride, dilation=step.dilation, pad=step.pad, anchor=step.anchor)
    seen = through(alpha, None, looks, dtype="int32").pixels
    opaque = seen == 255 * len(step.kernel.weights) * len(step.kernel.weights[0])
    np.testing.assert_array_equal(found.pixels[opaque], plain.pixels[opaque])
    assert (found.alpha[opaque] == 255).all()


@pytest.mark.parametrize(
    "text",
    [
        "filter gaussian:1",
        "filter gaussian:2 border=wrap stride=2",
        "filter box:5 border=zero",
        "avgpool 3 stride=1 pad=1 count-padding",
        "filter gaussian:1 | relu | avgpool 2",
        "filter sharpen | filter vertical",
        "filter sobel-x divisor=8",
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_opaque_regions_see_no_alpha_through_kernels_that_are_not_exact(text, dtype):
    colour, alpha = picture(60, 50, dtype=dtype, seed=3)
    plain, found = through(colour, None, text), through(colour, alpha, text)
    region = np.s_[:10, :8]  # far from what is not opaque, with the border
    if "wrap" in text:
        region = np.s_[5:10, 5:8]
    if dtype == "uint8" and (jit.multiplies_bytes() or jit.instructions()):  # plain images: fixed-point numbers
        off = np.abs(found.pixels[region].astype("int16") - plain.pixels[region])
        assert off.max() <= 1
        assert (off > 0).mean() <= 0.02
    else:
        np.testing.assert_array_equal(found.pixels[region], plain.pixels[region])
    assert (found.alpha[region] == alpha[0, 0]).all()


# ---------------------------------------------------------------- the exact rule


@given(filters(), st.sampled_from(("uint8", "uint16")), st.data())
@law(120)
def test_filters_are_the_exact_quotient(made: tuple[Filter, Any], dtype: str, data: st.DataObject) -> None:
    step, (kernel, placed) = made
    colour = data.draw(images(dtype, st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))))
    alpha = data.draw(images(dtype, st.just(colour.shape[:2])))
    try:
        wide, plane = alpha_oracle.filtered(alpha_oracle.with_alpha(colour, alpha), *kernel, **placed)
    except oracle.RefusedError:
        return
    found = through(colour, alpha, step)
    np.testing.assert_array_equal(found.pixels.reshape(wide.shape), oracle.settle(wide, dtype))
    np.testing.assert_array_equal(found.alpha, alpha_oracle.rounded(plane, dtype))


PAD = pad_values(1).filter(lambda pad: pad != "same")


@given(
    st.sampled_from(("max", "avg", "min")),
    pair(3),
    st.none() | pair(3),
    pair(2),
    PAD,
    st.booleans(),
    st.booleans(),
    st.data(),
)
@law(120)
def test_poolings_are_the_exact_quotient(
    kind: str, size: Any, stride: Any, dilation: Any, pad: Any, ceil: bool, count_padding: bool, data: st.DataObject
) -> None:
    colour = data.draw(images("uint8", st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))))
    alpha = data.draw(images("uint8", st.just(colour.shape[:2])))
    step = Pool(kind, size=size, stride=stride, dilation=dilation, pad=pad, ceil=ceil, count_padding=count_padding)
    try:
        found = through(colour, alpha, step)
    except errors.WindowError:
        return
    wide, plane = alpha_oracle.pooled(
        alpha_oracle.with_alpha(colour, alpha), kind, size, stride, dilation, pad, ceil, count_padding
    )
    np.testing.assert_array_equal(found.pixels.reshape(wide.shape), oracle.settle(wide, "uint8"))
    np.testing.assert_array_equal(found.alpha, alpha_oracle.rounded(plane, "uint8"))


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("gaussian:1", "uint8"),
        ("gaussian:1", "float64"),
        ("box:5", "uint16"),
        ("sharpen", "float32"),
        ("vertical", "uint8"),
    ],
)
def test_large_images_go_strip_by_strip(text, dtype, monkeypatch):
    """Whatever the strips and threads, and near what the exact rule says."""
    colour, alpha = picture(34, 9, dtype=dtype, seed=5)
    whole = through(colour, alpha, f"filter {text}", dtype="float64", compiled=text == "vertical")
    monkeypatch.setattr("imgconv.engine.alpha.strips.STRIP", 9 * 3 * 5)
    cut = through(colour, alpha, f"filter {text}", dtype="float64", threads=2, compiled=text == "vertical")
    np.testing.assert_array_equal(cut.pixels, whole.pixels)
    np.testing.assert_array_equal(cut.alpha, whole.alpha)
    kernel, most = imgconv.kernel(text), oracle.limits(dtype)[1]
    part = np.s_[18:27]  # the oracle is slow: rows that see only these rows and those around them
    around = np.s_[18 - kernel.shape[0] // 2 : 27 + kernel.shape[0] // 2]
    wide, plane = alpha_oracle.filtered(
        alpha_oracle.with_alpha(colour[around], alpha[around]),
        kernel.weights,
        kernel.divisor,
        pad=(0, kernel.shape[1] // 2),
    )
    np.testing.assert_allclose(whole.pixels[part], wide.astype(float), rtol=1e-5, atol=1e-5 * most)
    np.testing.assert_allclose(
        whole.alpha[part], plane[..., 0].astype(float) * most, atol=0.5 + 1e-6 * most if most > 1 else 1e-5
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_long_rows_are_the_exact_quotient_in_machine_code(threads):
    """Rows longer than what is divided at a time, pieces with and without hidden pixels, sums small enough for
    float32's quotients: all as integers say."""
    rng = np.random.default_rng(11)
    colour, alpha = (
        rng.integers(0, 256, (60, 2500, 3), np.uint8),
        rng.choice(np.array([0, 1, 2, 254, 255], np.uint8), (60, 2500)),
    )
    alpha[:, 1100:1500], alpha[20:, 2000:] = 0, 255
    for text, window in (("filter box:3", 3), ("avgpool 2", 2)):
        made = through(colour, alpha, text, compiled=True, threads=threads)
        plane, shown = alpha.astype(np.int64)[..., None], colour
        if window == 3:
            plane, shown = (np.pad(part, ((1, 1), (1, 1), (0, 0)), mode="edge") for part in (plane, colour))
        under = np.lib.stride_tricks.sliding_window_view(
            np.concatenate([shown * plane, plane], axis=2), (window, window), axis=(0, 1)
        ).sum((-1, -2))
        under = under if window == 3 else under[::2, ::2]
        total, weight = under[..., :3], under[..., 3:]
        hidden = colour if window == 3 else np.zeros_like(total)
        np.testing.assert_array_equal(
            made.pixels, np.where(weight > 0, (2 * total + weight) // np.maximum(2 * weight, 1), hidden)
        )
        np.testing.assert_array_equal(made.alpha, (2 * weight[..., 0] + window**2) // (2 * window**2))


# ---------------------------------------------------------------- what must never happen


@pytest.mark.parametrize("text", [*STEPS, *PIPELINES])
def test_hidden_colours_stay_hidden(text):
    """What stands under alpha 0 changes nothing, NaN and infinity included."""
    colour, alpha = picture(14, 13, dtype="float32")
    other = colour.copy()
    other[alpha == 0] = np.random.default_rng(1).choice(
        np.array([np.nan, np.inf, -np.inf, 1e30], np.float32), other[alpha == 0].shape
    )
    one, two = through(colour, alpha, text), through(other, alpha, text)
    visible = one.alpha > 0
    np.testing.assert_array_equal(one.pixels[visible], two.pixels[visible])
    np.testing.assert_array_equal(one.alpha, two.alpha)
    assert np.isfinite(two.pixels[visible]).all()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("text", [*STEPS, *PIPELINES])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_every_policy_gives_numbers_and_alpha(policy, text, dtype):
    colour, alpha = picture(14, 13, dtype=dtype)
    alpha[3, 3] = 0
    steps = Pipeline.parse(text)
    if policy == "premultiply" and any(step.word == "bank" for step in steps.steps):
        with pytest.raises(errors.UsageError, match="one alpha"):
            through(colour, alpha, text, alpha=policy)
        return
    made = through(colour, alpha, text, alpha=policy)
    assert made.pixels.shape[:2] == steps.shape(14, 13)
    assert np.isfinite(made.pixels).all()
    if policy == "drop":
        assert made.alpha is None
    else:
        assert made.alpha.shape == made.pixels.shape[:2]
        assert made.alpha.dtype == dtype
        assert np.isfinite(made.alpha).all()


def test_sharpening_at_a_transparent_edge_makes_no_infinities():
    """Weights of both signs: alpha is clamped, and a pixel that becomes transparent keeps its colour."""
    colour = np.full((5, 9, 3), 200, np.uint8)
    colour[:, :4] = 30
    alpha = np.zeros((5, 9), np.uint8)
    alpha[:, 4:] = 255
    made = through(colour, alpha, "filter sharpen")
    assert np.array_equal(made.alpha, alpha)
    assert (made.pixels[alpha > 0] == 200).all()
    assert (made.pixels[alpha == 0] == 30).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(
    "text",
    [
        "filter identity",
        'filter "0 0 0;0 2 0;0 0 0" divisor=2 border=zero',
        'filter "0 1" anchor=0,1 | filter identity',
    ],
)
def test_identity_changes_nothing_not_even_what_is_hidden(dtype, text):
    colour, alpha = picture(9, 8, dtype=dtype)
    for policy in ("auto", "keep", "filter"):
        made = through(colour, alpha, text, alpha=policy)
        np.testing.assert_array_equal(made.pixels, colour)
        np.testing.assert_array_equal(made.alpha, alpha)
    every = through(colour, alpha, "filter identity stride=2x3")
    np.testing.assert_array_equal(every.pixels, colour[::2, ::3])
    np.testing.assert_array_equal(every.alpha, alpha[::2, ::3])


def test_no_fringes():
    """A red square on transparent green: blurred, whatever is seen of it is red; as plain channels it is not."""
    colour = np.full((32, 32, 3), (0, 255, 0), np.uint8)
    alpha = np.zeros((32, 32), np.uint8)
    colour[10:22, 10:22], alpha[10:22, 10:22] = (255, 0, 0), 255
    seen = through(colour, alpha, "filter gaussian:3", compiled=True)
    assert (seen.pixels[seen.alpha > 0] == (255, 0, 0)).all()
    assert 0 < seen.alpha[8, 16] < 255
    fringed = through(colour, alpha, "filter gaussian:3", alpha="filter")
    np.testing.assert_array_equal(fringed.alpha, seen.alpha)
    assert (fringed.pixels[fringed.alpha > 0][:, 1] > 0).any()


def test_stretching_looks_at_what_is_visible():
    colour, alpha = picture(12, 12)
    colour = colour // 4 + 100
    colour[alpha == 0] = 0
    made = through(colour, alpha, "filter box:3", range="stretch")
    visible = made.pixels[made.alpha > 0]
    assert (visible.min(), visible.max()) == (0, 255)
    with plain_python():
        frames = (
            Image((Frame(colour, alpha), Frame(colour // 2, alpha)))
            .through(Pipeline.parse("filter box:3"), range="stretch")
            .frames
        )
    assert max(frame.pixels[frame.alpha > 0].max() for frame in frames) == 255
    assert min(frame.pixels[frame.alpha > 0].min() for frame in frames) == 0
    assert frames[0].pixels[frames[0].alpha > 0].min() > 0


def ramp() -> tuple[Any, Any]:
    """Colours that grow, in four stripes of which the last two can hardly and cannot be seen."""
    rows, columns = np.mgrid[:16, :32]
    colour = np.stack([columns * 8, rows * 16, (rows + columns) * 5], axis=2).astype("uint8")
    return colour, np.repeat(np.uint8([[255, 128, 1, 0]]), 16, axis=0).repeat(8, axis=1)


@pytest.mark.parametrize("policy", ["auto", "premultiply"])
def test_what_can_hardly_be_seen_does_not_make_the_range(policy):
    """A sum that is divided by an alpha of 1/255 was reported as thousands, and stretched all else to one gray."""
    colour, alpha = ramp()
    steps = Pipeline.parse("filter sharpen")
    with plain_python():
        image = Image((Frame(colour, alpha),))
        wide = image.through(steps, dtype="float64", alpha=policy)
        stretched = image.through(steps, range="stretch", alpha=policy)
    seen = wide.pixels[wide.alpha >= 128]
    assert np.abs(wide.pixels[wide.alpha > 0]).max() > 1000
    for made in (wide, stretched):
        assert (made.response.low, made.response.high) == pytest.approx((seen.min(), seen.max()), abs=40)
    core = stretched.pixels[:, :12]
    assert int(core.max()) - int(core.min()) > 200


def test_a_picture_that_is_faint_everywhere_has_its_own_range():
    """Alpha counts as a share of the greatest one."""
    colour, _ = picture(9, 9)
    for text in ("filter sharpen", "filter sharpen | filter identity"):
        full, faint = (
            Image((Frame(colour, np.full((9, 9), alpha, "uint8")),)).through(Pipeline.parse(text), range=range_)
            for alpha, range_ in ((254, "clamp"), (51, "stretch"))
        )
        assert (full.response.low, full.response.high) == pytest.approx((faint.response.low, faint.response.high))


@law(20)
@given(st.data())
def test_extremes_are_weighed_by_alpha(data):
    """By their definition, one pixel after the other."""
    frames = [
        picture(5, 4, seed=data.draw(st.integers(0, 2**16)), dtype=data.draw(st.sampled_from(["uint8", "float32"])))
        for _ in range(data.draw(st.integers(1, 2)))
    ]
    parts = [
        (float(value), float(share) / (1 if plane.dtype.kind == "f" else 255))
        for colour, plane in frames
        for pixel, share in zip(colour.reshape(-1, 3), plane.reshape(-1), strict=True)
        for value in pixel
    ]
    half = max(share for _, share in parts) / 2
    middle = sum(value * share for value, share in parts) / sum(share for _, share in parts)
    counted = [
        value if share >= half else middle + (value - middle) * share / half
        for value, share in parts
        if share >= 1 / 510
    ]
    assert visible_extremes(frames) == pytest.approx((min(counted), max(counted)))


def test_shift_and_abs():
    colour, alpha = picture(9, 9)
    for text, kernel in (
        ("filter vertical", [[-1, 0, 1]] * 3),
        ("filter sharpen bias=-300", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    ):
        bias = -300 if "bias" in text else 0
        wide, _ = alpha_oracle.filtered(alpha_oracle.with_alpha(colour, alpha), kernel, 1, bias)
        for range_ in ("abs", "shift"):
            made = through(colour, alpha, text, range=range_)
            np.testing.assert_array_equal(made.pixels, oracle.settle(wide, "uint8", range_))


def test_keep_and_filter_are_what_they_say():
    colour, alpha = picture(9, 8)
    kept = through(colour, alpha, "filter box:3 stride=2", alpha="keep")
    np.testing.assert_array_equal(kept.pixels, imgconv.run(colour, "filter box:3 stride=2"))
    np.testing.assert_array_equal(
        kept.alpha, alpha[::2, 1::2]
    )  # SAME_UPPER: nine rows are centred on 0, 2 …, eight columns on 1, 3 …
    filtered = through(colour, alpha, "filter vertical | relu", alpha="filter")
    both = imgconv.run(np.dstack([colour, alpha]), "filter vertical | relu")
    np.testing.assert_array_equal(np.dstack([filtered.pixels, filtered.alpha]), both)


def test_premultiplied_arithmetic_is_multiply_run_divide():
    colour, alpha = picture(9, 8)
    share = alpha[..., None] / 255.0
    for text in ("filter gaussian:1", "filter vertical", "avgpool 2", "filter sharpen | maxpool 2"):
        made = through(colour, alpha, text, alpha="premultiply", dtype="float64")
        with plain_python():
            products, weights = imgconv.run(colour * share, text), imgconv.run(share, text)
        visible = weights[..., 0] > 1e-5
        np.testing.assert_allclose(
            made.pixels[visible], (products / np.where(weights > 0, weights, 1))[visible], rtol=1e-3, atol=1e-2
        )
        np.testing.assert_allclose(made.alpha, np.clip(weights[..., 0], 0, 1) * 255, atol=0.51)
        assert (made.pixels[weights[..., 0] <= 0] == 0).all()


def test_opaque_stays_opaque_in_another_type():
    colour, alpha = picture(6, 6)
    assert through(colour, alpha, "identity", dtype="uint16").alpha.tolist() == (alpha.astype(int) * 257).tolist()
    deep = through(colour.astype(np.uint16) * 257, alpha.astype(np.uint16) * 257, "identity", dtype="uint8")
    assert np.array_equal(deep.alpha, alpha)


# ---------------------------------------------------------------- the command


def test_the_command_takes_a_policy(tmp_path):
    colour, alpha = picture(20, 18)
    save(tmp_path / "in.png", np.dstack([colour, alpha]))
    for policy in POLICIES:
        done = command("filter", "gaussian:1", "--alpha", policy, "in.png", cwd=tmp_path)
        assert done.code == 0, done.err
        expected = through(colour, alpha, "filter gaussian:1", alpha=policy)
        together = expected.pixels if expected.alpha is None else np.dstack([expected.pixels, expected.alpha])
        np.testing.assert_array_equal(pixels_of(done.out), together)
        assert ("alpha dropped" in done.err) == (policy == "drop")
    assert command("filter", "box:3", "--alpha", "kept", "in.png", cwd=tmp_path).code == 2
    assert command("filter", "box:3", "--alpha", "drop", "--strict", "in.png", cwd=tmp_path).code == 3


def test_jpeg_has_no_alpha_and_the_refusal_says_how(tmp_path):
    save(tmp_path / "in.png", noise(8, 9, 4))
    done = command("filter", "box:3", "in.png", "-o", "out.jpg", cwd=tmp_path)
    assert done.code == 1
    assert "--flatten white" in done.err
    assert not (tmp_path / "out.jpg").exists()
    done = command("filter", "box:3", "in.png", "--alpha", "drop", "-o", "out.jpg", cwd=tmp_path)
    assert done.code == 0, done.err
    opaque = np.dstack([noise(8, 9, 3), np.full((8, 9), 255, np.uint8)])
    done = command("filter", "box:3", "--alpha", "drop", "--strict", cwd=tmp_path, stdin=encoded(opaque, "PNG"))
    assert done.code == 0, done.err
    assert pixels_of(done.out).shape == (8, 9, 3)


# ---------------------------------------------------------------- several kernels, and repeated ones


@pytest.mark.parametrize(
    "text",
    [
        "filter sobel-x with=sobel-y",
        "filter gaussian:1 with=-1*box:3 combine=sum",
        "filter vertical with=horizontal combine=max border=zero",
    ],
)
def test_several_kernels_see_colour_times_alpha(text):
    colour, alpha = picture(12, 11)
    share = alpha[..., None] / 255.0
    made = through(colour, alpha, text, dtype="float64")
    with plain_python():
        np.testing.assert_allclose(made.pixels, imgconv.run(colour * share, text), rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(made.alpha, alpha)
    opaque = np.full_like(alpha, 255)
    opaque[-1, -1] = 0
    np.testing.assert_array_equal(
        through(colour, opaque, text).pixels[:8, :8], through(colour, None, text).pixels[:8, :8]
    )


def test_repeats_are_steps_of_a_pipeline():
    colour, alpha = picture(12, 11)
    three, steps = (
        through(colour, alpha, "filter box:3 repeat=3"),
        through(colour, alpha, "filter box:3 | filter box:3 | filter box:3"),
    )
    np.testing.assert_array_equal(three.pixels, steps.pixels)
    np.testing.assert_array_equal(three.alpha, steps.alpha)
    still = through(colour[:4, :4], alpha[2:6, 2:6], "filter box:3 until-stable border=reflect")
    assert np.ptp(still.alpha.astype(int)) <= 1
    assert np.ptp(still.pixels.astype(int), axis=(0, 1)).max() <= 1


@pytest.mark.parametrize("kernel", ["1e30*identity", "1e30*laplacian", "1e30*laplacian with=1e30*vertical combine=max"])
def test_what_diverges_is_said_with_alpha_as_without(kernel):
    colour, alpha = picture(12, 11)
    for plane in (None, alpha):
        with plain_python():
            image = Image((Frame(colour, plane),)).through(
                Pipeline.parse(f"filter {kernel} until-stable"), dtype="float32"
            )
        assert not np.isfinite(image.frames[0].pixels).all()
        assert [note.code for note in image.notes if note.code == "not-stable"] == ["not-stable"]
        assert any(note.text.startswith("diverged to infinity after") for note in image.notes)
