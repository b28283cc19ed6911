"""INSTRUCTIONS: what processors have to multiply several small numbers at once and add their products up.

One row a kind of instruction. `loops/stacks` says what loops do with any of them, `jit/stacks` generates it.
"""

from __future__ import annotations

from imgconv.values.frozen import record


@record
class Instructions:
    """A kind of instruction: for each of its `sums` it adds up the products of `stack` elements of `bits` bits.

    `needs` are the features of a processor that has it, and `signed` says whether pixels are taken as signed numbers,
    too. `room` is how many sums a tile may have, so that they and what is added to them stay in registers.
    """

    name: str
    title: str
    needs: frozenset[str]
    stack: int
    bits: int
    sums: int
    room: int
    signed: bool = False
    wide: int = 32
    """Bits of a sum. Instructions for sums of 16 bits saturate, so they are for weights whose products fit them."""

    @property
    def digits(self) -> int:
        """How many digits of so many bits a weight may have: sums of 32 bits need no more."""
        return 1 if self.wide == 16 else -(-24 // self.bits)

    @property
    def lane(self) -> str:
        """The type of pixels as the instruction takes them."""
        return f"int{self.bits}" if self.signed else f"uint{self.bits}"

    @property
    def floats(self) -> tuple[int, int]:
        """Rows and columns of a tile of float32: for few short registers, or for many."""
        return (4, 16) if self.room < 128 else (4, 64)

    def output_rows(self, digits: int) -> int:
        """Rows of the result that a tile makes at once: weights of one digit leave room for two."""
        return 2 if digits == 1 or self.stack == 2 else 1

    def columns(self, rows: int) -> int:
        """Sums beside each other in a tile of so many rows."""
        return next((columns for columns in (256, 128, 64, 32) if rows * columns <= self.room), 16)


def _row(
    name: str,
    title: str,
    needs: str,
    stack: int,
    bits: int,
    sums: int,
    room: int,
    *,
    signed: bool = False,
    wide: int = 32,
) -> Instructions:
    return Instructions(name, title, frozenset(needs.split()), stack, bits, sums, room, signed, wide)


INSTRUCTIONS = (
    _row("pairs256", "AVX2", "avx2", 2, 8, 16, 128, wide=16),
    _row("bytes512", "AVX-512 VNNI", "avx512bw avx512vnni", 4, 8, 16, 384),
    _row("bytes256", "AVX-VNNI", "avxvnni", 4, 8, 8, 96),
    _row("bytes256vl", "AVX-512 VNNI in 256 bits", "avx512vl avx512vnni", 4, 8, 8, 96),
    _row("usdot", "Arm's USDOT", "i8mm", 4, 8, 4, 96),
    _row("sdot", "Arm's SDOT", "dotprod", 4, 8, 4, 96, signed=True),
    _row("words512", "AVX-512 BW", "avx512bw", 2, 16, 16, 384, signed=True),
    _row("words256", "AVX2", "avx2", 2, 16, 8, 96, signed=True),
)
"""The best first."""


def named(name: str) -> Instructions:
    """The row of a name."""
    return next(row for row in INSTRUCTIONS if row.name == name)


def within(features: frozenset[str] | set[str]) -> tuple[str, ...]:
    """The names of those that a processor of these features has."""
    return tuple(row.name for row in INSTRUCTIONS if row.needs <= features)
