"""Dask arrays give what arrays in memory give, lazily and by blocks: the same bits for whole numbers."""

import pickle
import subprocess
import sys
from functools import partial

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv.errors import PixelError, UsageError, WindowError
from tests.api.test_by_rows import STEPS, noise
from tests.strategies import EVERYTHING, compiled, law, plain_python


def computed(array):
    """What a Dask array holds, computed in this thread; what it foretells is checked."""
    result = array.compute(scheduler="synchronous")
    assert (result.shape, result.dtype) == (array.shape, array.dtype)
    return result


@st.composite
def chunked(draw, type_, *, most=24):
    """An image, and the same as a Dask array of uneven blocks."""
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    last = draw(st.sampled_from([(), (1,), (3,)]))
    pixels = noise((height, width, *last), type_, draw(st.integers(0, 99)))
    chunks = [draw(pieces(length)) for length in (height, width)]
    return pixels, da.from_array(pixels, chunks=(*chunks, *([(1,) * n for n in last])))


def pieces(length):
    """Ways to divide a length into a few pieces."""
    ends = st.sets(st.integers(1, length), max_size=3)
    return ends.map(lambda ends: tuple(np.diff([0, *sorted(ends | {length})]).tolist()))


@EVERYTHING
@law(120)
@given(
    data=st.data(),
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=3),
    type_=st.sampled_from(["uint8", "int16"]),
    range_=st.sampled_from(["clamp", "abs"]),
)
def test_whole_numbers_are_the_same_to_the_bit(everything, data, steps, type_, range_):
    pixels, blocks = data.draw(chunked(type_))
    pipeline = imgconv.Pipeline.parse(" | ".join(steps))
    with compiled(everything):
        try:
            whole = imgconv.run(pixels, pipeline, range=range_)
        except WindowError as error:
            with pytest.raises(WindowError, match=str(error).split("(")[0]):
                imgconv.run(blocks, pipeline, range=range_)
            return
        np.testing.assert_array_equal(computed(imgconv.run(blocks, pipeline, range=range_)), whole, strict=True)


@EVERYTHING
@law(60)
@given(
    data=st.data(),
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=2),
    type_=st.sampled_from(["float32", "float64"]),
)
def test_floats_are_the_same_within_their_bound(everything, data, steps, type_):
    pixels, blocks = data.draw(chunked(type_))
    pipeline = imgconv.Pipeline.parse(" | ".join(steps))
    with compiled(everything):
        try:
            whole = imgconv.run(pixels, pipeline)
        except WindowError:
            return
        found = computed(imgconv.run(blocks, pipeline))
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-5 if type_ == "float32" else 1e-12)


PIXELS = noise((45, 35, 3), "uint8", 5)
BLOCKS = da.from_array(PIXELS, chunks=(20, 16, 3))


@pytest.mark.parametrize(
    "verb",
    [
        lambda pixels: imgconv.correlate(pixels, "gaussian:1.5", border="reflect", stride=(2, 3)),
        lambda pixels: imgconv.correlate(pixels, "vertical", pad="valid", dtype="int16", threads=2),
        lambda pixels: imgconv.convolve(pixels, "0 0 1;0 0 0;0 2 0", pad=(3, 0, 0, 5), border="constant:9"),
        lambda pixels: imgconv.pool(pixels, "avg", size=3, stride=2, pad=1, ceil=True),
        lambda pixels: imgconv.activate(pixels, "sigmoid", dtype="float32"),
        lambda pixels: imgconv.run(pixels, "filter box:15 dilation=2 | maxpool 4"),
    ],
)
def test_every_verb_gives_a_dask_array(verb):
    result = verb(BLOCKS)
    assert isinstance(result, da.Array)
    with plain_python():
        np.testing.assert_array_equal(computed(result), verb(PIXELS), strict=True)


def test_blocks_may_be_computed_at_the_same_time():
    verb = partial(imgconv.correlate, kernel="box:3")
    np.testing.assert_array_equal(verb(BLOCKS).compute(scheduler="threads"), verb(PIXELS), strict=True)


def test_blocks_keep_their_proportions():
    assert imgconv.pool(BLOCKS).chunks == ((10, 10, 2), (8, 8, 1), (3,))
    assert imgconv.correlate(BLOCKS, "box:5").chunks == BLOCKS.chunks
    assert imgconv.run(BLOCKS, "filter box:5 pad=valid | maxpool 3").chunks == ((6, 7), (5, 5), (3,))


def test_nothing_is_computed_but_what_is_asked_for():
    asked = set()

    def read(block_info=None):
        asked.add(tuple(block_info[None]["chunk-location"]))
        return np.zeros((10, 10), np.uint8)

    source = da.map_blocks(read, chunks=((10,) * 6, (10,) * 6), dtype="uint8", meta=np.empty((0, 0), np.uint8))
    result = imgconv.correlate(source, "box:3")
    assert not asked
    with plain_python():
        computed(result[12:18, 42:48])
    assert asked == {(i, j) for i in (0, 1, 2) for j in (3, 4, 5)}


def test_axes_may_stand_as_they_do_in_arrays():
    batch = np.stack([PIXELS, PIXELS[::-1]])
    for options, pixels in [
        ({"batched": True}, batch),
        ({"channels": "first"}, np.moveaxis(PIXELS, -1, 0)),
        ({"batched": True, "channels": "first"}, np.moveaxis(batch, -1, 1)),
    ]:
        array = da.from_array(pixels, chunks=30)
        with plain_python():
            found, whole = computed(imgconv.pool(array, **options)), imgconv.pool(pixels, **options)
        np.testing.assert_array_equal(found, whole, strict=True)
    with pytest.raises(PixelError, match=r"is not a batch; expected \(number, height, width\)"):
        imgconv.pool(da.zeros((2, 2)), batched=True)


def test_narrow_types_are_widened():
    for type_ in ("bool", "int8", "float16"):
        pixels = (PIXELS[..., 0] // 3).astype(type_)
        with plain_python():
            found = computed(imgconv.correlate(da.from_array(pixels, chunks=16), "sharpen"))
            np.testing.assert_array_equal(found, imgconv.correlate(pixels, "sharpen"), strict=True)


def test_blocks_are_planned_as_the_whole_image(monkeypatch):
    """Lines this long are not transformed; those of a block could be."""
    from imgconv import planner

    algorithms, plan = [], planner.plan

    def noted(*call):
        made = plan(*call)
        algorithms.append(made.algorithm)
        return made

    monkeypatch.setattr(planner, "plan", noted)
    kernel = np.random.default_rng(1).standard_normal((21, 21)).tolist()
    with plain_python():
        computed(imgconv.correlate(da.ones((1, 2**21), chunks=(1, (50, 2**21 - 50)), dtype="float32"), kernel)[:, :4])
        imgconv.correlate(np.ones((1, 40), "float32"), kernel)
    assert algorithms == ["direct", "fourier"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: imgconv.run(BLOCKS, "relu | filter box:3 border=wrap"),
            "box:3 border=wrap is not computed by parts, since",
        ),
        (lambda: imgconv.edges(BLOCKS, "canny"), "its lines are followed through the image, and a Dask array"),
        (lambda: imgconv.correlate(BLOCKS, "box:3", until_stable=True), "pass array.compute()"),
        (lambda: imgconv.activate(BLOCKS, "relu", range="stretch"), "extremes of the whole image"),
        (lambda: imgconv.activate(BLOCKS, "relu", out=PIXELS), "leave out= out"),
        (lambda: imgconv.correlate(BLOCKS, "no-such-kernel"), "unknown kernel"),
    ],
)
def test_what_needs_the_whole_image_is_refused(call, words):
    with pytest.raises(UsageError) as caught:
        call()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (BLOCKS.astype("int64"), r"a Dask array of int64.*astype\('int32'\)"),
        (BLOCKS.astype("complex64"), "complex64 cannot be filtered"),
        (BLOCKS[BLOCKS[:, 0, 0] > 3], "compute_chunk_sizes"),
        (da.zeros((3, 0)), "no pixels"),
        (da.zeros((3, 3, 3, 3)), r"\(3, 3, 3, 3\)"),
    ],
)
def test_arrays_that_cannot_be_computed_with_are_refused(array, words):
    with pytest.raises(PixelError, match=words):
        imgconv.correlate(array, "box:3")


def test_tasks_can_go_to_other_processes():
    result = imgconv.correlate(BLOCKS, "gaussian:1")
    tasks = pickle.loads(pickle.dumps(dict(result.dask)))
    with plain_python():
        found = dask.get(tasks, (result.name, 1, 1, 0))
        np.testing.assert_array_equal(found, imgconv.correlate(PIXELS, "gaussian:1")[20:40, 16:32])
    assert imgconv.correlate(BLOCKS, "gaussian:1").name == result.name != imgconv.correlate(BLOCKS, "gaussian:2").name


def test_dask_is_imported_for_its_arrays_only():
    code = "import imgconv, sys; imgconv.pool([[1, 2], [3, 4]]); assert 'dask' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
