"""A target is the old file or the whole new one, and nothing lies beside it: whatever ends the process, fills the disk
or races."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from imgconv import errors
from imgconv.files import atomic
from tests.command import COMMAND, VERTICAL, clamped, correlated, environment, imgconv, noise, pixels_of, save

OLD, NEW = b"old" * 1000, b"new" * 200_000
WAYS = ("nameless", "named", "no links")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Files without a name until they are whole, as Linux makes them; and what stands in for them elsewhere."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif request.param == "no links":

        def refuse(*_, **__) -> None:
            raise PermissionError("a system that links no files by their handles")

        monkeypatch.setattr(os, "link", refuse)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("no such files here")
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_and_an_old_one(way: str, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    before = os.umask(0o027)
    try:
        atomic.write(str(target), [b"first"])
    finally:
        os.umask(before)
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"first", 0o640)
    target.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(target, 1234, 4321)
    known = target.stat()
    atomic.write(str(target), [b"sec", memoryview(b"ond")])
    now = target.stat()
    assert target.read_bytes() == b"second"
    assert (now.st_mode, now.st_uid, now.st_gid) == (known.st_mode, known.st_uid, known.st_gid)
    assert now.st_ino != known.st_ino
    assert names(tmp_path) == ["out.png"]


def test_names_as_long_as_they_may_be(way: str, tmp_path: Path) -> None:
    for name in ("ü" * 125 + ".png", "n" * 251 + ".png"):
        for content in (OLD, NEW):
            atomic.write(str(tmp_path / name), [content])
            assert (tmp_path / name).read_bytes() == content
    assert len(names(tmp_path)) == 2
    with pytest.raises(errors.FileError, match="cannot be written"):
        atomic.write(str(tmp_path / ("n" * 252 + ".png")), [NEW])


def test_a_symlink_is_followed(way: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "out.png").write_bytes(OLD)
    (tmp_path / "link.png").symlink_to("real/out.png")
    atomic.write(str(tmp_path / "link.png"), [NEW])
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "link.png").read_bytes() == NEW
    assert names(tmp_path / "real") == ["out.png"]


def test_what_comes_meanwhile_is_not_replaced(way: str, tmp_path: Path) -> None:
    """Unless it may be: another process has chosen the same derived name."""
    target = tmp_path / "out.png"

    class Coming:
        """Pieces of a file, in the middle of which another comes."""

        def __iter__(self):
            target.write_bytes(OLD)
            yield NEW

    for content in (Coming(), [NEW]):
        with pytest.raises(errors.FileError, match=r"exists already .*--overwrite"):
            atomic.write(str(target), content, replace=False)  # type: ignore[arg-type]
        assert (target.read_bytes(), names(tmp_path)) == (OLD, ["out.png"])
    target.unlink()
    atomic.write(str(target), [NEW], replace=False)
    assert (target.read_bytes(), names(tmp_path)) == (NEW, ["out.png"])
    target.unlink()
    atomic.write(str(target), Coming())  # type: ignore[arg-type]
    assert (target.read_bytes(), names(tmp_path)) == (NEW, ["out.png"])


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(28, "No space left on device"), MemoryError])
def test_what_ends_a_write_leaves_the_old_file(
    way: str, tmp_path: Path, end: BaseException | type[BaseException]
) -> None:
    class Ending:
        """Pieces of a file, in the middle of which something happens."""

        def __iter__(self):
            yield NEW
            raise end

    for old in (None, OLD):
        if old:
            (tmp_path / "out.png").write_bytes(old)
        with pytest.raises((KeyboardInterrupt, MemoryError, errors.FileError)):
            atomic.write(str(tmp_path / "out.png"), Ending())  # type: ignore[arg-type]
        assert names(tmp_path) == (["out.png"] if old else [])
    assert (tmp_path / "out.png").read_bytes() == OLD


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_what_ends_the_last_calls_leaves_the_old_file(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    (tmp_path / "out.png").write_bytes(OLD)
    for end in (KeyboardInterrupt(), OSError(5, "Input/output error")):

        def ended(*_, end: BaseException = end, **__) -> None:
            raise end

        with monkeypatch.context() as patch:
            patch.setattr(os, call, ended)
            with pytest.raises((KeyboardInterrupt, errors.FileError)):
                atomic.write(str(tmp_path / "out.png"), [NEW])
        assert (tmp_path / "out.png").read_bytes() == OLD
        assert names(tmp_path) == ["out.png"]


def test_what_a_kill_left_is_removed_by_the_next(tmp_path: Path) -> None:
    if not hasattr(os, "O_TMPFILE"):
        pytest.skip("no such files here")
    (tmp_path / "out.png").write_bytes(OLD)
    (tmp_path / ".out.png.imgconv").write_bytes(b"left there")
    atomic.write(str(tmp_path / "out.png"), [NEW])
    assert (tmp_path / "out.png").read_bytes() == NEW
    assert names(tmp_path) == ["out.png"]


def test_many_writers_of_one_file(way: str, tmp_path: Path) -> None:
    """Each is a whole file at every moment; the last one stays."""
    target, contents = tmp_path / "out.png", [bytes([i]) * 50_000 for i in range(8)]
    failed: list[BaseException] = []

    def work(content: bytes) -> None:
        try:
            for _ in range(10):
                atomic.write(str(target), [content])
                assert target.read_bytes() in contents
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert names(tmp_path) == ["out.png"]


def test_a_full_disk(tmp_path: Path) -> None:
    """A file system of 16 KiB, where one can be made; the old file and nothing else is there afterwards."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no file system can be made here")
    try:
        save(tmp_path / "in.png", noise(300, 300))
        (disk / "out.png").write_bytes(OLD)
        done = imgconv("filter", "vertical", "in.png", "-o", "disk/out.png", cwd=tmp_path)
        assert done.code == 1
        assert "disk/out.png: cannot be written" in done.err
        assert done.err.count("\n") == 1
        assert names(disk) == ["out.png"]
        assert (disk / "out.png").read_bytes() == OLD
        done = imgconv("filter", "vertical", "in.png", "-o", "disk/new.png", cwd=tmp_path)
        assert (done.code, names(disk)) == (1, ["out.png"])
    finally:
        subprocess.run(["umount", disk], check=True)


SOMEBODY = """
import os
from imgconv import errors
import imgconv
from imgconv.files import atomic
imgconv.load("in.png")
if os.geteuid() == 0:  # root may write everywhere
    os.setgid(65534)
    os.setuid(65534)
paths = ("locked/out.png", "out.png", "locked/new.png")
for call in (*(lambda path=path: atomic.write(path, [b"new"]) for path in paths), lambda: imgconv.load("secret.png")):
    try:
        call()
    except errors.FileError as error:
        print(error)
"""


def test_what_permissions_forbid() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "locked").mkdir()
        for name in ("locked/out.png", "out.png"):
            (folder / name).write_bytes(OLD)
        save(folder / "in.png", noise(4, 4))
        save(folder / "secret.png", noise(4, 4)).chmod(0)
        for name, mode in {"out.png": 0o444, "locked": 0o555, ".": 0o777}.items():
            (folder / name).chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", SOMEBODY], cwd=folder, env=environment(), capture_output=True, text=True, check=True
        )
        (folder / "locked").chmod(0o755)
        why = "(Permission denied)"
        assert done.stdout.splitlines() == [
            f"locked/out.png: cannot be written {why}",
            f"out.png: cannot be written {why}",
            f"locked/new.png: cannot be written {why}",
            f"secret.png: cannot be read {why}",
        ]
        assert (folder / "locked" / "out.png").read_bytes() == (folder / "out.png").read_bytes() == OLD
        assert names(folder / "locked") == ["out.png"]


# ---------------------------------------------------------------- kills


def killed(folder: Path, times: int, seed: int) -> tuple[set[bytes], int]:
    """Runs the command over an old file and ends it at random moments, up to a little after its end; what the file
    held, and how often the run was cut."""
    chance = random.Random(seed)
    save(folder / "in.png", noise(200, 200))
    target = folder / "out.png"
    words = (*COMMAND, "filter", "vertical", "in.png", "-q", "-o", "out.png")
    begun = time.monotonic()
    subprocess.run(words, cwd=folder, env=environment(), check=True)
    lasts = time.monotonic() - begun
    new, found, cut = target.read_bytes(), set(), 0
    for _ in range(times):
        target.write_bytes(OLD)
        with subprocess.Popen(
            words, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            time.sleep(chance.uniform(0, 1.3 * lasts))
            process.send_signal(chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
        cut += process.returncode != 0
        found.add(target.read_bytes())
        assert found <= {OLD, new}, "neither the old nor the new file"
        assert set(names(folder)) <= {"in.png", "out.png", ".out.png.imgconv"}
        assert target.read_bytes() == OLD or process.returncode in (0, -9, 130, 143, -2, -15)
    with contextlib.suppress(FileNotFoundError):
        assert (folder / ".out.png.imgconv").read_bytes() == new  # whole, too
    subprocess.run(words, cwd=folder, env=environment(), check=True)
    assert names(folder) == ["in.png", "out.png"]
    assert np.array_equal(pixels_of(target), clamped(correlated(noise(200, 200), VERTICAL)))
    return found, cut


WRITER = """
import sys
from imgconv.files import atomic
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        atomic.write("out.png", [letter * 300_000])
"""


def killed_while_writing(folder: Path, times: int) -> None:
    """A process that does nothing but write is killed; a reader meanwhile never sees anything else than a whole
    file."""
    target, whole = folder / "out.png", {b"a" * 300_000, b"b" * 300_000}
    target.write_bytes(b"a" * 300_000)
    for turn in range(times):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER], cwd=folder, stdout=subprocess.PIPE, env=environment()
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            assert target.read_bytes() in whole
            time.sleep((turn % 37) / 1500)
            process.kill()
        assert target.read_bytes() in whole
        assert set(names(folder)) <= {"out.png", ".out.png.imgconv"}
    atomic.write(str(target), [NEW])
    assert names(folder) == ["out.png"]


def test_kills_leave_the_old_or_the_new_file(tmp_path: Path) -> None:
    found, _ = killed(tmp_path, 8, seed=1)
    assert OLD in found


def test_kills_in_the_middle_of_writes(tmp_path: Path) -> None:
    killed_while_writing(tmp_path, 5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_kills_leave_the_old_or_the_new_file(tmp_path: Path, seed: int) -> None:
    found, cut = killed(tmp_path, 250, seed)
    assert len(found) == 2
    assert cut > 25  # kills that came in time; how many do depends on what else the machine has to do


@pytest.mark.slow
def test_a_thousand_kills_in_the_middle_of_writes(tmp_path: Path) -> None:
    killed_while_writing(tmp_path, 1000)
