"""URLs beside paths: which names are URLs, and how they are taken apart and put together."""

from __future__ import annotations

import os
import re

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # of two letters at least: C:// is a drive


def is_url(path: str) -> bool:
    """Whether a name is a URL. Where something here is called like its scheme (`s3:`), it is a path."""
    found = _SCHEME.match(path)
    return found is not None and not os.path.lexists(f"{found[1]}:")


def scheme_of(url: str) -> str:
    """The scheme of a URL: `s3`."""
    return url.partition("://")[0].lower()


def is_web(path: str) -> bool:
    """Whether a name is a URL of the web, which can only be read, and has no folders."""
    return is_url(path) and scheme_of(path) in ("http", "https")


def is_of_this_process(path: str) -> bool:
    """Whether a name is one of `memory://`, whose files other processes do not see."""
    return is_url(path) and scheme_of(path) == "memory"


def without_query(url: str) -> str:
    """A URL of the web without what follows its path; other names as they are."""
    return re.split("[?#]", url, maxsplit=1)[0] if is_web(url) else url


def folder_of(path: str) -> str:
    """The folder of a file, which of a URL may be what follows its scheme."""
    if not is_url(path):
        return os.path.dirname(path)
    scheme, _, rest = path.partition("://")
    return f"{scheme}://{rest.rpartition('/')[0]}"


def joined(folder: str, *names: str) -> str:
    """A name in a folder."""
    if not is_url(folder):
        return os.path.join(folder, *names)
    return "/".join([folder.rstrip("/") if not folder.endswith("://") else folder[:-1], *filter(None, names)])


def normal(path: str) -> str:
    """A path without `.` and doubled separators; of a URL what follows the scheme."""
    if not is_url(path):
        return os.path.normpath(path)
    scheme, _, rest = path.partition("://")
    start = "/" * (len(rest) - len(rest.lstrip("/")))
    return f"{scheme}://{start}{'/'.join(part for part in rest.split('/') if part not in ('', '.'))}"


def whole(path: str) -> str:
    """A path from the root; a URL as it is."""
    return path if is_url(path) else os.path.abspath(path)
