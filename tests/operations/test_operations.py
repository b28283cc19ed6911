"""Laws that hold for every declared operation, whatever it is."""

import numpy as np
import pytest

import imgconv
from imgconv import errors, operations
from imgconv.loops import activate as activate_loop
from imgconv.operations import OPERATIONS
from imgconv.operations.activate import FUNCTIONS
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.pool import WORDS
from tests.examples import EXAMPLES, PIPELINES
from tests.strategies import all_but, compiled, plain_python

STEPS = [text for texts in EXAMPLES.values() for text in texts]
SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (7, 5), (12, 9, 3), (6, 6, 5)]


def test_roll_call():
    assert set(EXAMPLES) == {operation.word for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.word)
def test_every_option_has_an_example(operation):
    text = " ".join(EXAMPLES[operation.word]) + " "
    for option in operation.options():
        if option.name in ("theta", "vary"):  # they go into the kernels' texts
            continue
        shown = (
            option.argument
            or option.name in operation.short_arguments.values()
            or f" {option.long}=" in text
            or f" {option.long} " in text
        )
        assert shown or option.name in {key for preset in operation.short_words.values() for key in preset}, option.name


@pytest.mark.parametrize("text", [*STEPS, *PIPELINES])
def test_canonical_text_prints_itself(text):
    pipeline = imgconv.Pipeline.parse(text)
    assert str(pipeline) == text
    assert imgconv.Pipeline.parse(str(pipeline)) == pipeline
    assert hash(imgconv.Pipeline.parse(text)) == hash(pipeline)


@pytest.mark.parametrize("text", [*STEPS, *PIPELINES])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_predicted_shape_and_untouched_input(text, shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    before = pixels.copy()
    pipeline = imgconv.Pipeline.parse(text)
    try:
        predicted = pipeline.shape(*shape[:2])
    except errors.WindowError:
        with pytest.raises(errors.WindowError, match=r"window of .* image of"):
            imgconv.run(pixels, pipeline)
        return
    with compiled(text in (*STEPS, PIPELINES[0])):
        result = imgconv.run(pixels, pipeline)
    channels = pipeline.channels([*shape, 1][2])
    other = (channels,) if channels > 1 else ()
    assert result.shape == (*predicted, *(shape[2:] if channels == [*shape, 1][2] else other))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("text", STEPS)
@pytest.mark.parametrize("dtype", all_but(["uint8", "int16"], "uint8"))
def test_out_is_filled_and_returned(text, dtype):
    pixels = np.random.default_rng(2).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    expected = imgconv.run(pixels, text, dtype=dtype)
    out = np.full(expected.shape, 99, dtype)
    assert imgconv.run(pixels, text, dtype=dtype, out=out) is out
    np.testing.assert_array_equal(out, expected)
    wider = np.full((expected.shape[0], expected.shape[1] * 2, *expected.shape[2:]), 99, dtype)
    imgconv.run(pixels, text, dtype=dtype, out=wider[:, ::2])
    np.testing.assert_array_equal(wider[:, ::2], expected)
    assert (wider[:, 1::2] == 99).all()


@pytest.mark.parametrize("text", [text for text in STEPS if Pipeline.parse(text).channels(4) != 1])
def test_channels_are_alike_and_apart(text):
    pixels = np.random.default_rng(3).integers(0, 256, (12, 10, 4), dtype=np.uint8)
    together = imgconv.run(pixels, text)
    together = together.reshape(*together.shape[:2], -1, 4)  # a bank gives each kernel's channels beside each other
    for channel in range(4):
        alone = imgconv.run(pixels[..., channel], text)
        np.testing.assert_array_equal(together[..., channel], alone.reshape(*alone.shape[:2], -1))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.word)
def test_declarations_explain_themselves(operation):
    assert operation.summary.endswith(".")
    assert operation.examples
    for option in operation.options():
        assert option.help.endswith(".") or option.forms
        if option.default not in (None, ()) and not option.required:
            assert (
                option.kind.read(
                    option.kind.text(option.kind.read(option.default)) if not option.is_flag else option.default
                )
                == option.default
            )


def test_tables_that_name_the_same_things_agree():
    assert set(FUNCTIONS) == set(activate_loop.FUNCTIONS)
    for kind in WORDS:
        assert (
            imgconv.pool(np.array([[1, 2], [3, 6]], np.uint8), kind).tolist()
            == {"max": [[6]], "avg": [[3]], "min": [[1]], "median": [[3]], "sum": [[12]], "range": [[5]]}[kind]
        )


def test_bounded_steps_are_said():
    notes = imgconv.Pipeline.parse("filter vertical | sigmoid | maxpool 2").notes("uint8", "clamp")
    assert [(note.code, str(note)) for note in notes] == [
        ("few-levels", "sigmoid gives 0…1: two of 256 levels used (--range stretch or --dtype float32)")
    ]
    assert imgconv.Pipeline.parse("tanh").notes("int16", "clamp")[0].text.startswith("tanh gives −1…1: three of 65536")
    for text, type_, range_ in (
        ("sigmoid", "float32", "clamp"),
        ("sigmoid", "uint8", "stretch"),
        ("sigmoid | filter box:3", "uint8", "clamp"),
        ("relu", "uint8", "clamp"),
    ):
        assert imgconv.Pipeline.parse(text).notes(type_, range_) == ()


def test_an_operation_is_a_pipeline_too():
    pixels = np.arange(36, dtype=np.uint8).reshape(6, 6)
    step = operations.Pool("avg", size=3)
    with plain_python():
        np.testing.assert_array_equal(imgconv.run(pixels, step), imgconv.run(pixels, "avgpool 3"))
    with pytest.raises(errors.UsageError, match="not a pipeline"):
        imgconv.run(pixels, 7)
