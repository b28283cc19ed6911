"""The package zarr, which an extra installs."""

from __future__ import annotations

from typing import Any

from imgconv import errors


def package(name: str) -> Any:
    """The package. Raises FileError where it is not installed."""
    try:
        import zarr
    except ImportError:
        raise errors.FileError(
            f"{name}: is a Zarr, for which the package zarr is needed; pip install 'imgconv[zarr]'"
        ) from None
    return zarr
