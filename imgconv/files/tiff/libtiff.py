"""libtiff, inside Pillow: its errors and warnings about coded pixels are caught. It prints errors on standard error,
and Pillow turns its warnings off.

Its handlers are the process's, so they are lent for the moment of a read. They are builtin functions that add to
dictionaries: no line of Python runs inside the decoder, where an interrupt would be lost.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from imgconv.values.frozen import record

_DECODERS = (b"JPEGLib", b"Fax")
"""How the names begin of those whose warnings are about coded pixels; others warn of tags."""
_HARMLESS = b"without EOL"
_lent = threading.RLock()


@record(eq=False)
class _Handlers:
    """What sets a handler of libtiff and gives the one before, with ours; and what ours have heard: a text by the part
    of libtiff that said it."""

    setters: tuple[tuple[Any, Any], ...]
    errors: dict[bytes, bytes]
    warnings: dict[bytes, bytes]


def load(image: Any, *, lenient: bool = False) -> None:
    """Loads the pixels of an opened TIFF. Raises OSError where libtiff says that they are damaged, even if Pillow
    passes over it, unless that is allowed."""
    if not image.tile or image.tile[0][0] != "libtiff":
        image.load()
        return
    damaged: list[str] = []
    try:
        with _heard(damaged):
            image.load()
    except OSError:
        if not damaged:
            raise
    if damaged and not lenient:
        raise OSError(f"coded pixels are damaged or missing, by libtiff's {damaged[0]}")


def is_heard() -> bool:
    """Whether libtiff can be reached; not where it is built into Pillow's own library, as on Windows."""
    return _handlers() is not None


@contextmanager
def _heard(damaged: list[str]) -> Iterator[None]:
    """Adds the parts of libtiff that found something wrong, once it is over; none where it cannot be reached."""
    handlers = _handlers()
    if handlers is None:
        yield
        return
    with _lent:
        handlers.errors.clear()
        handlers.warnings.clear()
        before = [(set_, set_(handler)) for set_, handler in handlers.setters]
        try:
            yield
        finally:
            for set_, handler in before:
                set_(handler)
            warned = [
                part for part, text in handlers.warnings.items() if part.startswith(_DECODERS) and _HARMLESS not in text
            ]
            damaged += [part.decode("utf-8", "replace") for part in (*handlers.errors, *warned)]


@cache
def _handlers() -> _Handlers | None:
    """They live as long as the process, for libtiff would call one that is gone."""
    import ctypes

    from PIL import _imaging

    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    try:
        library = ctypes.PyDLL(_imaging.__file__)
        set_error, set_warning, set_extender = (
            library.TIFFSetErrorHandler,
            library.TIFFSetWarningHandler,
            library.TIFFSetTagExtender,
        )
    except (OSError, AttributeError):
        return None
    for set_ in (set_error, set_warning, set_extender):
        set_.restype, set_.argtypes = pointer, [pointer]
    errors, warnings = dict[bytes, bytes](), dict[bytes, bytes]()
    message, opening = ctypes.CFUNCTYPE(None, text, text), ctypes.CFUNCTYPE(None, pointer)
    on_error, on_warning = message(errors.setdefault), message(warnings.setdefault)
    on_opening = opening(
        partial(set_warning, on_warning)
    )  # Pillow turns warnings off before it opens a file, and this is called behind that
    return _Handlers(((set_error, on_error), (set_warning, None), (set_extender, on_opening)), errors, warnings)
