"""Networks from one kind of file to another, checked by running both."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module

import numpy as np

from imgconv import errors
from imgconv.networks.formats.stored import HWIO, Stored
from imgconv.networks.network import Network

WRITTEN = {".safetensors": "safetensors", ".onnx": "onnx"}
"""The module of `networks/formats` that writes files of each suffix."""
_CLOSE = 1e-5  # of the greatest magnitude
_IMAGES = 2


def check_written(path: str) -> str:
    """The suffix of a file that a network is to be written to; UsageError for one that is not written."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in WRITTEN:
        raise errors.UsageError(f"{path}: networks are written to {' and '.join(WRITTEN)} files; use one of these")
    return suffix


def convert(network: Network, path: str) -> tuple[str, ...]:
    """Writes a network whose input is known; what the file cannot hold, in words.

    Raises
    ------
    UsageError
        For a layer that the format cannot hold, or a network whose input or weights are not known.
    FileError
        Where the file, read again, gives other results; then it is not written.
    """
    from imgconv.files import atomic

    suffix = check_written(path)
    network.require_weights()
    stored = Stored(network.tensors, str(network), HWIO, network.shape_in(), network.labels)
    content: bytes = import_module(f"imgconv.networks.formats.{WRITTEN[suffix]}").encoded(stored)
    _check(network, content, path, suffix)
    atomic.write(path, [content])
    return ("labels",) if suffix == ".onnx" and network.labels else ()


def _check(network: Network, content: bytes, path: str, suffix: str) -> None:
    """FileError where a network that is read from the content gives other results on noise."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, f"copy{suffix}")
        with open(copy, "wb") as file:
            file.write(content)
        again = Network.load(copy)
    noise = np.random.default_rng(0).standard_normal((_IMAGES, *network.shape_in())).astype(np.float32)
    expected, found = network.run(noise), again.run(noise)
    largest = float(np.abs(expected[np.isfinite(expected)]).max(initial=0))
    same = expected.shape == found.shape
    if not same or not np.allclose(found, expected, rtol=0, atol=_CLOSE * largest, equal_nan=True):
        raise errors.FileError(f"{path}: the network gives other results when it is read again, and was not written")
