"""Weights in .safetensors: a network of ours, or the state_dict of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.stored import HWIO, OIHW, Stored, as_weights, check_size

_WIDTHS = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "U64": 8,
    "U32": 4,
    "U16": 2,
}
PIPELINE, INPUT, LABELS = "imgconv", "input", "labels"
"""Keys of the metadata of a network of ours: its pipeline, the shape of its input, its labels line by line."""


def read(path: str) -> Stored:
    """The network in a file; FileError where it is broken."""
    from safetensors import SafetensorError, safe_open

    from imgconv.networks.naming import input_shape

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            sizes = {
                name: (tuple(one.get_shape()), _width(path, name, one.get_dtype())) for name, one in slices.items()
            }
            check_size(path, sizes)
            tensors = {name: as_weights(path, name, _tensor(file, name, slices[name])) for name in slices}
    except SafetensorError as error:
        raise errors.FileError(f"{path}: broken or no .safetensors file ({_reason(error)})") from error
    text = metadata.get(PIPELINE, "")
    layout = HWIO if text else OIHW if metadata.get("format") == "pt" else ""
    shape = input_shape(metadata[INPUT]) if text and metadata.get(INPUT) else None
    labels = tuple(metadata.get(LABELS, "").split("\n")) if text and metadata.get(LABELS) else ()
    return Stored(tensors, text, layout, shape, labels)


def write(path: str, stored: Stored) -> None:
    """Writes a network of ours."""
    from imgconv.files import atomic

    atomic.write(path, [encoded(stored)])


def encoded(stored: Stored) -> bytes:
    """A network of ours as the content of a file."""
    from safetensors.numpy import save

    from imgconv.operations.layers.base import shape_text

    metadata = {PIPELINE: stored.pipeline}
    metadata |= {INPUT: shape_text(stored.input)} if stored.input else {}
    metadata |= {LABELS: "\n".join(stored.labels)} if stored.labels else {}
    return save({name: np.ascontiguousarray(tensor) for name, tensor in stored.tensors.items()}, metadata)


def _width(path: str, name: str, kind: str) -> int:
    if kind not in _WIDTHS:
        raise errors.FileError(f"{path}: tensor {name} is of type {kind}; weights are real numbers")
    return _WIDTHS[kind]


def _tensor(file: Any, name: str, slice_: Any) -> Any:
    if slice_.get_dtype() != "BF16":
        return file.get_tensor(name)
    try:
        words = np.asarray(file.get_tensor(name)).view(np.uint16)
    except TypeError:  # NumPy has no such type
        raise errors.FileError(f"tensor {name} is of type bfloat16; save it as float32") from None
    return (words.astype(np.uint32) << 16).view(np.float32)


def _reason(error: Exception) -> str:
    return errors.cut(str(error).partition(":")[2].strip() or str(error))
