"""Object code to a callable, by llvmlite's ORC linker: Numba is not imported here."""

from __future__ import annotations

import ctypes
from itertools import count
from typing import Any

from imgconv import errors
from imgconv.loops import Loop

_numbers = count()  # a library's name is taken even if linking it failed
_linked: list[Any] = []  # keeps the machine code mapped as long as the process lives


def link(loop: Loop, code: bytes, entry: str) -> Any:
    """The loop as a ctypes function, which releases the GIL while it runs.

    Raises LoopError where the linker refuses the object.
    """
    import llvmlite.binding as llvm

    try:
        jit = _linker()
        library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(entry).link(jit, f"loop{next(_numbers)}")
        address = library[entry]
    except RuntimeError as error:
        raise errors.object_code(loop.name, str(error)) from error
    _linked.append(library)
    arguments = [ctypes.c_void_p if parameter.type else ctypes.c_ssize_t for parameter in loop.parameters]
    return ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *arguments)(address)


def _linker() -> Any:
    import llvmlite.binding as llvm

    if not _linked:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _linked.append(llvm.create_lljit_compiler(llvm.Target.from_default_triple().create_target_machine(jit=True)))
    return _linked[0]
