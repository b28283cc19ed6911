"""Object code to a callable: simple objects are placed by `elf`, all others by llvmlite's ORC linker. Numba is not imported here."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import count
from typing import Any

from imgconv import errors
from imgconv.jit import elf
from imgconv.loops import Loop

_numbers = count()  # a library's name is taken even if linking it failed
_linker: list[Any] = []
_linked: list[Any] = []  # keeps the machine code mapped as long as the process lives


def link(loop: Loop, code: bytes, entry: str) -> Any:
    """The loop as a ctypes function, which releases the GIL while it runs.

    Raises LoopError where the linker refuses the object.
    """
    return callable_at(loop, address(loop.name, code, entry))


def address(name: str, code: bytes, entry: str) -> int:
    """Where the entry of an object lies once it is linked; LoopError where it cannot be."""
    try:
        found = elf.mapped(code, entry)
        _linked.append(found)
        return found.entry
    except (elf.NotSimple, OSError):
        return by_llvm(name, code, entry)


def by_llvm(name: str, code: bytes, entry: str) -> int:
    """The same for any object of this machine, by LLVM's linker."""
    import llvmlite.binding as llvm

    try:
        jit = _prepared()
        library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(entry).link(jit, f"loop{next(_numbers)}")
        found = int(library[entry])
    except (RuntimeError, OSError, AttributeError) as error:  # an llvmlite without ORC lacks the names
        raise errors.link_refused(name, str(error)) from error
    _linked.append(library)
    return found


def callable_at(loop: Loop, place: int) -> Any:
    """A ctypes function for the entry of a loop at an address."""
    return prototype([parameter.type != "" for parameter in loop.parameters])(place)


def prototype(pointers: Sequence[bool]) -> Any:
    """The type of an entry, by Numba's convention; for each parameter whether it is an array."""
    arguments = [ctypes.c_void_p if pointer else ctypes.c_ssize_t for pointer in pointers]
    return ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *arguments)


def _prepared() -> Any:
    """LLVM's linker, made once."""
    import llvmlite.binding as llvm

    if not _linker:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _linker.append(llvm.create_lljit_compiler(llvm.Target.from_default_triple().create_target_machine(jit=True)))
    return _linker[0]
