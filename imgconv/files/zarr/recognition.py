"""Which folders are images: those whose name says so, and those in which Zarr's metadata lie."""

from __future__ import annotations

import os

SUFFIX = ".zarr"
MARKS = ("zarr.json", ".zarray", ".zgroup")
"""Files of metadata, of which each array and each group has one."""


def is_named_zarr(path: str) -> bool:
    """Whether a path is called like an image in a folder."""
    return path.rstrip("/\\").lower().endswith(SUFFIX)


def is_zarr(path: str) -> bool:
    """Whether a path leads to a folder that is an image."""
    return os.path.isdir(path) and (is_named_zarr(path) or has_marks(path))


def has_marks(path: str) -> bool:
    """Whether a folder has Zarr's metadata."""
    return any(os.path.isfile(os.path.join(path, mark)) for mark in MARKS)
