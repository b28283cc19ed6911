"""Layers as Keras declares them, in our steps. A table tells which are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.hdf5 import RefusedError
from imgconv.networks.formats.keras_models import INPUT, Declared, foreign
from imgconv.networks.formats.keras_scaling import normalization, number_of, rescaling
from imgconv.operations import Activate, Operation, Pool
from imgconv.operations.base import Shape
from imgconv.operations.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Padding,
    PRelu,
    Softmax,
)
from imgconv.operations.pipeline import Pipeline
from imgconv.values.numbers import number_text
from imgconv.values.pixel_values import Pixels

WORDS = {
    "Conv2D": "conv",
    "DepthwiseConv2D": "depthwise",
    "Dense": "dense",
    "BatchNormalization": "batchnorm",
    "PReLU": "prelu",
}
"""The kinds of layers whose tensors become ours."""
_KEEP_RANK = ("Flatten", "Rescaling", "Dropout")  # what may stand before `Flatten` where values have no channels


Steps = list[Operation]
Tensors = Mapping[str, Pixels]


def translated(
    layers: Sequence[Declared], tensors: Mapping[str, Tensors]
) -> tuple[str, dict[str, Pixels], Shape | None]:
    """The text of the pipeline, its tensors by our names, and the shape of its input."""
    steps: Steps = []
    result: dict[str, Pixels] = {}
    rank, shape = _input(layers[0])
    for layer in layers:
        if layer.kind == INPUT:
            continue
        if rank == 3 and layer.kind not in _KEEP_RANK:
            raise layer.refused("its values have no channels; make the input rows x columns x 1")
        _check_axis(layer, rank)
        try:
            own = _on_pixels(tensors[layer.name]) if layer.kind == "Dense" and rank == 4 else tensors[layer.name]
            made = TRANSLATIONS[layer.kind](layer, own)
            made += _activation(layer) if "activation" in layer.settings and layer.kind != "Activation" else []
        except RefusedError:
            raise
        except (errors.ImgconvError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise layer.refused(f"its settings do not fit ({type(error).__name__}: {error})") from error
        steps += made
        result |= _renamed(layer, own)
        rank = 2 if layer.kind == "Flatten" or layer.kind.startswith("Global") else rank
    if not steps:
        raise RefusedError("has no layers but its input")
    return str(Pipeline(tuple(steps))), result, shape


def _on_pixels(tensors: Tensors) -> Tensors:
    """The tensors of a dense layer that acts on every pixel: those of a convolution of one pixel."""
    return {**tensors, "kernel": tensors["kernel"][None, None]}


def _input(first: Declared) -> tuple[int, Shape | None]:
    """The number of dimensions of what goes in, with the batch's, and its shape where it is known."""
    given = first.settings.get("batch_shape") or first.settings.get("batch_input_shape")
    if given is None:
        return 4, None
    sizes = tuple(given[1:])
    if len(sizes) not in (1, 2, 3) or not all(size is None or (type(size) is int and size > 0) for size in sizes):
        raise first.refused(f"its shape is {str(given)[:60]}; expected (rows, columns, channels)")
    shape = {1: (1, 1, *sizes), 2: (*sizes, 1), 3: sizes}[len(sizes)]
    return len(given), None if None in shape else shape


def _renamed(layer: Declared, tensors: Tensors) -> dict[str, Pixels]:
    """The tensors of a layer by our names and in our shapes."""
    name = layer.own_name
    if layer.kind == "BatchNormalization":
        count = tensors["moving_mean"].shape
        return {
            f"{name}.gamma": tensors.get("gamma", np.ones(count, np.float32)),
            f"{name}.beta": tensors.get("beta", np.zeros(count, np.float32)),
            f"{name}.mean": tensors["moving_mean"],
            f"{name}.variance": tensors["moving_variance"],
        }
    if layer.kind == "PReLU":
        return {f"{name}.slope": tensors["alpha"].reshape(-1)}
    if layer.kind not in WORDS:
        return {}
    kernel = tensors["kernel"]
    if layer.kind == "DepthwiseConv2D":
        kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
    return {f"{name}.weight": kernel} | ({f"{name}.bias": tensors["bias"]} if "bias" in tensors else {})


def _pad(layer: Declared) -> dict[str, Any]:
    padding = layer.settings.get("padding", "valid")
    if padding not in ("valid", "same"):
        raise layer.refused(f"its padding is {str(padding)[:40]!r}; valid and same are read")
    return {"pad": "same"} if padding == "same" else {}


def _conv(layer: Declared, tensors: Tensors) -> Steps:
    given, kernel = layer.settings, tensors["kernel"]
    if kernel.ndim != 4:
        raise layer.refused(f"its kernel has {kernel.ndim} dimensions, expected 4")
    each = layer.kind == "DepthwiseConv2D"
    count = kernel.shape[2] * kernel.shape[3] if each else given["filters"]
    step = Conv(
        (count, *_pair(given["kernel_size"])),
        stride=_pair(given.get("strides", 1)),
        dilation=_pair(given.get("dilation_rate", 1)),
        groups=1 if each else given.get("groups", 1),
        depthwise=each,
        no_bias="bias" not in tensors,
        name=layer.own_name,
        **_pad(layer),
    )
    return [step]


def _pair(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value, value)


def _dense(layer: Declared, tensors: Tensors) -> Steps:
    units = layer.settings["units"]
    fields: dict[str, Any] = {"no_bias": "bias" not in tensors, "name": layer.own_name}
    return [Conv((units, 1, 1), **fields) if tensors["kernel"].ndim == 4 else Dense(units, **fields)]


def _pool(layer: Declared, tensors: Tensors) -> Steps:
    given = layer.settings
    kind, strides = layer.kind[:3].lower().replace("ave", "avg"), given.get("strides")
    stride = None if strides is None else _pair(strides)
    return [Pool(kind=kind, size=_pair(given["pool_size"]), stride=stride, **_pad(layer))]


def _global(layer: Declared, tensors: Tensors) -> Steps:
    return [Pool(kind="max" if "Max" in layer.kind else "avg", size="all")]


def _batchnorm(layer: Declared, tensors: Tensors) -> Steps:
    return [BatchNorm(epsilon=number_of(layer.settings.get("epsilon", 1e-3)), name=layer.own_name)]


def _check_axis(layer: Declared, rank: int) -> None:
    """Refused where a layer counts along anything but channels, the last of `rank` axes."""
    axis = layer.settings.get("axis", -1)
    if isinstance(axis, list) and len(axis) == 1:
        axis = axis[0]
    if axis not in (-1, rank - 1) and not (axis is None and layer.kind == "Normalization"):
        raise layer.refused(f"its axis is {str(axis)[:40]}; channels, the last axis, are read")


def _activate(layer: Declared, tensors: Tensors) -> Steps:
    return _activation(layer)


def _dropout(layer: Declared, tensors: Tensors) -> Steps:
    return [Dropout(number_of(layer.settings["rate"]))]


def _relu(layer: Declared, tensors: Tensors) -> Steps:
    given = layer.settings
    slope, most, least = given.get("negative_slope") or None, given.get("max_value"), given.get("threshold") or None
    forms = (("leaky-relu:{}", slope), ("clip:0,{}", most), ("threshold:{}", least))
    texts = [form.format(number_text(number_of(value))) for form, value in forms if value is not None]
    if len(texts) > 1:
        raise layer.refused("a relu with two of a slope, a greatest value and a threshold is not read")
    return [Activate(texts[0] if texts else "relu")]


def _leaky(slope: Any) -> Steps:
    return [Activate("leaky-relu", slope=number_of(slope))]


def _leaky_relu(layer: Declared, tensors: Tensors) -> Steps:
    given = layer.settings
    return _leaky(given["negative_slope"] if "negative_slope" in given else given.get("alpha", 0.3))


def _elu(layer: Declared, tensors: Tensors) -> Steps:
    return [Activate("elu", slope=number_of(layer.settings.get("alpha", 1)))]


def _softmax(layer: Declared, tensors: Tensors) -> Steps:
    return [Softmax()]


def _prelu(layer: Declared, tensors: Tensors) -> Steps:
    slope = tensors["alpha"]
    if slope.size != slope.shape[-1]:
        raise layer.refused("it has a slope for every pixel; slopes per channel are read (shared_axes=[1, 2])")
    return [PRelu(name=layer.own_name)]


def _padding(layer: Declared, tensors: Tensors) -> Steps:
    (top, bottom), (left, right) = map(_pair, _pair(layer.settings["padding"]))
    return [Padding((top, bottom, left, right))]


def _nothing(layer: Declared, tensors: Tensors) -> Steps:
    return [Flatten()]


_FUNCTIONS = {
    "relu": "relu",
    "relu6": "clip:0,6",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "elu": "elu",
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "softplus": "softplus",
    "hard_sigmoid": "hard-sigmoid",
    "hard_silu": "hard-swish",
    "hard_swish": "hard-swish",
    "hard_tanh": "hard-tanh",
}
"""Keras' names of activations without a setting."""


_AS_ACTIVATIONS = ("ReLU", "LeakyReLU", "ELU", "Softmax")


def _activation(layer: Declared) -> Steps:
    """The steps of a layer's activation: a name, or a layer of its own."""
    given = layer.settings.get("activation")
    if isinstance(given, dict) and given.get("class_name") in _AS_ACTIVATIONS and not foreign(given.get("module")):
        kind = given["class_name"]
        own = Declared(layer.place, kind, layer.name, dict(given["config"]), "", layer.version)
        _check_axis(own, 0)
        return TRANSLATIONS[kind](own, {})
    if given in (None, "linear"):
        return []
    if given in ("softmax", "log_softmax"):
        return [Softmax(log=given == "log_softmax")]
    if given == "leaky_relu":
        return _leaky(0.2)  # which Keras says where none is given
    if not isinstance(given, str) or given not in _FUNCTIONS:
        shown = given.get("class_name") if isinstance(given, dict) else given
        raise layer.refused(f"imgconv has no activation {str(shown)[:40]!r}")
    if given == "hard_sigmoid" and layer.version.startswith("2"):
        raise layer.refused("the hard_sigmoid of Keras 2 has another slope than ours")
    return [Activate(_FUNCTIONS[given])]


TRANSLATIONS: dict[str, Callable[[Declared, Tensors], Steps]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _conv,
    "Dense": _dense,
    "Flatten": _nothing,
    "MaxPooling2D": _pool,
    "AveragePooling2D": _pool,
    "GlobalMaxPooling2D": _global,
    "GlobalAveragePooling2D": _global,
    "BatchNormalization": _batchnorm,
    "Dropout": _dropout,
    "Activation": _activate,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "ELU": _elu,
    "Softmax": _softmax,
    "Rescaling": rescaling,
    "Normalization": normalization,
    "ZeroPadding2D": _padding,
}
"""What makes steps of each class of layers."""
