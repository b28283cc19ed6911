"""Remote files: what a URL names, through `fsspec`.

Credentials and endpoints are found by each file system in its own ways. Contents go up as a whole, so that an object
is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import io
import mimetypes
import os
import re
from collections.abc import Iterator
from typing import IO, Any

from imgconv import errors
from imgconv.files.by_rows import Pieces
from imgconv.files.pieces import temporary_copy
from imgconv.files.urls import scheme_of

_AT_ONCE = 2**24
"""Bytes of a file up to which it is fetched by one request; longer ones are read in blocks."""
_BLOCK = 2**22
_IN_MEMORY = 2**26
"""Bytes of a result up to which it goes up from memory."""
_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "memory")
"""Schemes of stores of objects, where folders need not be made."""
_TYPE_OPTIONS = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}
"""How file systems call the media type of an object."""
_VERSIONS = (
    *("ETag", "etag", "Content-MD5", "Digest"),
    *("LastModified", "Last-Modified", "mtime", "updated", "last_modified", "created"),
)
"""Facts by which file systems tell that a file has changed, the surest first."""
_ABSENT = re.compile(r"\((NoSuchBucket|NoSuchKey|404)\)")
_OPERATION = re.compile(r"An error occurred \(\w+\) when calling the \w+ operation: ")
"""How botocore begins its sentences."""
_PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
"""Packages of the extra, by the schemes that need them."""


def kind(url: str) -> str:
    """`file`, `directory`, or nothing where a URL names nothing. Raises FileError if that cannot be asked."""
    info = _info(url)
    return "" if info is None else str(info.get("type") or "file")


def state(url: str) -> dict[str, Any] | None:
    """The size and the version of a file; None if there is none."""
    with contextlib.suppress(errors.FileError):
        info = _info(url)
        if info is not None and info.get("type") != "directory":
            version = next((str(info[name]) for name in _VERSIONS if info.get(name)), None)
            return {"size": info.get("size"), "time": version}
    return None


def _info(url: str) -> dict[str, Any] | None:
    system, path = _system(url)
    with _refusals(url, "cannot be read"):
        system.invalidate_cache()  # of listings, which grow old
        try:
            info: dict[str, Any] = system.info(path)
            return info
        except FileNotFoundError:
            return None


def names_in(folder: str) -> list[str]:
    """The names of what is in a folder; none if it cannot be listed."""
    with contextlib.suppress(errors.FileError):
        system, path = _system(folder)
        with _refusals(folder, "cannot be listed"):
            system.invalidate_cache()
            return [str(name).rstrip("/").rpartition("/")[2] for name in system.ls(path, detail=False)]
    return []


def files_in(folder: str, *, recursive: bool) -> list[str]:
    """The URLs of all files in a folder, or below it, by name. Raises FileError."""
    system, path = _system(folder)
    with _refusals(folder, "cannot be listed"):
        system.invalidate_cache()
        found = system.find(path, maxdepth=None if recursive else 1, withdirs=False)
    base = path.rstrip("/")
    return [f"{folder.rstrip('/')}{name[len(base) :]}" for name in sorted(found)]


def matching(pattern: str) -> list[str]:
    """The URLs of files that match a pattern. Raises FileError."""
    system, path = _system(pattern)
    with _refusals(pattern, "cannot be listed"):
        system.invalidate_cache()
        found = system.glob(path, detail=True)
    start = pattern[: pattern.index("://") + 3]
    return sorted(start + name.lstrip("/") for name, info in found.items() if info.get("type") != "directory")


def opened(url: str) -> IO[bytes]:
    """The bytes of a file: a stream that can be sought, unless its length is not known. Raises FileError."""
    system, path = _system(url)
    with _refusals(url, "cannot be read"):
        system.invalidate_cache()
        info = system.info(path)
        if info.get("type") == "directory":
            raise errors.FileError(
                f"{url}: is a folder, not an image; name the images in it (for instance {url.rstrip('/')}/*.png)"
            )
        size = info.get("size")
        if size is not None and (size <= _AT_ONCE or scheme_of(url) == "memory"):
            return io.BytesIO(system.cat_file(path))
        stream = system.open(path, "rb", block_size=_BLOCK) if size is not None else system.open(path, "rb")
    return io.BufferedReader(_Stream(url, stream), _BLOCK if size is not None else io.DEFAULT_BUFFER_SIZE)


class _Stream(io.RawIOBase):
    """A file system's stream, whose errors are OSErrors."""

    def __init__(self, url: str, stream: Any) -> None:
        self._url, self._stream = url, stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._stream.seekable())

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        with _refusals(self._url, "cannot be read"):
            content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def write(url: str, content: Pieces, *, replace: bool) -> None:
    """Puts content where a URL says, once all of it is made. Without `replace` what is there stays.

    Raises FileError.
    """
    system, path = _system(url)
    options = {}
    if (name := _TYPE_OPTIONS.get(scheme_of(url))) is not None:
        options[name] = mimetypes.guess_type(url)[0] or "application/octet-stream"
    if isinstance(content, list) and sum(memoryview(piece).nbytes for piece in content) <= _IN_MEMORY:
        whole = b"".join(content)
        _put(url, replace, lambda **mode: system.pipe_file(path, whole, **mode, **options))
        return
    with temporary_copy(content) as spooled:
        _put(url, replace, lambda **mode: system.put_file(spooled, path, **mode, **options))


def _put(url: str, replace: bool, put: Any) -> None:
    """Puts an object by a call, exclusively unless it may replace another; where the file system cannot do that, after
    a look."""
    with _refusals(url, "cannot be written"):
        if replace:
            put()
            return
        try:
            if kind(url):
                raise FileExistsError
            put(mode="create")
        except FileExistsError:
            raise errors.file_exists(url) from None
        except (NotImplementedError, TypeError, ValueError):
            put()


def make_folder(url: str) -> None:
    """Makes a folder where the file system has such. Raises FileError."""
    if scheme_of(url) not in _STORES:
        system, path = _system(url)
        with _refusals(url, "cannot be made"):
            system.makedirs(path, exist_ok=True)


def _system(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it. Raises UsageError for one that there is not."""
    scheme = scheme_of(url)
    if scheme in ("file", "local") or "::" in url:
        raise errors.UsageError(
            f"{url}: is not taken as a URL; name "
            + ("the path itself" if "::" not in url else "a file of one file system, without ::")
        )
    package = _PACKAGES.get(scheme, "fsspec")
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
    except ImportError as error:
        missing = package if scheme in _PACKAGES or error.name == "fsspec" else error.name or str(error)
        extra = "; pip install 'imgconv[remote]'" if scheme in _PACKAGES or missing == "fsspec" else " and install it"
        raise errors.UsageError(f"{url}: needs the package {missing}, which is not installed{extra}") from None
    except ValueError:
        raise errors.UsageError(
            f"{url}: no file system is known for {scheme}://; known are s3://, gs://, https://, memory:// and others of"
            " fsspec"
        ) from None
    except Exception as error:  # credentials that cannot be read, and the like
        raise errors.FileError(f"{url}: cannot be reached ({_reason(error)})") from None
    return system, path


@contextlib.contextmanager
def _refusals(url: str, what: str) -> Iterator[None]:
    """Turns whatever a file system raises into a FileError."""
    try:
        yield
    except errors.ImgconvError:
        raise
    except PermissionError as error:
        raise errors.FileError(
            f"{url}: {what} (no permission: {_reason(error)}); check whose credentials are used"
        ) from None
    except NotImplementedError:
        raise errors.FileError(f"{url}: {what} (its file system cannot do that)") from None
    except Exception as error:  # of the network, or a package's own
        raise errors.FileError(f"{url}: {_failure(error, what)}") from None


def _failure(error: Exception, what: str) -> str:
    """What went wrong, in words."""
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and type(cause).__module__.startswith("aiohttp"):
        error = cause if isinstance(cause, Exception) and getattr(cause, "status", 0) != 404 else error
    if isinstance(error, FileNotFoundError) or _ABSENT.search(str(error)):
        return "no such file" if what == "cannot be read" else f"{what} (there is no such bucket or folder)"
    if "redentials" in type(error).__name__:
        return (
            f"{what} ({_reason(error)}); set them as the file system expects (AWS_PROFILE, gcloud auth), or"
            " FSSPEC_S3_ANON=true for public files"
        )
    return f"{what} ({_reason(error)})"


def _reason(error: Exception) -> str:
    """What an error says, on one line."""
    text = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
    return _OPERATION.sub("", text)
