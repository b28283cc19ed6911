"""Suffixes of files that hold networks; light, for commands ask before they load what reads these."""

from __future__ import annotations

import os

FORMATS = {
    ".safetensors": "safetensors",
    ".npz": "npz",
    ".onnx": "onnx",
    ".keras": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
}
"""The module of `networks/formats` that reads files of each suffix."""
PICKLES = (".pt", ".pth", ".pkl", ".ckpt", ".bin")
"""Suffixes of files that hold code, and are refused with what to do instead."""


def is_network(argument: str) -> bool:
    """Whether an argument names a file of weights, by its suffix."""
    return os.path.splitext(argument)[1].lower() in (*FORMATS, *PICKLES)
