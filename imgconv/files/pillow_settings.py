"""Settings of the process that Pillow looks at, lent to the threads that read files here.

Pillow's limits, its leniency towards damaged files and Python's warnings belong to the process. Leniency and warnings
are lent so that other threads, and a program around imgconv, see what was there before; limits are raised for all
while a reader needs it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import Any

from imgconv.engine.memory import allowed_bytes
from imgconv.files.header import first_line
from imgconv.files.options import MOST_PIXELS, Reading
from imgconv.files.source import Source

_LONGEST_TEXT = 2**26  # bytes of one text in a PNG; Pillow's limit for all of a file's texts is the same
_SHARE_OF_TEXT = 1 / 8  # of the memory that an image may take: a text is held inflated, decoded and by its holder
_this_thread = threading.local()


class _Setting:
    """An attribute of a module that several threads borrow: the first saves it, the last restores it."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name
        self._lock, self._borrowers = threading.Lock(), 0
        self._saved: Any = None
        self._lent: Any = None

    @contextmanager
    def lent(self, change: Callable[[Any], Any]) -> Iterator[None]:
        """While it lasts, the setting is what `change` makes of it."""
        module = import_module(self._module)
        with self._lock:
            value = getattr(module, self._name)
            if self._borrowers == 0:
                self._saved = value
            self._borrowers += 1
            self._lent = change(value)
            setattr(module, self._name, self._lent)
        try:
            yield
        finally:
            with self._lock:
                self._borrowers -= 1
                if self._borrowers == 0 and getattr(module, self._name) is self._lent:  # else the program has set it
                    setattr(module, self._name, self._saved)


_MOST_PIXELS = _Setting("PIL.Image", "MAX_IMAGE_PIXELS")
_MOST_TEXT = _Setting("PIL.PngImagePlugin", "MAX_TEXT_CHUNK")
_TRUNCATED = _Setting("PIL.ImageFile", "LOAD_TRUNCATED_IMAGES")
_WARN = _Setting("warnings", "warn")


# ---------------------------------------------------------------- limits


@contextmanager
def raised_limits(options: Reading, *, png: bool = False) -> Iterator[None]:
    """While it lasts, Pillow takes images as large as `options` allow, and of a `png` long profiles and texts: of
    honest ones Pillow takes a megabyte each."""
    longest = int(min(_LONGEST_TEXT, allowed_bytes(options.max_memory) * _SHARE_OF_TEXT))
    with (
        _MOST_PIXELS.lent(lambda most: most and max(most, options.max_pixels))
        if options.max_pixels > MOST_PIXELS
        else nullcontext(),
        _MOST_TEXT.lent(lambda most: max(most, longest)) if png else nullcontext(),
    ):
        yield


# ---------------------------------------------------------------- leniency


class _Leniency:
    """Stands for LOAD_TRUNCATED_IMAGES: what this thread reads, and in other threads what it was. Pillow only asks
    whether it is true."""

    def __init__(self, others: object) -> None:
        self.others = others

    def __bool__(self) -> bool:
        lenient = getattr(_this_thread, "lenient", None)
        return bool(self.others) if lenient is None else bool(lenient)


@contextmanager
def leniency(source: Source) -> Iterator[None]:
    """Round a call of Pillow: it is as lenient as the source, whatever the program around imgconv has set."""
    from PIL import ImageFile

    if bool(ImageFile.LOAD_TRUNCATED_IMAGES) == source.lenient:
        yield
        return
    before = getattr(_this_thread, "lenient", None)
    with _TRUNCATED.lent(lambda value: value if isinstance(value, _Leniency) else _Leniency(value)):
        _this_thread.lenient = source.lenient
        try:
            yield
        finally:
            _this_thread.lenient = before


# ---------------------------------------------------------------- warnings and logging

_CUT_SHORT = "Truncated"
"""How Pillow's warning begins when a TIFF's directory, or a tag of any file, is not all there."""
_VALUES_MISSING = "Expecting to read"
"""The same where values of a TIFF's fields are missing; of EXIF in other files Pillow may say so, too."""


class _Listener:
    """Stands for `warnings.warn`: what this thread is warned of becomes a note, other threads are warned as before.

    `warnings.catch_warnings` would catch the warnings of all threads, and may leave its filters behind where two
    threads use it.
    """

    def __init__(self, others: Callable[..., None]) -> None:
        self.others = others

    def __call__(
        self, message: Any, category: Any = None, stacklevel: int = 1, source: Any = None, **options: Any
    ) -> None:
        reader = getattr(_this_thread, "reader", None)
        if reader is None:
            self.others(message, category, stacklevel + 1, source, **options)
            return
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        if not issubclass(kind, _unrelated()):
            _note(reader, first_line(message))


def _note(source: Source, text: str) -> None:
    """A warning as a note; Pillow's text is all that tells whether a part of the file is missing."""
    source.note("reader-warning", text, loss=False)
    if text.startswith(_CUT_SHORT):
        source.shortage = source.shortage or text
    elif _VALUES_MISSING in text:
        source.missing_values = source.missing_values or text


def _unrelated() -> tuple[type[Warning], ...]:
    """Warnings that are not about the file."""
    from PIL.Image import DecompressionBombWarning

    return (DecompressionBombWarning, ResourceWarning, DeprecationWarning)


@contextmanager
def listening(source: Source) -> Iterator[None]:
    """While it lasts, what this thread is warned of becomes notes of the source, and nothing that Pillow logs is
    printed."""
    import logging  # as Pillow has done

    before = getattr(_this_thread, "reader", None)
    handler, logger = logging.NullHandler(), logging.getLogger("PIL")
    with _WARN.lent(lambda value: value if isinstance(value, _Listener) else _Listener(value)):
        _this_thread.reader = source
        logger.addHandler(handler)  # where a program has set up no logging, Python prints on standard error
        try:
            yield
        finally:
            logger.removeHandler(handler)
            _this_thread.reader = before
