"""Huffman codes for `deflate`: how long each symbol's code is, and what it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import helper

SYMBOLS, END = 286, 256  # bytes, the end of a block, and lengths of runs
LONGEST_CODE = 14  # bits: four codes fit a word beside seven bits that wait
SCRATCH = 6 * SYMBOLS
CODE, SIZE = 0xFFFFFF, 24  # of an entry: the bits of a code, and where its length begins

entry = np.uint32


@helper
def assign_lengths(count: Any, length: Any, scratch: Any) -> None:
    """The length of each symbol's Huffman code, 0 for one that does not occur; none longer than LONGEST_CODE.

    Huffman's two queues over symbols sorted by how often they occur; lengths beyond the limit are cut, and where codes
    are too many then for their lengths, others are made longer, as miniz does.
    """
    sorted_, weight, parent = scratch[:SYMBOLS], scratch[SYMBOLS : 3 * SYMBOLS], scratch[3 * SYMBOLS : 5 * SYMBOLS]
    of_length, n = scratch[5 * SYMBOLS :], 0
    for symbol in range(SYMBOLS):
        length[symbol] = 0
        if count[symbol] > 0:
            sorted_[n] = count[symbol] * 512 + symbol
            n += 1
    gap = 121
    while gap > 0:  # Shell's sort
        for i in range(gap, n):
            value, j = sorted_[i], i
            while j >= gap and sorted_[j - gap] > value:
                sorted_[j] = sorted_[j - gap]
                j -= gap
            sorted_[j] = value
        gap //= 3
    for i in range(n):
        weight[i] = sorted_[i] >> 9
    leaf, node = 0, n
    for joined in range(n, 2 * n - 1):
        total = 0
        for _ in range(2):
            if leaf < n and (node >= joined or weight[leaf] <= weight[node]):
                total += weight[leaf]
                parent[leaf] = joined
                leaf += 1
            else:
                total += weight[node]
                parent[node] = joined
                node += 1
        weight[joined] = total
    for i in range(LONGEST_CODE + 1):
        of_length[i] = 0
    weight[2 * n - 2] = 0  # from here on these are depths
    for i in range(2 * n - 3, -1, -1):
        depth = weight[parent[i]] + 1
        weight[i] = depth
        if i < n:
            of_length[depth if depth < LONGEST_CODE else LONGEST_CODE] += 1
    total = 0
    for i in range(1, LONGEST_CODE + 1):
        total += of_length[i] << (LONGEST_CODE - i)
    while total > 1 << LONGEST_CODE:
        of_length[LONGEST_CODE] -= 1
        shorter = LONGEST_CODE - 1
        while of_length[shorter] == 0:
            shorter -= 1
        of_length[shorter] -= 1
        of_length[shorter + 1] += 2
        total -= 1
    size = LONGEST_CODE
    for i in range(n):  # the rarest have the longest
        while of_length[size] == 0:
            size -= 1
        of_length[size] -= 1
        length[sorted_[i] & 511] = size


@helper
def assign_codes(length: Any, code: Any, scratch: Any, run: Any) -> None:
    """Lengths become codes: canonical ones (RFC 1951, 3.2.2), their first bit lowest, with their length in the bits
    from 24 on.

    `code` gets what each token is written as: for a run its code, its extra bits, and the distance's one bit, which is
    0.
    """
    following = scratch[:16]
    for i in range(16):
        following[i] = 0
    for symbol in range(SYMBOLS):
        following[length[symbol]] += 1
    value, here = 0, 0
    for size in range(1, 16):
        here, following[size] = following[size], value
        value = (value + here) << 1
    for symbol in range(SYMBOLS):
        size = length[symbol]
        rest, turned = following[size], 0
        following[size] += 1
        for _ in range(size):
            turned = (turned << 1) | (rest & 1)
            rest >>= 1
        length[symbol] = turned | (size << SIZE)
    for token in range(512):
        i = token - 256
        own = length[token] if i < 0 else length[run[i]]
        if i >= 0:
            size = own >> SIZE
            own = (own & CODE) | (run[256 + i] << size) | ((size + run[512 + i] + 1) << SIZE)
        code[token] = entry(own)
