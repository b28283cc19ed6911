"""Summaries: the numbers of textbooks, and laws of receptive fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.networks.summary import summary
from imgconv.operations.pipeline import Pipeline
from tests.command import imgconv as command

COURSE = (
    "conv 64@3x3 | relu | maxpool 2 | conv 64@3x3 | relu | maxpool 2 | flatten | dense 128 | relu | dense 10 | softmax"
)


def test_the_stack_of_courses() -> None:
    rows = summary(Pipeline.parse(COURSE), (28, 28, 1))
    assert [row.parameters for row in rows.rows if row.parameters] == [640, 36_928, 204_928, 1_290]
    assert rows.parameters == 243_786
    assert [row.shape for row in rows.rows][5:7] == [(5, 5, 64), (1, 1, 1600)]


def test_lenet_5() -> None:
    network = imgconv.Network.load("samples/lenet5.safetensors")
    assert network.summary().parameters == 61_706
    assert network.summary().multiply_adds == 416_520
    assert network.summary().rows[6].field == (16, 16)


@pytest.mark.parametrize(
    "text",
    [
        "conv 2@3x3 | maxpool 2 | conv 1@5x3 stride=2x1",
        "filter gaussian:1 pad=valid | avgpool 3 stride=2",
        "conv 1@3 dilation=2",
    ],
)
def test_receptive_fields_are_the_pixels_that_a_value_depends_on(text: str) -> None:
    """By their definition: the pixels whose change changes one value of the result."""
    rows = summary(Pipeline.parse(text), (40, 40, 1))
    network = imgconv.Network.random(text, (40, 40, 1), 1)
    random = np.random.default_rng(0).random((1, 40, 40, 1))
    before = network.run(random)[0, 1, 1]
    rows_seen, columns_seen = set(), set()
    for i in range(40):
        for line, seen in (((0, i), rows_seen), ((0, slice(None), i), columns_seen)):
            changed: Any = random.copy()
            changed[line] += 10
            if not np.array_equal(network.run(changed)[0, 1, 1], before):
                seen.add(i)
    field, jump = rows.rows[-1].field, rows.rows[-1].jump
    assert (min(rows_seen), min(columns_seen)) == jump
    assert (max(rows_seen) - min(rows_seen) + 1, max(columns_seen) - min(columns_seen) + 1) == field


def test_warnings() -> None:
    rows = summary(Pipeline.parse("maxpool 2 | conv 1@2x2 pad=3"), (5, 7, 1)).rows
    assert rows[0].warnings == ("the last 1 row and 1 column of 5 rows x 7 columns seen by no window",)
    assert rows[1].warnings == ("some windows see only padding",)


def test_the_command(tmp_path: Path) -> None:
    done = command("summary", COURSE, "--input", "28x28x1", cwd=tmp_path)
    assert done.code == 0
    assert "total" in done.out.decode()
    assert "243,786" in done.out.decode()
    data = json.loads(command("summary", COURSE, "--input", "28x28x1", "--json", cwd=tmp_path).out)
    assert data["parameters"] == 243_786
    assert data["layers"][0]["receptive_field"] == [3, 3]


@pytest.mark.parametrize(
    ("text", "shape", "sentence"),
    [
        ("conv 6@5x5 | dense 10", "28x28", "put flatten before it"),
        ("conv 6@5x5 groups=2", "28x28x3", "3 input channels cannot be divided into 2 groups"),
        ("conv 6@5x5", "4x4", "does not fit"),
        ("conv 6@5x5 name=a | conv 6@5x5 name=a", "28x28", "2 layers are called a"),
        ("normalize mean=1,2", "28x28x3", "2 means for 3 channels"),
    ],
)
def test_what_does_not_fit_is_named(text: str, shape: str, sentence: str, tmp_path: Path) -> None:
    done = command("summary", text, "--input", shape, cwd=tmp_path)
    assert done.code in (1, 2)
    assert sentence in done.err
    assert len(done.err.splitlines()) == 1


def test_an_unknown_input_is_asked_for() -> None:
    with pytest.raises(errors.UsageError, match="such as 28x28x1"):
        imgconv.Network.load("conv 6@5x5").summary()
