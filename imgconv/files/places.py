"""Places: what is asked of a path or a URL, answered by the system or by `fsspec`.

Nothing of `fsspec` is imported unless a name is a URL.
"""

from __future__ import annotations

import os

from imgconv.files.urls import is_url, is_web


def exists(path: str) -> bool:
    """Whether there is a file or a folder. Raises FileError for a URL that cannot be asked."""
    if not is_url(path):
        return os.path.exists(path)
    from imgconv.files import remote

    return remote.kind(path) != ""


def is_folder(path: str) -> bool:
    """Whether there is a folder. Raises FileError for a URL that cannot be asked."""
    if not is_url(path):
        return os.path.isdir(path)
    if is_web(path):
        return False
    from imgconv.files import remote

    return remote.kind(path) == "directory"


def names_in(folder: str) -> list[str]:
    """The names of what is in a folder; none if it cannot be listed."""
    if is_url(folder):
        from imgconv.files import remote

        return remote.names_in(folder)
    try:
        return os.listdir(folder or os.curdir)
    except OSError:
        return []
