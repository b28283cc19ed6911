"""Networks from files, and from the text of a pipeline with a file of weights."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.kernels.file_access import without_files
from imgconv.networks.formats.stored import HWIO, LAYOUTS, OIHW, Stored
from imgconv.networks.naming import input_shape, layer_names
from imgconv.networks.suffixes import FORMATS, PICKLES, is_network
from imgconv.operations import Operation
from imgconv.operations.base import Shape
from imgconv.operations.layers import Conv, Dense, Flatten, Layer
from imgconv.operations.pipeline import Pipeline
from imgconv.values.arguments import path_text
from imgconv.values.parameters import choice
from imgconv.values.pixel_values import Pixels

Parts = tuple[Pipeline, Mapping[str, Pixels], Shape | None, tuple[str, ...]]
"""The pipeline, tensors, input and labels of a network."""
LAYOUT = choice("layout", LAYOUTS)
_LONGEST_TEXT = 2**20  # characters of a pipeline


def read(source: Any, weights: Any = None, *, input: Any = None, layout: str | None = None) -> Parts:
    """The parts of a network; see `Network.load`."""
    text = path_text(source, "network") if not isinstance(source, str) else source
    order = None if layout is None else LAYOUT.read(layout)
    shape = None if input is None else input_shape(input)
    if is_network(text):
        stored = read_stored(path_text(text, "network"))
        if not stored.pipeline:
            raise errors.UsageError(
                f"{text} has weights, but no layers; write them, as in: imgconv run 'conv 6@5x5 | ...' --weights {text}"
            )
        return parts_of(text, _layers(text, stored.pipeline), stored, shape, order)
    pipeline = Pipeline.parse(text)
    if weights is None:
        return pipeline, {}, shape, ()
    path = path_text(weights, "weights")
    return parts_of(path, pipeline, read_stored(path), shape, order)


def _layers(path: str, text: str) -> Pipeline:
    """The layers that a file states; they name no other files."""
    if len(text) > _LONGEST_TEXT:
        raise errors.FileError(f"{path}: the text of its layers is longer than {errors.amount(_LONGEST_TEXT)}")
    try:
        with without_files():
            return Pipeline.parse(text)
    except errors.UsageError as error:
        raise errors.FileError(f"{path}: {error}") from None


def read_stored(path: str) -> Stored:
    """What a file of weights holds; FileError where it cannot be read, or could run code."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in PICKLES:
        raise errors.FileError(
            f"{path}: a {suffix} file can run code when it is opened, so it is not; save its tensors by"
            " safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"
        )
    if suffix not in FORMATS:
        raise errors.FileError(f"{path}: weights are read from {', '.join(FORMATS)} files")
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise errors.FileError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    result: Stored = import_module(f"imgconv.networks.formats.{FORMATS[suffix]}").read(path)
    return result


def parts_of(path: str, pipeline: Pipeline, stored: Stored, shape: Shape | None, layout: str | None) -> Parts:
    """A pipeline and the tensors of a file, in our order of axes."""
    if layout is not None and stored.layout_certain:
        raise errors.UsageError(f"{path}: a file of this kind states the order of its weights; leave out --layout")
    shape = shape or stored.input
    tensors = _named(path, pipeline, stored.tensors, stored.kinds)
    order = layout or stored.layout or _layout(path, pipeline, tensors)
    if order == OIHW:
        tensors = _reordered(pipeline, tensors, shape)
    return pipeline, tensors, shape, stored.labels


_ROLES = {
    "kernel": "weight",
    "running_mean": "mean",
    "running_var": "variance",
    "moving_mean": "mean",
    "moving_variance": "variance",
}
_BATCHNORM = {"weight": "gamma", "bias": "beta"}
_IGNORED = ("num_batches_tracked",)


def _named(path: str, pipeline: Pipeline, tensors: Mapping[str, Pixels], kinds: Mapping[str, str]) -> dict[str, Pixels]:
    """The tensors by our names: those of the layers where the file has them, else kind by kind where the file tells
    kinds (Keras), else layer after layer in the order of its numbers (`0.weight`, `3.weight`: PyTorch's Sequential)."""
    layers = [(name, step) for name, step in zip(layer_names(pipeline.steps), pipeline.steps, strict=True) if name]
    prefixes = {name.rpartition(".")[0] for name in tensors if name.rpartition(".")[2] not in _IGNORED}
    owners = {name: name for name, _ in layers}
    if kinds and not prefixes >= set(owners):
        owners = _by_kind(path, dict(layers), kinds)
    elif prefixes and not prefixes >= set(owners):
        if len(prefixes) != len(layers) or not all(re.search(r"\d", prefix) for prefix in prefixes):
            raise errors.UsageError(
                f"{path} has tensors of {_listed(sorted(prefixes, key=_natural))}, the network the layers"
                f" {_listed(list(owners))}; name= gives a layer the file's name"
            )
        owners = dict(zip(owners, sorted(prefixes, key=_natural), strict=True))
    unused = prefixes - set(owners.values())
    if unused:
        raise errors.UsageError(f"{path} has tensors of {_listed(sorted(unused, key=_natural))} that no layer takes")
    result, by_owner = {}, dict[str, list[tuple[str, Pixels]]]()
    for key, tensor in tensors.items():
        prefix, _, role = key.rpartition(".")
        by_owner.setdefault(prefix, []).append((role, tensor))
    for name, step in layers:
        renamed = _ROLES | (
            _BATCHNORM if step.word == "batchnorm" else {"weight": "slope"} if step.word == "prelu" else {}
        )
        for role, tensor in by_owner.get(owners[name], ()):
            if role not in _IGNORED:
                result[f"{name}.{renamed.get(role, role)}"] = tensor
    return result


def _by_kind(path: str, layers: Mapping[str, Operation], kinds: Mapping[str, str]) -> dict[str, str]:
    """The file's name of each layer: the first dense layer is its first dense layer, and so on."""
    owners: dict[str, str] = {}
    ours = {name: "depthwise" if getattr(step, "depthwise", False) else step.word for name, step in layers.items()}
    for kind in sorted({*ours.values(), *kinds.values()}):
        here, there = ([name for name, one in found.items() if one == kind] for found in (ours, kinds))
        if len(here) != len(there):
            raise errors.UsageError(
                f"{path} has {len(there)} {kind} layers ({_listed(there) or 'none'}), the network {len(here)}"
                f" ({_listed(here) or 'none'})"
            )
        owners |= dict(zip(here, there, strict=True))
    return owners


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Numbers in names by their value: layer 10 after layer 9."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")


def _layout(path: str, pipeline: Pipeline, tensors: Mapping[str, Pixels]) -> str:
    """The order of axes in which all weights fit their layers; UsageError where both fit, or none."""
    fits = dict.fromkeys(LAYOUTS, True)
    for name, step in zip(layer_names(pipeline.steps), pipeline.steps, strict=True):
        weight = tensors.get(f"{name}.weight") if name else None
        if weight is not None:
            sizes = _sizes(step, np.shape(weight))
            fits = {layout: fits[layout] and sizes[layout] for layout in LAYOUTS}
    fitting = [layout for layout in LAYOUTS if fits[layout]]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        return HWIO  # whose check names the layer, what is expected, and what was found
    raise errors.UsageError(
        f"{path} does not tell whether its weights are {HWIO} (rows, columns, inputs, outputs) or {OIHW} (PyTorch's"
        " outputs, inputs, rows, columns), and both fit; say which by --layout"
    )


def _sizes(step: Operation, shape: tuple[int, ...]) -> dict[str, bool]:
    """Whether a weight fits a layer in each order, as far as the layer alone tells."""
    if isinstance(step, Conv) and len(shape) == 4:
        count, *size = step.filters
        return {
            HWIO: (shape[3], *shape[:2]) == (count, *size),
            OIHW: (shape[0], *shape[2:]) == (count, *size),
        }
    if isinstance(step, Dense) and len(shape) == 2:
        return {HWIO: shape[1] == step.outputs, OIHW: shape[0] == step.outputs}
    return dict.fromkeys(LAYOUTS, False)


def _reordered(pipeline: Pipeline, tensors: Mapping[str, Pixels], shape: Shape | None) -> dict[str, Pixels]:
    """Tensors from channel-first order in ours. A dense layer behind `flatten` gets its inputs pixel by pixel."""
    result = dict(tensors)
    channels = shape[2] if shape else None
    flat: int | None = None  # channels before the last flatten, whose order the next dense layer undoes
    for name, step in zip(layer_names(pipeline.steps), pipeline.steps, strict=True):
        weight = tensors.get(f"{name}.weight") if name else None
        if isinstance(step, Conv):
            channels = step.filters[0]
            if weight is not None and weight.ndim == 4:
                result[f"{name}.weight"] = np.ascontiguousarray(weight.transpose(2, 3, 1, 0))
        elif isinstance(step, Flatten):
            if channels is None:
                raise errors.UsageError("the number of channels before flatten is not known; give the input's shape")
            flat = channels
        elif isinstance(step, Dense):
            if weight is not None and weight.ndim == 2:
                result[f"{name}.weight"] = _dense(weight, flat)
            channels, flat = step.outputs, None
        elif isinstance(step, Layer) and flat is not None and name:
            raise errors.UsageError(f"{name} between flatten and dense is not read in the order {OIHW}")
    return result


def _dense(weight: Pixels, channels: int | None) -> Pixels:
    """(outputs, inputs) as (inputs, outputs), inputs that came channel by channel pixel by pixel."""
    outputs, inputs = weight.shape
    if channels and inputs % channels == 0:
        weight = weight.reshape(outputs, channels, -1).transpose(0, 2, 1).reshape(outputs, inputs)
    return np.ascontiguousarray(weight.T)
