"""Arithmetic with constants: biases of the layer before, or `normalize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.networks.formats.onnx.chain import Chain, biased
from imgconv.networks.formats.onnx.model import Node, short
from imgconv.operations.layers import Normalize
from imgconv.values.numbers import Number


def scaled(word: str) -> Callable[[Chain, Node], None]:
    """v + c, v - c, v * c, v / c: a bias of the layer before, or `normalize`."""

    def read_scaling(chain: Chain, node: Node) -> None:
        second = node.inputs[1] in chain.model.constants
        if not second and word in ("Sub", "Div"):
            raise errors.UsageError("its first operand is constant; expected the second")
        values = chain.per_channel(chain.model.weights(node, int(second), "numbers"), "numbers")
        if word in ("Add", "Sub"):
            shift = values if word == "Add" else -values
            if not biased(chain, shift):
                _normalize(chain, Normalize(mean=_numbers(-shift)))
            return
        if word == "Div" and not values.all():
            raise errors.UsageError("divides by 0")
        same, positive = bool((values == values.flat[0]).all()), bool((values > 0).all())
        if word == "Div" and positive and (not same or isinstance(chain.last[0], Normalize)):
            _normalize(chain, Normalize(std=_numbers(values)))
        elif same:
            _normalize(chain, Normalize(scale=short(values.flat[0] if word == "Mul" else 1 / values.flat[0])))
        elif positive:
            _normalize(chain, Normalize(std=_numbers(1 / values)))
        else:
            raise errors.UsageError("factors differ by channel, and are not all above 0")

    return read_scaling


def _numbers(values: Any) -> tuple[Number, ...]:
    """A number for each channel, or one where all are the same."""
    return tuple(map(short, values if len(set(values.tolist())) > 1 else values[:1]))


def _normalize(chain: Chain, step: Normalize) -> None:
    """Adds the step, or makes one of it and the last, where that is the same: (v * scale - mean), then / std."""
    last, _ = chain.last
    chain.add(step)
    if isinstance(last, Normalize) and last.std == (1,) and step.scale == 1 and (0,) in (last.mean, step.mean):
        mean = step.mean if last.mean == (0,) else last.mean
        chain.steps[-2:] = [(Normalize(scale=last.scale, mean=mean, std=step.std), {})]
