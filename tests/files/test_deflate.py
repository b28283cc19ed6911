"""The loop that codes bytes and runs: whatever it is given, zlib gives it back, and it is as small as zlib's own codes
of that kind."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgconv.files.deflate import compress, loops
from imgconv.files.deflate.huffman import LONGEST_CODE
from tests.strategies import law, plain_python


def coded(content: np.ndarray, last: bool) -> bytes:
    return compress.runs_coder()(content, last)


def inflated(pieces: list[bytes]) -> tuple[bytes, bool]:
    """What pieces of a raw stream hold, and whether the stream has ended with the last of them."""
    stream = zlib.decompressobj(-15)
    found = b"".join(stream.decompress(piece) for piece in pieces)
    assert not stream.unused_data
    return found, stream.eof


def by_zlib(content: bytes) -> int:
    stream = zlib.compressobj(1, zlib.DEFLATED, -15, 9, zlib.Z_RLE)
    return len(stream.compress(content) + stream.flush())


def runs(seed: int, most: int, symbols: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.integers(0, symbols, count), rng.integers(1, most + 1, count)).astype(np.uint8)


CONTENTS = {
    "noise": np.random.default_rng(0).integers(0, 256, 150_000).astype(np.uint8),
    "zeros": np.zeros(200_000, np.uint8),
    "one": np.array([7], np.uint8),
    "four alike": np.full(4, 9, np.uint8),
    "every byte": np.arange(256, dtype=np.uint8),
    "short runs": runs(1, 6, 3, 40_000),
    "long runs": runs(2, 700, 5, 600),
    "a photograph's differences": (np.random.default_rng(3).normal(0, 3, 262_000).astype(np.int64) % 256).astype(
        np.uint8
    ),
    "few bytes": (np.random.default_rng(4).geometric(0.5, 100_000) % 256).astype(np.uint8),
    "codes beyond the limit": np.random.default_rng(5)
    .permutation(np.repeat(np.arange(22), [1, 1, *(2**k for k in range(20))])[: 2**16])
    .astype(np.uint8),
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("last", [False, True])
def test_zlib_gives_back_what_was_coded(name, last):
    content = CONTENTS[name]
    piece = coded(content, last)
    assert inflated([piece]) == (content.tobytes(), last)
    assert len(piece) <= loops.room(len(content))
    assert last or piece.endswith(b"\0\0\xff\xff"), "a full flush"
    blocks = -(-len(content) // loops.BLOCK)
    assert len(piece) <= 1.01 * by_zlib(content.tobytes()) + 200 * blocks


RUNS = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 20)), max_size=12).map(
    lambda pairs: b"".join(bytes([v]) * n for v, n in pairs)
)


@law(60)
@given(st.binary(max_size=60) | RUNS)
def test_any_bytes_come_back_compiled_and_not(content):
    array = np.frombuffer(content, np.uint8)
    piece = coded(array, True)
    assert inflated([piece]) == (content, True)
    with plain_python():
        assert coded(array, True) == piece


@pytest.mark.parametrize("length", [*range(1, 12), 255, 256, 257, 258, 259, 260, 261, 516, 517, 520])
def test_runs_of_every_length(length):
    """Lengths on both sides of what a match may have, at the start of the content, at its end and between other
    bytes."""
    run = np.full(length, 200, np.uint8)
    around = np.array([1, 2, 3], np.uint8)
    for content in (
        run,
        np.concatenate([around, run]),
        np.concatenate([run, around]),
        np.concatenate([around, run, around]),
    ):
        assert inflated([coded(content, True)])[0] == content.tobytes()


def test_runs_end_with_their_block_and_pieces_do_not_look_back():
    content = np.zeros(3 * loops.BLOCK + 17, np.uint8)
    content[loops.BLOCK - 2 : loops.BLOCK + 5] = np.arange(7)
    deflate = compress.runs_coder()
    pieces = [deflate(content[:100], False), deflate(content[100:-9], False), deflate(content[-9:], True)]
    assert inflated(pieces) == (content.tobytes(), True)


def test_lengths_of_runs_are_those_of_the_specification():
    """RFC 1951, 3.2.5: some of the table's rows."""
    table = loops.run_table().reshape(3, 256)
    for length, symbol, extra, size in (
        (3, 257, 0, 0),
        (10, 264, 0, 0),
        (11, 265, 0, 1),
        (12, 265, 1, 1),
        (13, 266, 0, 1),
        (19, 269, 0, 2),
        (34, 272, 3, 2),
        (66, 276, 7, 3),
        (130, 280, 15, 4),
        (131, 281, 0, 5),
        (257, 284, 30, 5),
        (258, 285, 0, 0),
    ):
        assert table[:, length - loops.SHORTEST].tolist() == [symbol, extra, size], length


def test_four_codes_and_what_waits_fit_a_word():
    assert 4 * LONGEST_CODE + 7 < 64
