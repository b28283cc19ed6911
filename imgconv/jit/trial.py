"""A new object is tried in a process of its own before anybody relies on it: what crashes, crashes there.

The child is started before the loop is compiled and makes itself ready meanwhile, so that it costs
the caller only the trial itself. It links as the caller will, and loads nothing that this does not need.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from types import TracebackType
from typing import Any

from imgconv import errors
from imgconv.jit import process
from imgconv.loops import Loop, extents, parameters

_PATIENCE = 60.0  # seconds for what takes milliseconds: beyond it the code hangs
_ROOM = 4096  # bytes of zeros on both sides of each array of a trial
_DONE, _REFUSED = "done", "refused: "


class Trial:
    """A child process that waits for an object; use it in a `with`."""

    def __init__(self) -> None:
        self._child = process.started("from imgconv.jit import trial; trial.serve()", ("llvmlite",), process.PIPE)

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            if self._child.poll() is None:
                self._child.kill()
            self._child.communicate()

    def passed(self, loop: Loop, types: dict[str, str], code: bytes, entry: str) -> bool:
        """Whether the object was tried and works; False where no child can be had.

        Raises LoopError where the child could not link it (`LinkRefused`), or did not survive it.
        """
        if self._child is None:
            return False
        output = b""
        try:
            output, _ = self._child.communicate(f"{entry}\n{' '.join(_case(loop, types))}\n".encode() + code, _PATIENCE)
        except subprocess.TimeoutExpired:
            raise _crashed(loop, "no answer") from None
        answer = output.decode("utf-8", "replace")
        if answer.startswith(_REFUSED):
            from imgconv.jit import link

            raise link.refused(loop.name, answer.removeprefix(_REFUSED))
        if answer != _DONE:  # an exit code alone would not do: a caller that collects children could have taken it
            raise _crashed(loop, f"exit code {self._child.returncode}")
        return True


def _crashed(loop: Loop, reason: str) -> errors.LoopError:
    return errors.LoopError(
        f"the machine code of loop {loop.name} did not survive its trial ({reason}) and was discarded;"
        " IMGCONV_NO_JIT=1 does without, slowly"
    )


def _case(loop: Loop, types: dict[str, str]) -> list[str]:
    """The tiny case: every integer is 1, every array zeros of the size that needs. A word is an array's elements and
    the bytes of one, or - for an integer."""
    import numpy as np

    sizes = extents(loop, {"last": 1} | {one.name: 1 for one in parameters(loop)})
    return [
        f"{max(1, sizes[one.name])}*{np.dtype(types.get(one.type, one.type)).itemsize}" if one.type else "-"
        for one in parameters(loop)
    ]


def serve() -> None:
    """The child: makes itself ready, reads an object from standard input, links it, calls it, says so."""
    from imgconv.jit import link

    entry, case, code = sys.stdin.buffer.read().split(b"\n", 2)
    try:
        address = link.address("trial", code, entry.decode())
    except errors.LoopError as error:
        sys.stdout.write(_REFUSED + str(error))
        return
    words = case.decode().split()
    arrays, arguments = list[Any](), list[int]()
    for word in words:
        if word == "-":
            arguments.append(1)
            continue
        count, size = map(int, word.split("*"))
        arrays.append(ctypes.create_string_buffer(count * size + 2 * _ROOM))
        arguments += ctypes.addressof(arrays[-1]) + _ROOM, count
    result, exception = ctypes.c_void_p(), ctypes.c_void_p()
    call = link.prototype([word != "-" for word in words])(address)
    call(ctypes.addressof(result), ctypes.addressof(exception), *arguments, 0, 0)  # an empty band
    call(ctypes.addressof(result), ctypes.addressof(exception), *arguments, 0, 1)
    sys.stdout.write(_DONE)
