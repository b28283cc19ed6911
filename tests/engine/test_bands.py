"""What must never happen: a wrong picture from a band that failed, or a loop that reaches beyond its arrays."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import imgconv
from imgconv import errors, jit
from imgconv.engine.bands import WHOLE_BAND, run_bands
from imgconv.jit.delegation import delegated
from imgconv.loops import parameters
from imgconv.loops.pool import EXTREME
from tests.examples import EXAMPLES

KINDS = {"kind": "max", "src": "uint8"}


def pool_arguments(**changed):
    """Arguments of a 2x2 max pool over 4x4 gray pixels."""
    arguments = {
        "source_pixels": np.arange(16, dtype=np.uint8),
        "source_rows": 4,
        "source_row": 4,
        "windows_channels": 1,
        "windows_row_from": np.zeros(2, np.int64),
        "windows_row_to": np.full(2, 2),
        "windows_row_step": 2,
        "windows_row_dilation": 1,
        "windows_row_before": 0,
        "windows_column_from": np.zeros(2, np.int64),
        "windows_column_to": np.full(2, 2),
        "windows_taps": 2,
        "windows_column_step": 2,
        "windows_column_dilation": 1,
        "windows_column_before": 0,
        "line": np.zeros(4, np.uint8),
        "result_pixels": np.zeros(4, np.uint8),
        "result_row": 2,
        "last": 2,
    }
    return arguments | changed


def readonly(array):
    array.flags.writeable = False
    return array


def test_bind_runs_the_bands_it_is_asked_for():
    arguments = pool_arguments()
    band = jit.bind(EXTREME, KINDS, arguments)
    band(1, 2)
    assert arguments["result_pixels"].tolist() == [0, 0, 13, 15]
    band(0, 1)
    assert arguments["result_pixels"].tolist() == [5, 7, 13, 15]


@pytest.mark.parametrize(
    ("argument", "value", "why"),
    [
        ("source_pixels", np.zeros(16, np.int16), "of type int16, not uint8"),
        ("source_pixels", [0] * 16, "no array but list"),
        ("source_pixels", np.zeros(15, np.uint8), "of 15 elements where 16 are needed"),
        ("source_pixels", np.zeros(32, np.uint8)[::2], "not contiguous"),
        ("windows_row_to", np.zeros(2, ">i8"), "of type >i8"),
        ("result_pixels", np.zeros(3, np.uint8), "of 3 elements where 4 are needed"),
        ("result_pixels", readonly(np.zeros(4, np.uint8)), "cannot be written"),
    ],
)
def test_bind_refuses_what_a_loop_could_not_survive(argument, value, why):
    with pytest.raises(errors.LoopError, match=why):
        jit.bind(EXTREME, KINDS, pool_arguments(**{argument: value}))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_a_failing_band_raises_and_stops_the_others(threads):
    started = []

    def worker():
        def band(first, last):
            started.append(first)
            if first >= 30:
                raise errors.LoopError("probe stopped with status 1")
            time.sleep(0.001)

        return band

    with pytest.raises(errors.LoopError, match="status 1"):
        run_bands(1000, 10**7, worker, threads)
    assert len(started) < 1000
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("imgconv-")]


def test_a_failing_worker_raises():
    def worker():
        raise MemoryError("no ring")

    with pytest.raises(MemoryError):
        run_bands(100, 10**7, worker, 2)


def test_every_row_is_done_once():
    for rows, work in ((1, 1), (7, 10**9), (1000, 10**6), (3, 1)):
        done = np.zeros(rows, int)

        def worker(done=done):
            def band(first, last):
                done[first:last] += 1

            return band

        run_bands(rows, work, worker, 3)
        assert (done == 1).all()


def test_interrupts_reach_the_caller_and_no_thread_outlives_the_call():
    def worker():
        def band(first, last):
            if threading.current_thread() is threading.main_thread() and first > 5:
                raise KeyboardInterrupt
            time.sleep(0.001)

        return band

    with pytest.raises(KeyboardInterrupt):
        run_bands(1000, 10**7, worker, 3)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("imgconv-")]


def test_an_interrupt_does_not_wait_for_a_thread_that_hangs():
    hangs, main = threading.Event(), threading.main_thread()

    def band(first, last):
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        hangs.wait(60)

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_bands(1000, 10**7, lambda: band, 3)
    assert time.monotonic() - begun < 30
    hangs.set()


def test_an_interrupt_reaches_a_caller_that_waits_for_its_threads():
    begun = threading.Event()

    def band(first, last):
        if threading.current_thread() is threading.main_thread():
            begun.wait(60)
            return
        begun.set()
        time.sleep(0.2)  # the caller waits by now
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

    with pytest.raises(KeyboardInterrupt):
        run_bands(2, WHOLE_BAND, lambda: band, 2)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("imgconv-")]


def test_workers_are_made_by_the_caller():
    made = []

    def worker():
        made.append(threading.current_thread())
        return lambda first, last: None

    run_bands(1000, 10**7, worker, 4)
    assert made == [threading.current_thread()] * 4


def test_threads_delegate_to_their_caller():
    doing = {}

    def band(first, last):
        time.sleep(0.001)
        doing[first] = threading.current_thread(), delegated(threading.current_thread)

    run_bands(200, 10**7, lambda: band, 3)
    assert len({thread for thread, _ in doing.values()}) > 1
    assert {answering for _, answering in doing.values()} == {threading.current_thread()}


def test_what_is_raised_for_a_thread_reaches_the_caller():
    def refuse():
        raise errors.LoopError("probe stopped with status 7")

    def band(first, last):
        if threading.current_thread() is not threading.main_thread():
            delegated(refuse)
        time.sleep(0.001)

    with pytest.raises(errors.LoopError, match="status 7"):
        run_bands(1000, 10**7, lambda: band, 3)


def test_an_interrupt_of_the_caller_ends_threads_that_wait_for_it():
    def interrupt():
        raise KeyboardInterrupt

    def band(first, last):
        if threading.current_thread() is not threading.main_thread():
            delegated(interrupt)
        time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        run_bands(1000, 10**7, lambda: band, 3)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("imgconv-")]


def test_a_loop_that_a_thread_needs_is_compiled_by_its_caller(monkeypatch):
    compiling = []
    monkeypatch.setattr(jit, "_functions", {})
    monkeypatch.setattr(
        jit.build,
        "make",
        lambda loop, kinds, make=jit.build.make: (compiling.append(threading.current_thread()), make(loop, kinds))[1],
    )

    def band(first, last):
        time.sleep(0.001)
        if threading.current_thread() is not threading.main_thread():
            jit.bind(EXTREME, KINDS, pool_arguments())

    run_bands(200, 10**7, lambda: band, 3)
    assert compiling == [threading.current_thread()]


CANARY = 0x5A


def guarded(arrays):
    """The same arrays inside larger buffers, and a check that nothing around them changed."""
    buffers = []
    moved = {}
    for name, value in arrays.items():
        if isinstance(value, np.ndarray):
            raw = np.full(value.nbytes + 256, CANARY, np.uint8)
            inner = raw[128 : 128 + value.nbytes].view(value.dtype).reshape(value.shape)
            inner[...] = value
            buffers.append((name, raw, value.nbytes))
            moved[name] = inner
        else:
            moved[name] = value

    def check():
        for name, raw, size in buffers:
            assert (raw[:128] == CANARY).all() and (raw[128 + size :] == CANARY).all(), f"written beyond {name}"  # noqa: PT018

    return moved, check


@pytest.mark.parametrize("text", [text for texts in EXAMPLES.values() for text in texts])
@pytest.mark.parametrize("shape", [(9, 11, 3), (1, 1), (2, 7)], ids=str)
def test_canaries_round_every_buffer_survive(text, shape, monkeypatch):
    """Every array a loop is given lies between canaries, and the result is that of the unguarded run."""
    pixels = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
    try:
        expected = imgconv.run(pixels, text, threads=1)
    except errors.WindowError:
        return
    real, checks = jit.bind, []

    def bind(loop, kinds, arguments):
        moved, check = guarded(arguments)
        run = real(loop, kinds, moved)

        def band(first, last):
            run(first, last)
            check()
            checks.append(loop.name)
            for one in parameters(loop):
                if one.access:
                    arguments[one.name][...] = moved[one.name]

        return band

    monkeypatch.setattr(jit, "bind", bind)
    np.testing.assert_array_equal(imgconv.run(pixels, text, threads=1), expected)
    assert checks or "relu" in text or "abs" in text or text == "identity"


@pytest.mark.parametrize("text", [text for texts in EXAMPLES.values() for text in texts])
@pytest.mark.parametrize(
    ("shape", "type_"), [((5, 6, 3), "uint8"), pytest.param((4, 3), "float32", marks=pytest.mark.slow)]
)
def test_plain_python_gives_the_same(shape, type_, text, monkeypatch):
    pixels = np.random.default_rng(6).integers(0, 100, shape).astype(type_)
    try:
        compiled = imgconv.run(pixels, text)
    except errors.WindowError:
        return
    monkeypatch.setenv("IMGCONV_NO_JIT", "1")
    np.testing.assert_array_equal(imgconv.run(pixels, text), compiled)
