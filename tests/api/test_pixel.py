"""One pixel explained: its arithmetic against the oracle, its result against what the verbs give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import errors
from imgconv.api.pixel.arithmetic import COMBINED, REDUCED
from imgconv.api.pixel.explanation import Channel, Explanation, explain
from imgconv.operations import Filter, Pool
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.pool import REDUCTIONS
from imgconv.planner.combining import COMBINES
from imgconv.values.image import Frame
from tests import oracle
from tests.strategies import (
    FRACTIONS,
    RANGES,
    TYPES,
    border_text,
    images,
    law,
    pad_values,
    pair,
    placements,
    plain_python,
    rows_of,
)

TEXTBOOK = np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")
WEIGHTS = [[-1, 0, -2], [0.5, 4.5, -1.5], [1.5, 2, -3]]


@pytest.fixture(autouse=True)
def _uncompiled() -> Iterator[None]:
    """A few pixels of many types are not worth compiling."""
    with plain_python():
        yield


def explained(pixels: Any, step: Any, at: tuple[int, int], **how: Any) -> Explanation:
    """Of an array, whose channels are all colours."""
    return explain(imgconv.Image((Frame(pixels),)), imgconv.Pipeline((step,)), at, **how)


def test_the_example_of_the_textbook() -> None:
    [channel] = explained(TEXTBOOK, Filter(WEIGHTS), (1, 1), dtype="int16").channels
    [part] = channel.parts
    assert part.products == ((0, 0, -256), (24, 864, -216), (213, 452, -504))
    assert (part.sum, channel.response, channel.result, channel.agrees) == (577, 577, 577, True)
    assert explained(TEXTBOOK, Filter(WEIGHTS), (1, 1)).channels[0].settled.clamped == 255


def of_oracle(wide: oracle.Array, dtype: str, range_: str, at: tuple[int, int]) -> list[Any]:
    """What the oracle settles the channels of a pixel to."""
    return oracle.settle(wide, dtype, range_)[at].tolist()


@law(80)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(RANGES), st.sampled_from((None, "uint8", "float64")))
def test_a_filter_is_explained_as_it_is_computed(data: st.DataObject, type_: str, range_: str, dtype: str) -> None:
    weights = data.draw(rows_of(FRACTIONS, 4))
    place = data.draw(placements(weights))
    place["convolve"] = data.draw(st.booleans())
    anchor, divisor, bias = place.pop("anchor"), data.draw(st.sampled_from((1, -3, "auto"))), data.draw(FRACTIONS)
    pixels = data.draw(images(type_))
    try:
        wide = oracle.responses(pixels, weights, divisor, bias, anchor, **place)
    except oracle.RefusedError:
        return
    border = border_text(place.pop("border"), place.pop("value"))
    step = Filter(weights, divisor=divisor, bias=bias, anchor=anchor, border=border, **place)
    at = data.draw(st.tuples(*(st.integers(0, side - 1) for side in wide.shape[:2])))
    found = explained(pixels, step, at, dtype=dtype, range_=range_)
    result = imgconv.run(pixels, Pipeline((step,)), dtype=dtype, range=range_).reshape(wide.shape)
    assert [channel.response for channel in found.channels] == wide[at].tolist()
    assert [channel.result for channel in found.channels] == list(map(oracle.exact, result[at]))
    for channel in found.channels:
        [part] = channel.parts
        assert part.sum == sum(one for row in part.products for one in row)
        assert channel.agrees == (channel.settled.value == channel.result) or found.target.type.startswith("float")
    if not type_.startswith("float") and range_ != "stretch" and found.target.type != "float64":
        assert [channel.settled.value for channel in found.channels] == of_oracle(wide, found.target.type, range_, at)
        assert all(channel.agrees for channel in found.channels)
    for channel in found.channels if range_ != "stretch" else ():
        assert abs(channel.settled.value - Fraction(channel.result)) <= slack(channel, found.target.type)


def slack(channel: Channel, type_: str) -> float:
    """What rounding on the way may change: a unit of integers, a share of the magnitudes of floats."""
    if not type_.startswith("float"):
        return 1
    [part] = channel.parts
    size = sum(abs(float(one)) for row in part.products for one in row)
    return 1e-5 * (size / abs(float(part.kernel.divisor)) + abs(float(part.kernel.bias)) + 1)


@law(40)
@given(st.data(), st.sampled_from(("half-even", "zero")), st.sampled_from(RANGES))
def test_other_roundings_are_explained(data: st.DataObject, rounding: str, range_: str) -> None:
    pixels = data.draw(images("int16", st.tuples(st.integers(1, 5), st.integers(1, 5))))
    step = Filter(data.draw(rows_of(st.integers(-2, 3), 3)), divisor=2)
    image = imgconv.Image((Frame(pixels),))
    [channel] = explain(image, Pipeline((step,)), (0, 0), range_=range_, rounding=rounding).channels
    assert channel.result == image.through(step, range=range_, rounding=rounding).pixels[0, 0]
    assert channel.agrees or range_ == "stretch"  # whose quotient may be rounded on the way to a half


@law(80)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from([*REDUCTIONS, "percentile:30", "lp:3"]))
def test_pooling_is_explained_as_it_is_computed(data: st.DataObject, type_: str, kind: str) -> None:
    kind = {"percentile": "percentile:75", "lp": "lp:2"}.get(kind, kind)
    options = {
        "size": data.draw(pair(4)),
        "stride": data.draw(st.none() | pair(3)),
        "dilation": data.draw(pair(2)),
        "pad": data.draw(pad_values(2)),
        "ceil": data.draw(st.booleans()),
        "count_padding": data.draw(st.booleans()),
    }
    pixels = data.draw(images(type_))
    try:
        wide = oracle.pooled(pixels, kind, **options)
    except oracle.RefusedError:
        return
    at = data.draw(st.tuples(*(st.integers(0, side - 1) for side in wide.shape[:2])))
    found = explained(pixels, Pool(kind, **options), at)
    result = imgconv.pool(pixels, kind, **options).reshape(wide.shape)
    assert [channel.result for channel in found.channels] == list(map(oracle.exact, result[at]))
    for channel, value in zip(found.channels, wide[at], strict=True):
        assert math.isclose(channel.response, value, rel_tol=1e-12)
        if kind in ("max", "min"):
            [part] = channel.parts
            assert oracle.with_channels(pixels)[(*part.winner, found.channels.index(channel))] == value
        assert channel.agrees or type_.startswith("float") or kind.startswith("lp")


@pytest.mark.parametrize("how", COMBINES)
def test_kernels_are_combined_as_they_are_computed(how: str) -> None:
    step = Filter("sobel-x", with_=("sobel-y", "laplacian"), combine=how, border="reflect101")
    found = explained(TEXTBOOK, step, (0, 2), dtype="int32")
    assert found.channels[0].result == imgconv.run(TEXTBOOK, Pipeline((step,)), dtype="int32")[0, 2]
    assert len(found.channels[0].parts) == 3
    assert found.channels[0].agrees


def test_every_combination_and_reduction_is_known() -> None:
    assert COMBINED.keys() == COMBINES.keys()
    assert REDUCED.keys() | {"avg"} == REDUCTIONS.keys()


def test_cells_beyond_the_edge_say_what_stands_there() -> None:
    [channel] = explained(TEXTBOOK, Filter("vertical", border="wrap"), (0, 0)).channels
    corner = channel.parts[0].cells[0][0]
    assert (corner.row, corner.column, corner.source, corner.value, corner.beyond) == (-1, -1, (2, 2), 168, True)
    [channel] = explained(TEXTBOOK, Filter("vertical", border="constant:7"), (0, 0)).channels
    assert [cell.value for cell in channel.parts[0].cells[0]] == [7, 7, 7]
    [channel] = explained(TEXTBOOK, Pool("max", size=2, pad=1), (0, 0)).channels
    assert [cell.value for row in channel.parts[0].cells for cell in row] == [None, None, None, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("type_", ["float32", "uint8"])
def test_values_that_are_not_finite_are_explained(value: float, type_: str) -> None:
    pixels = np.array([[0.5, value, 2], [1, 1, 1]], "float32")
    for step in (Filter("vertical"), Filter([[0, 1, 0]]), Filter("box:3"), Pool("max"), Pool("avg"), Pool("median")):
        found = explained(pixels, step, (0, 0), dtype=type_)
        assert found.channels[0].agrees, step


def test_what_rounding_on_the_way_changes_is_said() -> None:
    pixels = np.float32([[16777216, 1, 1]])
    [channel] = explained(pixels, Filter([[1, 1, 1]], border="zero"), (0, 1)).channels
    assert (channel.response, channel.agrees) == (16777218, channel.result == 16777218)
    pixels = np.float32([[0.1, 0.2, 0.3]])
    [channel] = explained(pixels, Filter([[1, 1, 1]]), (0, 1)).channels
    assert channel.response == sum(map(Fraction, pixels[0].tolist()))


def test_stretch_has_the_scale_of_all_frames() -> None:
    image = imgconv.Image((Frame(TEXTBOOK), Frame(TEXTBOOK // 2)))
    result = image.through("filter vertical", range="stretch").frames[1].pixels
    found = explain(image, imgconv.Pipeline.parse("filter vertical"), (1, 2), frame=1, range_="stretch")
    assert found.channels[0].result == found.channels[0].settled.value == result[1, 2]


def test_adaptive_and_global_pooling() -> None:
    pixels = np.arange(35, dtype="int32").reshape(5, 7)
    for step in (Pool("avg", to=(2, 3)), Pool("max", size="all"), Pool("median", to=(3, 2))):
        height, width = step.shape(5, 7)
        found = explained(pixels, step, (height - 1, width - 1)).channels[0]
        assert found.result == imgconv.run(pixels, Pipeline((step,)))[-1, -1] == found.settled.value


def test_what_is_not_explained_is_refused() -> None:
    with pytest.raises(errors.UsageError, match="no pixel 3,0 in an output of 3x3"):
        explained(TEXTBOOK, Filter("vertical"), (3, 0))
    with pytest.raises(errors.UsageError, match="applied several times"):
        explained(TEXTBOOK, Filter("vertical", repeat=2), (0, 0))
    clear = imgconv.Image((Frame(TEXTBOOK, np.full((3, 3), 7, "uint8")),))
    steps = imgconv.Pipeline.parse("filter vertical | relu")
    with pytest.raises(errors.PixelError, match="--alpha keep"):
        explain(clear, steps, (0, 0), alpha="premultiply")
    kept = explain(clear, steps, (0, 0), alpha="keep").channels[0]
    assert kept.result == clear.through(steps, alpha="keep").pixels[0, 0] == kept.settled.value
    with pytest.raises(errors.UsageError, match="there is no frame 1"):
        explain(clear, steps, (0, 0), frame=1, alpha="keep")


PIPELINES = (
    "filter vertical border=wrap | relu | maxpool 2",
    "maxpool 2 pad=1 | filter box:3 border=reflect stride=2",
    "filter gaussian:0.6 dilation=2 border=zero | avgpool 3 stride=1 pad=1 | filter laplacian bias=2",
    "filter sobel-x with=sobel-y | threshold:90",
    "filter 1,2,3 pad=valid | medianpool to=2x2 | sigmoid",
    "globalmaxpool | filter box:3",
)


@law(60)
@given(st.data(), st.sampled_from(PIPELINES), st.sampled_from(("uint8", "int16", "float32")))
def test_a_pipeline_is_explained_and_looks_at_its_receptive_field_alone(
    data: st.DataObject, text: str, type_: str
) -> None:
    steps = Pipeline.parse(text)
    pixels = data.draw(images(type_, st.tuples(st.integers(4, 9), st.integers(4, 9))))
    at = data.draw(st.tuples(*(st.integers(0, side - 1) for side in steps.shape(*pixels.shape))))
    found = explain(imgconv.Image((Frame(pixels),)), steps, at, dtype="float64")
    result = imgconv.run(pixels, steps, dtype="float64")[at]
    [channel] = found.channels
    assert channel.result == result
    assert channel.agrees or abs(float(channel.settled.value) - result) <= 1e-4 * (1 + np.abs(pixels).max())
    assert len(found.patches) == len(steps.steps)
    field = found.patches[-1]
    places = np.ix_(field.rows, field.columns)
    assert [[oracle.exact(value) for value in row] for row in pixels[places]] == list(map(list, field.values[0]))
    others = pixels + np.ones((), pixels.dtype)
    others[places] = pixels[places]
    assert imgconv.run(others, steps, dtype="float64")[at] == result


def test_a_border_alone_is_a_field_of_no_pixels() -> None:
    steps = imgconv.Pipeline.parse("filter box:1 pad=3 border=constant:9 | relu")
    found = explain(imgconv.Image((Frame(TEXTBOOK),)), steps, (0, 0))
    assert (found.patches[-1].rows, found.patches[-1].columns, found.patches[-1].constant) == ((), (), True)
    assert found.channels[0].result == 9
    large = explain(
        imgconv.Image((Frame(np.zeros((99, 99), "uint8")),)), imgconv.Pipeline.parse("globalavgpool"), (0, 0)
    )
    assert (len(large.patches[0].rows), large.patches[0].values) == (99, ())


@law(80)
@given(st.data(), st.sampled_from(("uint8", "uint16", "float32")), st.sampled_from(("clamp", "abs", "shift")))
def test_colours_that_alpha_weights_are_explained(data: st.DataObject, type_: str, range_: str) -> None:
    weights = data.draw(rows_of(st.integers(-2, 5), 3))
    place = data.draw(placements(weights))
    pixels = data.draw(images(type_, st.tuples(st.integers(1, 6), st.integers(1, 6))))
    opaque = 1 if type_ == "float32" else np.iinfo(type_).max
    order = np.random.default_rng(data.draw(st.integers(0, 99)))
    alpha = (order.choice([0, 0, 0.2, 0.6, 1], pixels.shape) * opaque).astype(type_)
    place["border"] = border_text(place.pop("border"), place.pop("value"))
    step = Filter(weights, divisor=data.draw(st.sampled_from((1, 2, "auto"))), bias=data.draw(FRACTIONS), **place)
    image = imgconv.Image((Frame(pixels, alpha),))
    try:
        height, width = step.shape(*pixels.shape)
    except errors.WindowError:
        return
    at = data.draw(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1)))
    [channel] = explain(image, Pipeline((step,)), at, range_=range_).channels
    assert channel.result == oracle.exact(image.through(step, range=range_).pixels[at])
    if type_ != "float32":
        assert channel.agrees
    elif min(map(min, weights)) >= 0:  # with both signs what alpha divides by may be next to nothing
        size = sum(map(sum, weights)) * float(np.abs(pixels).max()) + 300
        assert abs(channel.settled.value - Fraction(channel.result)) <= 1e-5 * size


def test_alpha_divides_what_it_shows() -> None:
    alpha = np.array([[255, 0, 255], [0, 51, 0], [0, 0, 0]], "uint8")
    image = imgconv.Image((Frame(TEXTBOOK, alpha),))
    [channel] = explain(image, imgconv.Pipeline.parse("filter box:3"), (1, 1)).channels
    assert channel.response == (0 + 128 + Fraction(192, 5)) / Fraction(11, 5)
    [channel] = explain(image, imgconv.Pipeline.parse("filter vertical"), (1, 1)).channels
    assert (channel.parts[0].weighting.seen, channel.response) == (None, 128)
    [channel] = explain(image, imgconv.Pipeline.parse("filter 1,0,0 pad=valid"), (2, 0)).channels
    assert (channel.parts[0].weighting.visible, channel.result) == (False, 226)


@law(40)
@given(st.data(), st.sampled_from(("uint8", "uint16", "float32")), st.sampled_from(("clamp", "stretch")))
def test_linear_light_is_explained(data: st.DataObject, type_: str, range_: str) -> None:
    pixels = data.draw(images(type_, st.tuples(st.integers(2, 5), st.integers(2, 5), st.sampled_from((1, 3)))))
    image = imgconv.Image((Frame(np.abs(pixels)),))
    step = Filter(data.draw(rows_of(st.integers(-1, 3), 3)), border=data.draw(st.sampled_from(("edge", "zero"))))
    at, chosen = (1, 1), data.draw(st.sampled_from(("all", "0")))
    found = explain(image, Pipeline((step,)), at, range_=range_, linear=True, channels=chosen)
    result = image.through(step, range=range_, linear=True, channels=chosen).pixels
    wanted = result[at].reshape(-1)[: len(found.channels)].tolist()
    assert [channel.result for channel in found.channels] == wanted
    for number, channel in enumerate(found.channels):
        centre = next(c for row in channel.parts[0].cells for c in row if (c.row, c.column) == at)
        assert centre.pixel == image.pixels[at].reshape(-1)[number]
        if range_ == "clamp" and np.abs(pixels).max() < 1e6:
            assert abs(channel.settled.value - channel.result) <= (
                1e-4 * (1 + abs(channel.result)) if "f" in type_ else 1
            )


def test_chosen_channels_are_explained() -> None:
    colours = np.stack([TEXTBOOK, TEXTBOOK // 2, TEXTBOOK // 3], axis=2)
    image = imgconv.Image((Frame(colours, TEXTBOOK),))
    found = explain(image, imgconv.Pipeline.parse("filter vertical"), (1, 1), channels="b,r", alpha="keep")
    assert [channel.name for channel in found.channels] == ["red", "blue"]
    [alpha] = explain(image, imgconv.Pipeline.parse("filter box:3"), (1, 1), channels="alpha").channels
    assert (alpha.name, alpha.parts[0].cells[1][1].value, alpha.agrees) == ("alpha", 192, True)
    with pytest.raises(errors.UsageError, match="--gray"):
        explain(image, imgconv.Pipeline.parse("filter vertical"), (1, 1), channels="luma")


def transparent(pixels: Any, seed: int, type_: str) -> Any:
    """Alpha of every share, much of it 0."""
    opaque = 1 if type_ == "float32" else np.iinfo(type_).max
    order = np.random.default_rng(seed)
    return (order.choice([0, 0, 0.2, 0.6, 1], pixels.shape[:2]) * opaque).astype(type_)


@law(60)
@given(
    st.data(), st.sampled_from(("uint8", "uint16", "float32")), st.sampled_from([*REDUCTIONS, "percentile:30", "lp:3"])
)
def test_pools_of_colours_that_alpha_weights_are_explained(data: st.DataObject, type_: str, kind: str) -> None:
    kind = {"percentile": "percentile:75", "lp": "lp:2"}.get(kind, kind)
    pixels = data.draw(images(type_, st.tuples(st.integers(2, 6), st.integers(2, 6))))
    options = {"pad": data.draw(st.integers(0, 1)), "count_padding": data.draw(st.booleans()), "stride": 1}
    step = Pool(kind, size=2, **options)
    image = imgconv.Image((Frame(pixels, transparent(pixels, data.draw(st.integers(0, 99)), type_)),))
    at = data.draw(st.tuples(*(st.integers(0, side - 1) for side in step.shape(*pixels.shape))))
    [channel] = explain(image, Pipeline((step,)), at).channels
    assert channel.result == oracle.exact(image.through(step).pixels[at])
    if type_ == "float32" or kind.startswith("lp"):
        assert abs(channel.settled.value - channel.result) <= 1e-5 * (1 + float(np.abs(pixels).max()))
    else:
        assert channel.agrees
    if channel.parts[0].winner is not None:
        assert image.alpha[channel.parts[0].winner] > 0


@law(40)
@given(
    st.data(),
    st.sampled_from(
        ("filter box:3 | maxpool 2", "avgpool 2 | filter sobel-x | abs", "filter box:2 | avgpool 2 | relu")
    ),
    st.sampled_from(("clamp", "stretch")),
)
def test_pipelines_of_colours_that_alpha_weights_are_explained(data: st.DataObject, text: str, range_: str) -> None:
    pixels = data.draw(images("uint8", st.tuples(st.integers(4, 7), st.integers(4, 7))))
    image = imgconv.Image((Frame(pixels, transparent(pixels, data.draw(st.integers(0, 99)), "uint8")),))
    steps = imgconv.Pipeline.parse(text)
    at = data.draw(st.tuples(*(st.integers(0, side - 1) for side in steps.shape(*pixels.shape))))
    [channel] = explain(image, steps, at, range_=range_).channels
    assert channel.result == image.through(steps, range=range_).pixels[at]
    assert abs(channel.settled.value - channel.result) <= 1
