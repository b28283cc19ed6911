"""Object code to an address without LLVM, where that is simple: x86-64 ELF whose code refers to everything by absolute
address.

That is what `compile` emits on such machines (LLVM's large code model), and loading llvmlite would cost as much
as all of imgconv. Anything else is left to `link`, which asks LLVM.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import sys

from imgconv.jit.keys import architecture
from imgconv.values.frozen import record

# what object code may leave to the process: string.h, and the part of libm that loops use
ALLOWED = {
    *("memcpy", "memmove", "memset", "exp", "expf", "expm1", "log1p", "erf", "tanh", "tanhf", "floor", "floorf"),
    "_GLOBAL_OFFSET_TABLE_",
}

_HEADER, _SECTION, _SYMBOL, _RELOCATION = (
    struct.Struct("<16sHHIQQQIHHHHHH"),
    struct.Struct("<IIQQQQIIQQ"),
    struct.Struct("<IBBHQQ"),
    struct.Struct("<QQq"),
)
_MAGIC = b"\x7fELF\x02\x01\x01"  # 64 bits, little endian
_OBJECT, _X86_64 = 1, 62
_PROGBITS, _SYMTAB, _RELA = 1, 2, 4
_WRITE, _ALLOC, _CODE = 1, 2, 4
_ABSOLUTE = 1  # R_X86_64_64: the symbol's address plus an addend
_READ_AND_RUN = 5


class NotSimple(Exception):  # noqa: N818 (no error: LLVM will do it)
    """The object holds something that only a whole linker understands."""


def expected() -> bool:
    """Whether all objects that are emitted here are simple: one that is not has been damaged, and LLVM must not see it,
    for it may end the process."""
    return sys.platform not in ("darwin", "win32") and architecture() in ("x86_64", "amd64")


@record(frozen=False)
class Mapped:
    """Code in memory that may be run; it stays as long as this does."""

    memory: mmap.mmap
    entry: int


def mapped(code: bytes, entry: str) -> Mapped:
    """The object's sections in executable memory, with every address filled in. Raises NotSimple, or OSError where
    memory may not be made executable."""
    try:
        return _mapped(code, entry.encode())
    except (struct.error, LookupError, ValueError, OverflowError) as error:  # sizes and places that cannot be
        raise NotSimple(str(error)) from error


def _mapped(code: bytes, entry: bytes) -> Mapped:
    sections = _sections(code)
    places, size = _places(sections, len(code))
    memory = mmap.mmap(-1, size)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for number, place in places.items():
        _, _, _, _, at, length, *_ = sections[number]
        memory[place : place + length] = code[at : at + length]
    symbol = None
    for _, kind, _, _, at, length, link, target, _, _ in sections:
        if kind == _SYMTAB:
            symbol = next(
                (
                    symbol
                    for symbol in _SYMBOL.iter_unpack(code[at : at + length])
                    if _name(code, sections[link], symbol[0]) == entry
                ),
                None,
            )
        elif kind == _RELA and target in places:
            addresses: dict[int, int] = {}  # of symbols
            for offset, info, addend in _RELOCATION.iter_unpack(code[at : at + length]):
                if info & 0xFFFFFFFF != _ABSOLUTE or not 0 <= offset <= sections[target][5] - 8:
                    raise NotSimple(f"relocation {info & 0xFFFFFFFF}")
                number = info >> 32
                if number not in addresses:
                    addresses[number] = _address(code, sections, places, base, link, number)
                value = (addresses[number] + addend) & (2**64 - 1)
                struct.pack_into("<Q", memory, places[target] + offset, value)
    if symbol is None:
        raise NotSimple("no entry")
    _, _, _, section, value, _ = symbol
    if not sections[section][2] & _CODE or value >= sections[section][5]:
        raise NotSimple("an entry outside of the code")
    _make_runnable(base, size)
    return Mapped(memory, base + places[section] + value)


def undefined_symbols(code: bytes) -> set[str]:
    """Names that an object leaves undefined; none where it is no ELF of 64 bits, which is left to the linker."""
    if not code.startswith(_MAGIC):
        return set()
    sections = _section_table(code)
    return {
        _name(code, sections[link], name).decode()
        for _, kind, _, _, at, length, link, *_ in sections
        if kind == _SYMTAB
        for name, _, _, section, *_ in _SYMBOL.iter_unpack(code[at : at + length])
        if name and not section
    }


def _sections(code: bytes) -> list[tuple[int, ...]]:
    """The sections of an object that could be simple."""
    magic, kind, machine, *_ = _HEADER.unpack_from(code)
    if not magic.startswith(_MAGIC) or kind != _OBJECT or machine != _X86_64:
        raise NotSimple("another kind of object")
    return _section_table(code)


def _section_table(code: bytes) -> list[tuple[int, ...]]:
    _, _, _, _, _, _, at, _, _, _, _, size, count, _ = _HEADER.unpack_from(code)
    if size != _SECTION.size:
        raise NotSimple("sections of another size")
    return [_SECTION.unpack_from(code, at + number * size) for number in range(count)]


def _places(sections: list[tuple[int, ...]], most: int) -> tuple[dict[int, int], int]:
    """Where each section that is needed at run time goes, and the size of all."""
    places, end = {}, 0
    for number, (_, kind, flags, _, at, length, _, _, alignment, _) in enumerate(sections):
        if not flags & _ALLOC or not length:
            continue
        if kind != _PROGBITS or flags & _WRITE or alignment > mmap.PAGESIZE or at + length > most:
            raise NotSimple("a section that is more than code and constants")
        places[number] = -(-end // max(1, alignment)) * max(1, alignment)
        end = places[number] + length
    if not 0 < end <= most + mmap.PAGESIZE * len(places):
        raise NotSimple("no code, or some of it twice")
    return places, end


def _address(
    code: bytes, sections: list[tuple[int, ...]], places: dict[int, int], base: int, table: int, number: int
) -> int:
    """What a symbol stands for: a place in these sections, or a function of the process."""
    name, _, _, section, value, _ = _SYMBOL.unpack_from(code, sections[table][4] + number * _SYMBOL.size)
    if section:
        if section not in places or value > sections[section][5]:
            raise NotSimple("a symbol outside of code and constants")
        return base + places[section] + int(value)
    function = _name(code, sections[sections[table][6]], name).decode()
    if function not in ALLOWED:
        raise NotSimple(f"{function} is no function that loops call")
    try:
        return ctypes.cast(getattr(ctypes.CDLL(None), function), ctypes.c_void_p).value or 0
    except AttributeError:
        raise NotSimple(f"{function} is not in this process") from None


def _name(code: bytes, strings: tuple[int, ...], at: int) -> bytes:
    start = strings[4] + at
    return code[start : code.index(b"\0", start)]


def _make_runnable(base: int, size: int) -> None:
    """From here on the memory can be run and no longer written."""
    if ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(base), ctypes.c_size_t(size), _READ_AND_RUN):
        raise OSError(ctypes.get_errno(), "memory may not be made executable")
