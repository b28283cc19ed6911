"""The real command as a process: with pipes, in a shell, on a terminal; and small images for it to work on."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Pixels = np.ndarray[Any, Any]

COMMAND = (sys.executable, "-m", "imgconv")
TIMEOUT = 120
PNG_MAGIC, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
BMP_MAGIC, JPEG_MAGIC, NPY_MAGIC = b"BM", b"\xff\xd8\xff", b"\x93NUMPY"


# ---------------------------------------------------------------- processes


@dataclass(frozen=True)
class Ended:
    """How a process ended and what it said; `screen` is what reached the terminal, if it had one."""

    code: int
    out: bytes
    err: str
    screen: bytes = b""


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would change the command's behaviour."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"IMGCONV_DEBUG", "COLUMNS", "LINES", "PYTHONIOENCODING", "PYTHONUNBUFFERED"}
    }
    return {**kept, **(changes or {})}


def imgconv(
    *words: str | bytes | Path,
    cwd: Path,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
    env: Mapping[str, str] | None = None,
) -> Ended:
    """`imgconv words...`, fed with bytes through a pipe, its output taken through pipes."""
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env=environment(env),
        check=False,
    )
    return _ended(done.returncode, done.stdout, done.stderr)


def called(*words: str | Path, cwd: Path) -> Ended:
    """`imgconv words...` in this process, for what needs neither pipes nor signals: a hundred times as quick."""
    from imgconv.cli.main import _guarded

    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _guarded([str(word) for word in words])
    out.flush()
    return Ended(code, out.buffer.getvalue(), err.getvalue())  # type: ignore[attr-defined]


def shell(line: str, cwd: Path, timeout: float = TIMEOUT) -> Ended:
    """A line of shell in which `imgconv` is the command; standard input is empty."""
    script = f'imgconv() {{ "$PYTHON_UNDER_TEST" -m imgconv "$@"; }}\n{line}\n'
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env=environment({"PYTHON_UNDER_TEST": sys.executable}),
        check=False,
    )
    return _ended(done.returncode, done.stdout, done.stderr)


def started(
    *words: str | bytes | Path,
    cwd: Path,
    stdin: Any = subprocess.DEVNULL,
    stdout: Any = subprocess.PIPE,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A running `imgconv words...`, for tests that interrupt it. SIGINT is live even where the caller's shell ignores
    it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [*COMMAND, *words], cwd=cwd, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=environment(env)
        )
    finally:
        signal.signal(signal.SIGINT, before)


def finished(process: subprocess.Popen[bytes], timeout: float = TIMEOUT) -> Ended:
    """The end of a `started` process; it is killed if it does not come."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return _ended(process.returncode, out or b"", err or b"")


def on_terminal(
    *words: str | Path, cwd: Path, out: bool = True, into: bool = False, stdin: bytes = b"", timeout: float = TIMEOUT
) -> Ended:
    """`imgconv words...` with a pseudo-terminal as its standard output (`out`), its standard input (`into`), or both;
    stderr is a pipe."""
    master, slave = os.openpty()
    seen: list[bytes] = []

    def watch() -> None:
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # how Linux says that nobody holds the other end
                return
            if not part:
                return
            seen.append(part)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=cwd,
        stdin=slave if into else subprocess.PIPE,
        stdout=slave if out else subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )
    try:
        got, err = process.communicate(None if into else stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    finally:
        os.close(slave)
        watcher.join(10)
        os.close(master)
    return _ended(process.returncode, got or b"", err, b"".join(seen))


def _ended(code: int, out: bytes, err: bytes, screen: bytes = b"") -> Ended:
    said = err.decode("utf-8", "replace")
    assert "Traceback" not in said, said  # whatever a test is about: no traceback reaches a user
    return Ended(code, out, said, screen)


# ---------------------------------------------------------------- images


def noise(*shape: int, seed: int = 0, dtype: str = "uint8") -> Any:
    """Pixels of every value, the same ones each time."""
    values = np.random.default_rng(seed).integers(0, 256, shape)
    return values.astype(dtype)


def save(path: Path, pixels: Pixels, **options: Any) -> Path:
    """Pixels as a file: `.npy` by NumPy, anything else by Pillow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, pixels)
    else:
        Image.fromarray(pixels).save(path, **options)
    return path


def png(pixels: Pixels) -> bytes:
    """Pixels as the bytes of a PNG."""
    return encoded(pixels, "PNG")


def encoded(pixels: Pixels, form: str) -> bytes:
    """Pixels as the bytes of a file in Pillow's format of that name, or `npy`."""
    stream = io.BytesIO()
    if form == "npy":
        np.save(stream, pixels)
    else:
        Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


def pixels_of(source: bytes | Path) -> Any:
    """The pixels of an image file or of its bytes, in the mode they are stored in; a GIF's gray palette as gray."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    if content.startswith(NPY_MAGIC):
        return np.load(io.BytesIO(content), allow_pickle=False)
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image.convert("L") if image.format == "GIF" else image)


def format_of(source: bytes | Path) -> str:
    """Pillow's name of an image's format, told by its content."""
    with Image.open(io.BytesIO(source if isinstance(source, bytes) else source.read_bytes())) as image:
        return str(image.format)


def raw_png(width: int, height: int, depth: int, kind: int, rows: bytes = b"") -> bytes:
    """A PNG written by hand: `kind` is the colour type (0 gray, 2 RGB, 6 RGBA), `rows` the unfiltered scan lines with
    their filter bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return PNG_MAGIC + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def compression_level(content: bytes) -> int:
    """What a PNG's compressed data says of the effort spent on it: 0 the fastest, 2 the default (zlib's FLEVEL)."""
    start = content.index(b"IDAT") + 4
    return content[start + 1] >> 6


# ---------------------------------------------------------------- what is expected, by NumPy alone


def correlated(pixels: Pixels, weights: Sequence[Sequence[int]], border: Any = "edge") -> Any:
    """Integer weights times neighbours at stride 1 with the centre of an odd kernel as anchor, as int64; `border` is
    `np.pad`'s mode."""
    rows, columns = len(weights), len(weights[0])
    around = [(rows // 2, rows // 2), (columns // 2, columns // 2)] + [(0, 0)] * (pixels.ndim - 2)
    padded = np.pad(pixels.astype(np.int64), around, border)
    height, width = pixels.shape[:2]
    return sum(weights[r][c] * padded[r : r + height, c : c + width] for r in range(rows) for c in range(columns))


def clamped(values: Pixels) -> Pixels:
    """Whole numbers as uint8, what lies outside at its ends."""
    return np.clip(values, 0, 255).astype(np.uint8)


def blocks_max(pixels: Pixels, size: int = 2) -> Any:
    """Maximum pooling by `size` with the size as stride; an incomplete last block is left out."""
    height, width = (n // size * size for n in pixels.shape[:2])
    return (
        pixels[:height, :width].reshape(height // size, size, width // size, size, *pixels.shape[2:]).max(axis=(1, 3))
    )


VERTICAL = [[-1, 0, 1]] * 3
HORIZONTAL = [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]
SOBEL_X = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
