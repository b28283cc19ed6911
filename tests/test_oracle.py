"""The oracle itself: pictures, hand-worked numbers, golden numbers of others, and numpy.pad."""

from fractions import Fraction

import numpy as np
import pytest

from tests import oracle

PICTURES = {  # what stands left and right of `abcd`, as far as 9 pixels out
    "edge": ("aaaaaaaaa", "ddddddddd"),
    "reflect": ("aabcddcba", "dcbaabcdd"),
    "reflect101": ("dcbabcdcb", "cbabcdcba"),
    "wrap": ("dabcdabcd", "abcdabcda"),
}


@pytest.mark.parametrize("border", PICTURES)
def test_borders_look_as_drawn(border: str) -> None:
    left, right = PICTURES[border]
    found = oracle.sources(4, 9, 9, border)
    assert "".join("abcd"[found[i]] for i in range(-9, 13)) == left + "abcd" + right  # type: ignore[index]


FOLDS = {  # the same as rules position -> position
    "edge": lambda p, n: min(max(p, 0), n - 1),
    "reflect": lambda p, n: (p % (2 * n)) if p % (2 * n) < n else 2 * n - 1 - p % (2 * n),
    "reflect101": lambda p, n: 0 if n == 1 else n - 1 - abs(n - 1 - p % (2 * n - 2)),
    "wrap": lambda p, n: p % n,
    "constant": lambda p, n: p if 0 <= p < n else None,
}


@pytest.mark.parametrize("border", FOLDS)
@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 2), (4, 0), (25, 31)])
def test_borders_fold_at_any_distance(border: str, n: int, before: int, after: int) -> None:
    assert oracle.sources(n, before, after, border) == {p: FOLDS[border](p, n) for p in range(-before, n + after)}


@pytest.mark.parametrize(
    ("n", "k", "s", "d", "anchor", "expected"),
    [
        (5, 3, 1, 1, None, (1, 1)),
        (5, 2, 1, 1, None, (0, 1)),  # the centre of an even kernel is (e-1)//2
        (5, 4, 1, 1, None, (1, 2)),
        (5, 2, 1, 3, None, (1, 2)),  # e = 4
        (4, 3, 2, 1, None, (0, 1)),  # windows centre on pixels 1 and 3
        (5, 3, 2, 1, None, (1, 1)),
        (9, 2, 4, 1, None, (0, 1)),
        (4, 1, 3, 1, None, (0, 0)),  # never below 0
        (5, 3, 1, 1, 0, (0, 2)),
        (5, 3, 1, 2, 2, (4, 0)),
        (4, 3, 2, 1, 1, (1, 0)),
    ],
)
def test_same(n: int, k: int, s: int, d: int, anchor: int | None, expected: tuple[int, int]) -> None:
    assert oracle.pads(0, n, k, s, d, "same", anchor) == expected
    assert len(oracle.windows(n, k, s, d, *expected)) == -(-n // s)


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "ceil", "starts"),
    [
        (4, 3, 2, 0, False, [0]),
        (4, 3, 2, 0, True, [0, 2]),
        (9, 4, 4, 2, True, [-2, 2, 6]),  # pytorch 116420: 3, though the plain formula gives 4
        (2, 3, 2, 0, True, [0]),  # one partial window
        (3, 1, 2, 0, True, [0, 2]),
        (4, 2, 3, 1, True, [-1, 2]),
    ],
)
def test_ceil(n: int, k: int, s: int, p: int, ceil: bool, starts: list[int]) -> None:
    assert [taps[0] for taps in oracle.windows(n, k, s, 1, p, p, ceil)] == starts


@pytest.mark.parametrize(("n", "k", "s", "ceil"), [(2, 3, 1, False), (1, 3, 1, True), (1, 4, 2, True)])
def test_no_window_fits(n: int, k: int, s: int, ceil: bool) -> None:
    with pytest.raises(oracle.RefusedError):
        oracle.windows(n, k, s, 1, 0, 0, ceil)


TEXTBOOK = np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")
TEXTBOOK_WEIGHTS = [[-1, 0, -2], [0.5, 4.5, -1.5], [1.5, 2, -3]]


def test_textbook() -> None:
    assert oracle.responses(TEXTBOOK, TEXTBOOK_WEIGHTS)[1, 1, 0] == 577
    assert oracle.correlate(TEXTBOOK, TEXTBOOK_WEIGHTS)[1, 1] == 255
    assert oracle.correlate(TEXTBOOK, TEXTBOOK_WEIGHTS, pad="valid", dtype="int16").tolist() == [[577]]
    # by hand, turned: -3*0 + 2*64 + 1.5*128 - 1.5*48 + 4.5*192 + 0.5*144 - 2*142 + 0*226 - 1*168
    assert oracle.responses(TEXTBOOK, TEXTBOOK_WEIGHTS, pad="valid", convolve=True)[0, 0, 0] == 732


def test_by_hand() -> None:
    row = np.array([[1, 2, 3, 4]], "uint8")
    assert oracle.responses(row, [[1, 10]]).ravel().tolist() == [21, 32, 43, 44]
    assert oracle.responses(row, [[1, 10]], convolve=True).ravel().tolist() == [12, 23, 34, 44]
    assert oracle.responses(row, [[1, 10]], 1, 0, (0, 1)).ravel().tolist() == [11, 21, 32, 43]
    assert oracle.responses(row, [[1, 10]], 1, 0, (0, 1), convolve=True).ravel().tolist() == [
        12,
        23,
        34,
        44,
    ]  # the anchor turns too: to 0, 0
    assert oracle.responses(row, [[1, 0, 10]], border="constant", value=7).ravel().tolist() == [27, 31, 42, 73]
    assert oracle.responses(row, [[1, 1]], 4, 0.5, pad="valid", stride=2).ravel().tolist() == [
        Fraction(5, 4),
        Fraction(9, 4),
    ]
    assert oracle.responses(row, [[1, 10]], pad="valid", dilation=3).ravel().tolist() == [41]
    assert oracle.correlate(row, [[1, 1, -1]], "auto", dtype="int16").tolist() == [[0, 0, 1, 3]]
    assert oracle.correlate(row, [[1, -1]], "auto", dtype="int16").tolist() == [[-1, -1, -1, 0]]


def test_zero_weight_does_not_look() -> None:
    row = np.array([[np.nan, 2, np.inf]])
    found = oracle.correlate(row, [[0, 1, 0]])
    assert np.array_equal(found, row, equal_nan=True)


ONE_TO_SIXTEEN = np.arange(1, 17).reshape(4, 4)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"kind": "avg", "size": 3, "stride": 2, "pad": 1, "ceil": True, "count_padding": True},
            [[1.5556, 3.3333, 2], [6.3333, 11, 6], [4.5, 7.5, 4]],
        ),
        ({"kind": "avg", "size": 3, "stride": 2, "ceil": True}, [[6, 7.5], [12, 13.5]]),
        ({"kind": "avg", "size": 3, "stride": 2, "pad": 1, "ceil": True}, [[3.5, 5, 6], [9.5, 11, 12], [13.5, 15, 16]]),
        ({"kind": "max", "size": 3, "stride": 2}, [[11]]),
        ({"kind": "max", "size": 3, "stride": 2, "pad": "same"}, [[11, 12], [15, 16]]),
        ({"kind": "min", "size": 2, "pad": 1}, [[1, 2, 4], [5, 6, 8], [13, 14, 16]]),
    ],
)
def test_pooling_golden(options: dict, expected: list) -> None:
    assert oracle.pool(ONE_TO_SIXTEEN, dtype="float64", **options) == pytest.approx(np.array(expected), abs=5e-5)


def test_pooling_sees_pixels_only() -> None:
    assert oracle.pool(-ONE_TO_SIXTEEN, size=3, stride=3, pad=1, dtype="int16").tolist() == [[-1, -3], [-9, -11]]
    with pytest.raises(oracle.RefusedError):
        oracle.pool(ONE_TO_SIXTEEN, size=2, pad=2)
    assert np.isnan(oracle.pool(np.array([[np.nan, 1.0]]), size=(1, 2), kind="max")).all()


def settled(values: list, dtype: str, range_: str = "clamp") -> list:
    found = np.empty((1, len(values), 1), object)
    found[0, :, 0] = values
    return oracle.settle(found, dtype, range_).ravel().tolist()


def test_settling() -> None:
    assert settled([-0.5, -1.5, 0.5, 1.5, 2.4999], "int16") == [0, -1, 1, 2, 2]
    assert settled([float("nan"), float("inf"), -float("inf"), 300, -5], "uint8") == [0, 255, 0, 255, 0]
    assert settled([-3, 2], "uint8", "abs") == [3, 2]
    assert settled([-3, 2], "uint16", "shift") == [32765, 32770]
    assert settled([-3, 2], "int16", "shift") == [-3, 2]
    assert settled([0, 1, 2, 4], "uint8", "stretch") == [0, 64, 128, 255]
    assert settled([-7, 3, 13], "float64", "stretch") == [0, 0.5, 1]
    assert settled([5, 5], "int16", "stretch") == [-32768, -32768]
    assert settled([Fraction(1, 3)], "float64") == [1 / 3]
    assert settled([-300.25], "float32", "abs") == [300.25]
