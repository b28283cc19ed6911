"""Deflate (RFC 1951) with dynamic Huffman codes of single bytes and of runs: what is left to code in a row-filtered
photograph.

Longer repeats are not looked for: after PNG's row filters those of a photograph are short and by chance, and a
search takes most of a compressor's time. Runs are matches at distance 1. Each block of BLOCK bytes has codes of its
own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.deflate.huffman import CODE, END, SCRATCH, SIZE, SYMBOLS, assign_codes, assign_lengths
from imgconv.loops import Body, Loop, helper, put_word, subroutine, take_word

BLOCK = 2**16  # bytes
SHORTEST, LONGEST = 3, 258  # runs
TABLES = 4  # of counts: neighbours that are alike need not wait for each other
HEAD = 160  # bytes of a block before its tokens, at most


word, number = np.uint64, np.int64


def run_table() -> np.ndarray[Any, Any]:
    """For each length of a run from SHORTEST on: its symbol, its extra bits and how many they are; (3 * 256,) int64.
    RFC 1951, 3.2.5."""
    table = np.zeros((3, 256), np.int64)
    symbol, extra, start = 257, 0, SHORTEST
    while start < LONGEST:
        for _ in range(8 if start == SHORTEST else 4):
            for value in range(2**extra):
                if start + value < LONGEST:
                    table[:, start + value - SHORTEST] = symbol, value, extra
            start, symbol = start + 2**extra, symbol + 1
        extra += 1
    table[:, LONGEST - SHORTEST] = 285, 0, 0
    return table.ravel()


def room(size: int) -> int:
    """Bytes that so many come to at most: on the average a byte takes no more than nine bits."""
    return size + size // 8 + HEAD * (size // BLOCK + 1) + 64


def make() -> Body:
    """The body: bytes first…last-1 of `content` as a piece of a stream in `result`, which holds `size` of them at most.

    `state` is (whether they end the stream, how many bytes they came to); a piece that does not end it ends with a full
    flush.
    """

    def deflate(
        content, size, runs, places, spans, counts, lengths, table, scratch, state, result, result_size, first, last
    ):
        at, bits, waiting = number(0), word(0), word(0)  # bytes that are written, and bits that wait
        for start in range(first, last, BLOCK):
            stop = start + BLOCK if start + BLOCK < last else last
            count = find_runs(content, first, start, stop, places, spans)
            count_symbols(content, start, stop, places, spans, count, counts, runs)
            assign_lengths(counts, lengths, scratch)
            final = word(1) if stop == last and state[0] != 0 else word(0)
            at, bits, waiting = block_head(result, at, bits, waiting, final, lengths)
            assign_codes(lengths, table, scratch, runs)
            p = start
            for i in range(count + 1):
                end = places[i] if i < count else stop
                while p + 4 <= end:
                    a, b, c, d = (
                        word(table[content[p]]),
                        word(table[content[p + 1]]),
                        word(table[content[p + 2]]),
                        word(table[content[p + 3]]),
                    )
                    of_a, of_c = a >> word(SIZE), c >> word(SIZE)
                    half, other = (
                        (a & word(CODE)) | ((b & word(CODE)) << of_a),
                        (c & word(CODE)) | ((d & word(CODE)) << of_c),
                    )
                    middle = waiting + of_a + (b >> word(SIZE))
                    bits |= (half << waiting) | (other << middle)
                    waiting = middle + of_c + (d >> word(SIZE))
                    put_word(result, at, bits)
                    whole = waiting >> word(3)
                    at += number(whole)
                    bits = (bits >> (whole << word(3))) if whole < word(8) else word(0)
                    waiting &= word(7)
                    p += 4
                while p < end:
                    a = word(table[content[p]])
                    at, bits, waiting = put_bits(result, at, bits, waiting, a & word(CODE), a >> word(SIZE))
                    p += 1
                if i < count:
                    a = word(table[256 + spans[i] - SHORTEST])
                    at, bits, waiting = put_bits(result, at, bits, waiting, a & word(CODE), a >> word(SIZE))
                    p += spans[i]
            at, bits, waiting = put_bits(
                result, at, bits, waiting, word(lengths[END] & CODE), word(lengths[END] >> SIZE)
            )
        if first >= last and state[0] != 0:  # nothing at all: a block of fixed codes that holds its end
            at, bits, waiting = put_bits(result, at, bits, waiting, word(1 | 1 << 1), word(10))
        if state[0] == 0:  # a full flush: an empty stored block, on a byte's boundary
            at, bits, waiting = put_bits(result, at, bits, waiting, word(0), word(3))
        at = at + 1 if waiting != word(0) else at
        if state[0] == 0:
            put_word(result, at, word(0xFFFF0000))
            at += 4
        state[1] = at

    return deflate


@subroutine
def put_bits(out: Any, at: int, bits: Any, waiting: Any, value: Any, size: Any) -> Any:
    """Up to 50 more bits, the lowest first."""
    bits |= value << waiting
    waiting += size
    put_word(out, at, bits)
    whole = waiting >> word(3)
    return at + number(whole), bits >> (whole << word(3)), waiting & word(7)


@helper
def find_runs(content: Any, first: int, start: int, stop: int, place: Any, span: Any) -> Any:
    """Where in start…stop-1 there are SHORTEST bytes or more that are like the one before them, and how many; returns
    the number of such runs."""
    count, p = 0, start if start > first else start + 1
    while p + SHORTEST <= stop:
        if p + 8 <= stop:
            differs = take_word(content, p) ^ take_word(content, p - 1)
            low = word(0x7F7F7F7F7F7F7F7F)
            equal = ~(
                (((differs & low) + low) | differs) | low
            )  # the highest bit of each byte that is like the one before it
            begins = equal & (equal >> word(8)) & (equal >> word(16))
            if begins == word(0):
                p += 6  # a run may begin at the seventh
                continue
            while begins & word(0x80) == word(0):
                begins >>= word(8)
                p += 1
        elif (content[p] != content[p - 1]) | (content[p + 1] != content[p - 1]) | (content[p + 2] != content[p - 1]):
            p += 1
            continue
        length, value = SHORTEST, content[p]
        while length < LONGEST and p + length < stop and content[p + length] == value:
            length += 1
        place[count], span[count] = p, length
        count += 1
        p += length
    return count


@helper
def count_symbols(
    content: Any, start: int, stop: int, place: Any, span: Any, count: int, counts: Any, runs: Any
) -> None:
    """How often each byte and each length of a runs is to be coded, into the first of the tables."""
    one, two, three, four = (
        counts[:SYMBOLS],
        counts[SYMBOLS : 2 * SYMBOLS],
        counts[2 * SYMBOLS : 3 * SYMBOLS],
        counts[3 * SYMBOLS : 4 * SYMBOLS],
    )
    for i in range(TABLES * SYMBOLS):
        counts[i] = 0
    p = start
    while p + 4 <= stop:
        one[content[p]] += 1
        two[content[p + 1]] += 1
        three[content[p + 2]] += 1
        four[content[p + 3]] += 1
        p += 4
    while p < stop:
        one[content[p]] += 1
        p += 1
    for symbol in range(256):
        one[symbol] += two[symbol] + three[symbol] + four[symbol]
    for i in range(count):
        one[content[place[i]]] -= span[i]
        one[runs[span[i] - SHORTEST]] += 1
    one[END] = 1


@helper
def block_head(out: Any, at: int, bits: Any, waiting: Any, final: Any, length: Any) -> Any:
    """Writes the head of a block: how long its codes are, each length in four bits.

    That is a code of codes' lengths in which 0 to 15 have four bits each and no repetition is used: some 100 bytes a
    block more than the shortest head, and less to do and to compile. Distances have two codes of one bit, since some
    decoders want complete sets.
    """
    at, bits, waiting = put_bits(
        out, at, bits, waiting, final | word(2 << 1 | (SYMBOLS - 257) << 3 | 1 << 8 | 15 << 13), word(17)
    )
    for place in range(19):  # in the order 16, 17, 18, 0, 8, …: all but the first three are used
        at, bits, waiting = put_bits(out, at, bits, waiting, word(4 if place > 2 else 0), word(3))
    for symbol in range(SYMBOLS + 2):
        size = length[symbol] if symbol < SYMBOLS else 1
        turned = (size & 1) << 3 | (size & 2) << 1 | (size & 4) >> 1 | size >> 3  # codes go with their first bit lowest
        at, bits, waiting = put_bits(out, at, bits, waiting, word(turned), word(4))
    return at, bits, waiting


LOOP = Loop(
    "deflate",
    make,
    (
        f"content:uint8[size] size runs:int64[{3 * 256}] places:~int64[{BLOCK}] spans:~int64[{BLOCK}]"
        f" counts:~int64[{TABLES * SYMBOLS}] lengths:~int64[{SYMBOLS}] table:~uint32[512] scratch:~int64[{SCRATCH}]"
        f" state:=int64[2] result:=uint8[result_size + {room(0)}] result_size",
    ),
)
