"""Reads KERNEL texts that are not a name of the catalog: numbers and other inline texts, then paths, with an index of
kernels."""

from __future__ import annotations

import os
import re
from types import ModuleType

from imgconv import errors
from imgconv.kernels import file_access
from imgconv.kernels.dialects.base import LARGEST_FILE, Dialect, KernelText, uncommented, with_minuses
from imgconv.kernels.dialects.rows import ROWS
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.text_errors import KernelFileError, KernelTextError, in_file, no_such_index, which_kernel
from imgconv.kernels.typed import typed_as

_INDEX = re.compile(r"[0-9.,*:\s]+")
_RANGE = re.compile(r"([0-9]{1,9})(?:\.\.([0-9]{1,9}))?")
_NAMED = re.compile(r"\s*([A-Za-z][A-Za-z']*):(?![\\])")
_SUFFIX = re.compile(r"\.[A-Za-z][\w-]*")
_IMAGES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"P1",
    b"P2",
    b"P3",
    b"P4",
    b"P5",
    b"P6",
    b"Pf",
    b"PF",
)


_KERNEL_START = re.compile(r"\s*(?:[-+]?\.?[0-9]|[(\[{<#]|nan\b)")


def read(text: str) -> tuple[Kernel, ...] | None:
    """Every kernel of a text; None for a word that is neither numbers nor a path.

    Raises
    ------
    UsageError
        For numbers that are not a kernel (with line and column), a text that two dialects claim,
        and a file that cannot be read as a kernel.
    """
    plain = with_minuses(text)
    if ROWS.inline(plain):  # the usual kernel: the table of dialects is not even loaded
        return (
            _text(text, ROWS)
            if "\n" not in plain.strip()
            else _chosen(_text(text, table().recognised(text, text)), text, "")
        )
    body, index = _indexed(text)
    named = _NAMED.match(body)
    if named and (dialect := table().called(named[1])):
        return _in_dialect(dialect, body[named.end() :].strip(" \t"), index, text)
    if _is_inline(with_minuses(body).strip()) or (_has_lines(body) and not os.path.isfile(body)):
        return _chosen(_text(body, table().recognised(body, body)), text, index)
    if _is_path(body):
        return _typed(_from_file(body, index), text)
    return _chosen(_text(body, table().recognised(body, body)), text, index) if _KERNEL_START.match(body) else None


def table() -> ModuleType:
    """The table of dialects, loaded when a kernel is neither a name nor plain numbers."""
    from imgconv.kernels.dialects import table as loaded

    return loaded


def _text(text: str, dialect: Dialect) -> tuple[Kernel, ...]:
    if dialect.read is None:
        raise errors.UsageError(f"kernels are not read from {dialect.name}, only written")
    return dialect.read(KernelText(text if dialect is ROWS else uncommented(text)))


def _has_lines(text: str) -> bool:
    """Whether a text of several lines begins as some dialect does."""
    return "\n" in text.strip() and bool(
        _KERNEL_START.match(with_minuses(text)) or any(row.claims(text) for row in table().DIALECTS.values())
    )


def _is_inline(text: str) -> bool:
    return ROWS.inline(text) or any(row.claims(text) and row.inline(text) for row in table().DIALECTS.values())


def _typed(kernels: tuple[Kernel, ...], text: str) -> tuple[Kernel, ...]:
    return tuple(typed_as(kernel, text) for kernel in kernels)


def _in_dialect(dialect: Dialect, rest: str, index: str, typed: str) -> tuple[Kernel, ...]:
    """What stands behind the dialect's name: its text, or the path of a file."""
    path = rest.removeprefix(dialect.mark) if dialect.mark else rest
    if dialect.read is None and dialect.opens is None:
        raise errors.UsageError(f"kernels are not read from {dialect.name}, only written")
    inline = (
        dialect.read is not None
        and path == rest
        and ("\n" in rest or dialect.inline(with_minuses(rest)) or not (_is_path(rest) or os.path.isfile(rest)))
    )
    if inline:
        return _chosen(_text(rest, dialect), rest, index)
    return _typed(_from_file(path, index, dialect), typed)


# ---------------------------------------------------------------- which of several


def _indexed(text: str) -> tuple[str, str]:
    """A text and what stands in brackets at its end: which of its kernels are meant."""
    body = text.rstrip()
    start = body.rfind("[")
    if not body.endswith("]") or start < 1 or not _INDEX.fullmatch(body, start + 1, len(body) - 1):
        return text, ""
    before = body[:start].rstrip()
    return (
        (text, "")
        if not before or before[-1] in ",:[{" or os.path.isfile(text)
        else (before, body[start + 1 : -1].strip())
    )


def _chosen(kernels: tuple[Kernel, ...], text: str, index: str) -> tuple[Kernel, ...]:
    if index in ("", "*"):
        return kernels
    match = _RANGE.fullmatch(index)
    last = int(match[2] or match[1]) if match else 0
    if match is None or not int(match[1]) <= last < len(kernels):
        raise no_such_index(text, index, len(kernels))
    return kernels[int(match[1]) : last + 1]


# ---------------------------------------------------------------- files


def _is_path(text: str) -> bool:
    return (
        os.sep in text
        or bool(os.altsep and os.altsep in text)
        or bool(_SUFFIX.fullmatch(os.path.splitext(_member(text)[0])[1]))
    )


def _from_file(text: str, index: str, dialect: Dialect | None = None) -> tuple[Kernel, ...]:
    path, member = _member(text)
    content = _content(path)
    try:
        kernels = _opened(content, path, member, index, dialect)
    except KernelFileError:
        raise
    except KernelTextError as error:
        raise in_file(path, f"{error.place}: {error.reason}") from None
    except errors.ImgconvError as error:
        raise in_file(path, str(error)) from None
    several = len(kernels) > 1
    return tuple(
        Kernel(one.weights, one.divisor, one.bias, one.anchor, name=f"{text}[{i}]" if several else text)
        for i, one in enumerate(kernels)
    )


def _member(text: str) -> tuple[str, str]:
    """The path of an archive, and the name behind its colon."""
    end = text.lower().find(".npz:")
    return (text[: end + 4], text[end + 5 :]) if end >= 0 else (text, "")


def _content(path: str) -> bytes:
    if not file_access.allowed():
        raise in_file(path, "a file of a network, or a recipe, opens no other files; write the kernel's rows instead")
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise which_kernel(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        raise in_file(path, getattr(error, "strerror", None) or str(error)) from None
    if len(content) > LARGEST_FILE:
        raise in_file(path, f"larger than {LARGEST_FILE >> 20} MiB, too large for a kernel")
    return content


def _opened(content: bytes, path: str, member: str, index: str, dialect: Dialect | None) -> tuple[Kernel, ...]:
    from imgconv.kernels.dialects.arrays import NPY_MAGIC, ZIP_MAGIC

    if content.startswith(b"MATLAB"):
        raise in_file(path, "it is MATLAB's .mat, not libvips'; save the matrix as text there (writematrix) or as .npy")
    if dialect is None and content.startswith((NPY_MAGIC, ZIP_MAGIC)):
        dialect = table().DIALECTS["npy" if content.startswith(NPY_MAGIC) else "npz"]
    if dialect is not None and dialect.opens is not None:
        kernels = dialect.opens(content, path, member, index)
        return kernels if dialect.read is None else _chosen(kernels, path, index)
    if dialect is None and content.startswith(_IMAGES):
        raise KernelFileError(
            f"which kernel? {path!r} stands in its place, and it is an image; name one first: imgconv filter vertical"
            f" {path} (or image:{path} if its pixels are the weights)"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise which_kernel(path, "it is not a text of numbers")
    return _chosen(_text(text, dialect or table().recognised(text, path, os.path.splitext(path)[1])), path, index)
