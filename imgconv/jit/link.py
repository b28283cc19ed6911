"""Object code to a callable: simple objects are placed by `elf`, all others by llvmlite's ORC linker. Numba is not
imported here."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import count
from typing import Any

from imgconv import errors
from imgconv.jit import elf
from imgconv.loops import Loop, parameters

_numbers = count()  # a library's name is taken even if linking it failed
_linker: list[Any] = []
_linked: list[Any] = []  # keeps the machine code mapped as long as the process lives


def link(loop: Loop, code: bytes, entry: str, *, stored: bool = False) -> Any:
    """The loop as a ctypes function, which releases the GIL while it runs.

    Raises ObjectError where the linker refuses the object; of one from the store (`stored`) LLVM sees only what was
    emitted for it.
    """
    return callable_at(loop, address(loop.name, code, entry, stored=stored))


def address(name: str, code: bytes, entry: str, *, stored: bool = False) -> int:
    """Where the entry of an object lies once it is linked; ObjectError where it cannot be."""
    try:
        mapped = elf.mapped(code, entry)
        _linked.append(mapped)
        return mapped.entry
    except elf.NotSimple as why:
        if stored and elf.expected():
            raise refused(name, str(why)) from None
    except OSError:  # whole, but this process may not make memory executable
        pass
    return by_llvm(name, code, entry)


def refused(name: str, reason: str) -> errors.ObjectError:
    """The linker does not take the object of loop `name`."""
    return errors.ObjectError(f"the machine code of loop {name} cannot be used: the linker says {reason}")


def lasting(code: bytes, entry: str) -> bool:
    """Whether an object could be linked again when it comes from the store."""
    if not elf.expected():
        return True
    try:
        elf.mapped(code, entry)
    except elf.NotSimple:
        return False
    except OSError:
        pass
    return True


def by_llvm(name: str, code: bytes, entry: str) -> int:
    """The same for any object of this machine, by LLVM's linker."""
    import llvmlite.binding as llvm

    try:
        jit = _prepared()
        library = (
            llvm.JITLibraryBuilder()
            .add_object_img(code)
            .add_current_process()
            .export_symbol(entry)
            .link(jit, f"loop{next(_numbers)}")
        )
        place = int(library[entry])
    except (RuntimeError, OSError, AttributeError) as error:  # an llvmlite without ORC lacks the names
        raise refused(name, str(error)) from error
    _linked.append(library)
    return place


def callable_at(loop: Loop, place: int) -> Any:
    """A ctypes function for the entry of a loop at an address."""
    return prototype([one.type != "" for one in parameters(loop)])(place)


def prototype(pointers: Sequence[bool]) -> Any:
    """The type of an entry, by Numba's convention, from whether each parameter before the band is an array: its place
    and its number of elements."""
    word, place = ctypes.c_ssize_t, ctypes.c_void_p
    arguments = [kind for pointer in pointers for kind in ((place, word) if pointer else (word,))]
    return ctypes.CFUNCTYPE(ctypes.c_int32, place, place, *arguments, word, word)


def _prepared() -> Any:
    """LLVM's linker, made once."""
    import llvmlite.binding as llvm

    if not _linker:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _linker.append(llvm.create_lljit_compiler(llvm.Target.from_default_triple().create_target_machine(jit=True)))
    return _linker[0]
