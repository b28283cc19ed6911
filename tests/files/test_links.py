"""Nothing is written through links that strangers put into shared folders, nor through links to nothing; by any option
that writes.

Strangers are made by giving links and files away, which only root can; the rules themselves are tested without.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgconv import errors
from imgconv.batches.inputs import Source
from imgconv.batches.jobs import Naming, plan_jobs
from imgconv.batches.run_report import RunReport
from imgconv.files import atomic, links
from tests.command import environment, imgconv, noise, on_terminal, save

OLD, NEW = b"the victim's", b"new"
ROOT, VICTIM, STRANGER = 0, 1001, 1002
STICKY, OPEN, OURS = 0o1777, 0o777, 0o755

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of other users")


def seen(owner: int, mode: int = 0o120777) -> os.stat_result:
    """What stat() says of a file of this owner and mode."""
    return os.stat_result((mode, 1, 1, 1, owner, owner, 0, 0, 0, 0))


@pytest.fixture(params=["descriptors", "paths"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Folders by descriptors, as on Linux; and by paths, as elsewhere."""
    if request.param == "paths":
        monkeypatch.delattr(os, "O_PATH", raising=False)
    elif not hasattr(os, "O_PATH"):
        pytest.skip("no such descriptors here")
    return str(request.param)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder as /tmp is one, beside the victim's."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(STICKY)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "file.png").write_bytes(OLD)
    save(tmp_path / "in.png", noise(5, 6))
    return tmp_path / "shared"


def planted(shared: Path, name: str, to: str, owner: int = STRANGER) -> Path:
    link = shared / name
    link.symlink_to(to)
    if owner != os.geteuid():
        os.lchown(link, owner, owner)
    return link


def unharmed(shared: Path) -> bool:
    home = shared.parent / "home"
    return [path.name for path in home.iterdir()] == ["file.png"] and (home / "file.png").read_bytes() == OLD


# ---------------------------------------------------------------- the rules


@pytest.mark.parametrize(("folder", "link", "user"), list(itertools.product((ROOT, VICTIM, STRANGER), repeat=3)))
def test_a_link_is_followed_as_linux_does(folder: int, link: int, user: int) -> None:
    """Documentation/admin-guide/sysctl/fs.rst: "only when outside a sticky world-writable directory, or when the uid of
    the symlink and follower match, or when the directory owner matches the symlink's owner"; here in every
    world-writable folder."""
    for mode in range(0o2000):
        expected = not mode & 0o002 or link in (user, folder)
        assert links.may_follow(seen(link), seen(folder, stat.S_IFDIR | mode), user) is expected


@pytest.mark.parametrize(("folder", "file", "user"), list(itertools.product((ROOT, VICTIM, STRANGER), repeat=3)))
def test_a_file_is_used_as_linux_does(folder: int, file: int, user: int) -> None:
    for mode in range(0o2000):
        expected = mode & 0o1002 != 0o1002 or file in (user, folder)
        assert links.may_use(seen(file, 0o100666), seen(folder, stat.S_IFDIR | mode), user) is expected


def test_the_rule_is_asked_of_every_link(way: str, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root: the links are ours, and the rule takes us for somebody else."""
    shared.chmod(STICKY)
    asked: list[tuple[int, int]] = []

    def refuse(link: os.stat_result, folder: os.stat_result, user: int) -> bool:
        assert stat.S_ISLNK(link.st_mode)
        asked.append((stat.S_IMODE(folder.st_mode), user))
        return False

    monkeypatch.setattr(links, "may_follow", refuse)
    (shared / "file").symlink_to("../home/file.png")
    (shared / "folder").symlink_to("../home")
    (shared / "nothing").symlink_to("../home/new")
    for call in (
        lambda: atomic.write(str(shared / "file"), [NEW]),
        lambda: atomic.write(str(shared / "folder" / "file.png"), [NEW]),
        lambda: atomic.write(str(shared / "folder" / "new.png"), [NEW]),
        lambda: atomic.write(str(shared / "nothing"), [NEW]),
        lambda: atomic.begun(str(shared / "file")),
        lambda: atomic.make_folder(str(shared / "folder" / "new")),
    ):
        with pytest.raises(errors.FileError, match="another user"):
            call()
    assert asked == [(STICKY, os.geteuid())] * 6
    assert unharmed(shared)


# ---------------------------------------------------------------- what is followed


def test_own_links_are_followed(way: str, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to links, to folders, upwards and from the root, from any folder; as the system resolves them."""
    monkeypatch.chdir(shared)
    (shared / "file").symlink_to("../home/./file.png")
    (shared / "again").symlink_to("file")
    (shared / "folder").symlink_to(shared.parent / "home")
    (shared / "deep").mkdir()
    (shared / "deep" / "up").symlink_to("..//folder/")
    for path in (
        "file",
        "again",
        "folder/file.png",
        "./deep/../folder/file.png",
        "deep/up/../home/file.png",
        "deep/up/file.png",
        str(shared / "again"),
    ):
        content = path.encode()
        assert os.path.samefile(path, "../home/file.png")
        atomic.write(path, [content])
        assert (shared.parent / "home" / "file.png").read_bytes() == content
    atomic.write("deep/up/new.png", [NEW])
    assert (shared.parent / "home" / "new.png").read_bytes() == NEW
    assert sorted(path.name for path in shared.iterdir()) == ["again", "deep", "file", "folder"]


def test_links_in_circles(way: str, shared: Path) -> None:
    (shared / "a").symlink_to("b")
    (shared / "b").symlink_to("a")
    for call in (lambda: atomic.write(str(shared / "a"), [NEW]), lambda: atomic.make_folder(str(shared / "a" / "new"))):
        with pytest.raises(errors.FileError, match="cannot be written"):
            call()


def test_links_to_nothing_are_refused(way: str, shared: Path) -> None:
    """Also the user's own, anywhere: what they would make is nowhere to be seen."""
    (shared.parent / "nothing.png").symlink_to("home/new.png")
    (shared.parent / "again.png").symlink_to("nothing.png")
    (shared.parent / "lost").symlink_to("home/new/folder")
    for call in (
        lambda: atomic.write(str(shared.parent / "nothing.png"), [NEW]),
        lambda: atomic.write(str(shared.parent / "again.png"), [NEW]),
        lambda: atomic.write(str(shared.parent / "lost" / "new.png"), [NEW]),
        lambda: atomic.begun(str(shared.parent / "nothing.png")),
        lambda: atomic.make_folder(str(shared.parent / "lost")),
        lambda: atomic.make_folder(str(shared.parent / "lost" / "new")),
    ):
        with pytest.raises(errors.FileError, match="symbolic link to something that does not exist"):
            call()
    assert unharmed(shared)
    done = imgconv("filter", "vertical", "in.png", "-o", "nothing.png", cwd=shared.parent)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "nothing.png: is a symbolic link to something that does not exist" in done.err
    assert unharmed(shared)


def test_folders_that_are_not_there(way: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    for path in ("none/new.png", "file/new.png", "none/../new.png"):
        with pytest.raises(errors.FileError, match="there is no folder"):
            atomic.write(str(tmp_path / path), [NEW])
    for path in (".", "..", "/", ""):
        with pytest.raises(errors.FileError, match="it is a folder"):
            atomic.write(path and os.path.join(tmp_path, path), [NEW])
    for path in ("file", "file/new"):
        with pytest.raises(errors.FileError, match="cannot be written"):
            atomic.make_folder(str(tmp_path / path))
    (tmp_path / "link").symlink_to("real/..")
    (tmp_path / "real").mkdir()
    atomic.make_folder(str(tmp_path / "link" / "a" / "." / "b" / ".." / "c"))
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "a",
        "a/b",
        "a/c",
        "file",
        "link",
        "real",
    ]


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no links of that kind here")
def test_open_files_are_reached_by_their_links(way: str, tmp_path: Path) -> None:
    """/dev/stdout: a pipe is written to, a file with a name is replaced, one without is written where it is."""
    out, into = os.pipe()
    atomic.write(f"/proc/self/fd/{into}", [NEW])
    assert os.read(out, 10) == NEW
    os.close(out)
    os.close(into)
    for write in (lambda path: atomic.write(path, [NEW]), lambda path: atomic.begun(path).close()):
        with open(tmp_path / "file", "w+b") as file:
            file.write(OLD)
            file.flush()
            write(f"/dev/fd/{file.fileno()}")
            assert (tmp_path / "file").read_bytes() in (NEW, b"")
            os.unlink(tmp_path / "file")
        with tempfile.TemporaryFile(dir=tmp_path) as file:
            file.write(OLD)
            file.flush()
            write(f"/dev/fd/{file.fileno()}")
            file.seek(0)
            assert file.read() in (NEW, b"")
        assert list(tmp_path.iterdir()) == []
    folder = os.open(tmp_path, os.O_RDONLY)
    atomic.write(f"/proc/self/fd/{folder}/new", [NEW])
    os.close(folder)
    assert (tmp_path / "new").read_bytes() == NEW


# ---------------------------------------------------------------- strangers


@as_root
@pytest.mark.parametrize(
    "words",
    [
        "filter vertical in.png -o shared/link.png",
        "filter vertical in.png -o shared/folder/new.png",
        "filter vertical in.png -o shared/folder/new/",
        "filter vertical in.png -o shared/ --overwrite",
        "filter vertical anim.gif -o shared/ --format jpeg --overwrite",
        "filter vertical in.png -o /dev/null --report shared/link.png",
        "edges sobel in.png -o /dev/null --hue shared/link.png",
        "kernels convert sobel-x --to vips -o shared/link.png",
        "kernels show sobel-x --plot shared/link.png",
    ],
)
def test_a_strangers_link_is_not_followed(shared: Path, words: str) -> None:
    frames = [Image.fromarray(noise(5, 6, seed=seed)) for seed in range(2)]
    frames[0].save(shared.parent / "anim.gif", save_all=True, append_images=frames[1:])
    for name, to in {"link.png": "file.png", "in.png": "file.png", "anim-000.jpg": "file.png", "folder": ""}.items():
        planted(shared, name, f"../home/{to}")
    done = imgconv(*words.split(), cwd=shared.parent)
    assert done.code == 1, done.err
    assert "is a symbolic link that another user put into a folder open to everybody" in done.err
    assert unharmed(shared)


@as_root
def test_a_derived_name_follows_no_strangers_link(shared: Path) -> None:
    save(shared / "scan.png", noise(5, 6))
    link = planted(shared, "scan-vertical.png", "../home/file.png")
    for more in ((), ("--overwrite",)):
        done = on_terminal("filter", "vertical", "scan.png", *more, cwd=shared)
        assert (done.code, unharmed(shared)) == (1, True), done.err
    link.unlink()
    planted(shared, "scan-vertical.png", "../home/new.png")
    assert on_terminal("filter", "vertical", "scan.png", cwd=shared).code == 1
    assert unharmed(shared)


@as_root
@pytest.mark.parametrize("mode", [STICKY, OPEN])
def test_whose_links_are_followed(way: str, shared: Path, mode: int) -> None:
    """By root: its own and the folder's owner's. In a folder that is not everybody's, all of them."""
    shared.chmod(mode)
    os.chown(shared, VICTIM, VICTIM)
    for owner in (ROOT, VICTIM):
        planted(shared, f"{owner}.png", "../home/file.png", owner)
        atomic.write(str(shared / f"{owner}.png"), [b"%d" % owner])
        assert (shared.parent / "home" / "file.png").read_bytes() == b"%d" % owner
    stranger = planted(shared, "stranger.png", "../home/file.png")
    with pytest.raises(errors.FileError, match="another user"):
        atomic.write(str(stranger), [NEW])
    shared.chmod(OURS)
    atomic.write(str(stranger), [NEW])
    assert (shared.parent / "home" / "file.png").read_bytes() == NEW


AS_VICTIM = f"""
import os, sys
from imgconv import errors
from imgconv.files import atomic, attributes
os.setgroups([])
os.setgid({VICTIM})
os.setuid({VICTIM})
for path in sys.argv[1:]:
    try:
        atomic.write(path, [b"new"])
    except errors.FileError as error:
        print(error)
"""


@as_root
def test_a_user_beside_a_stranger() -> None:
    """The attack itself: neither is root."""
    with tempfile.TemporaryDirectory() as made:  # its parents are open to others, those of tmp_path are not
        folder = Path(made)
        folder.chmod(OURS)
        for name, owner, mode in (("shared", ROOT, STICKY), ("home", VICTIM, 0o700)):
            (folder / name).mkdir()
            (folder / name).chmod(mode)
            os.chown(folder / name, owner, owner)
        (folder / "home" / "file.png").write_bytes(OLD)
        os.chown(folder / "home" / "file.png", VICTIM, VICTIM)
        for owner in (ROOT, VICTIM, STRANGER):
            planted(folder / "shared", f"{owner}.png", "../home/file.png", owner)
        words = (sys.executable, "-c", AS_VICTIM)
        done = subprocess.run(
            [*words, f"shared/{STRANGER}.png"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert "another user" in done.stdout
        assert unharmed(folder / "shared")
        done = subprocess.run(
            [*words, f"shared/{ROOT}.png", f"shared/{VICTIM}.png"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, (folder / "home" / "file.png").read_bytes()) == ("", NEW)


@as_root
def test_files_of_strangers_in_a_shared_folder(way: str, shared: Path) -> None:
    """As protected_regular and protected_fifos do: who owns them would read what is written."""
    (shared / "file").write_bytes(OLD)
    os.mkfifo(shared / "fifo")
    for name in ("file", "fifo"):
        os.chown(shared / name, STRANGER, STRANGER)
        for call in (lambda path: atomic.write(path, [NEW]), atomic.begun):
            with pytest.raises(errors.FileError, match="belongs to another user"):
                call(str(shared / name))
    assert (shared / "file").read_bytes() == OLD
    shared.chmod(OPEN)
    atomic.write(str(shared / "file"), [NEW])
    assert (shared / "file").read_bytes() == NEW


@as_root
def test_a_strangers_link_opens_no_device(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even to ask whether it is a terminal: opening some devices has effects."""
    opening, opened = os.open, list[int]()

    def watched(path: str, flags: int, *more: Any, **named: Any) -> int:
        opened.append(flags)
        return opening(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", watched)
    with pytest.raises(errors.FileError, match="another user"):
        atomic.write(str(planted(shared, "link", "/dev/null")), [NEW])
    jobs = plan_jobs(
        [Source("in.png")], Naming(str(shared / "link")), stdin_is_terminal=False, stdout_is_terminal=False
    )
    assert [job.target for job in jobs] == [str(shared / "link")]
    assert all(flags & os.O_PATH for flags in opened)


# ---------------------------------------------------------------- reports, which are written where they stand


def test_a_report_is_begun_anew(way: str, shared: Path) -> None:
    atomic.make_folder(str(shared.parent / "made"))
    report = shared.parent / "made" / "report.jsonl"
    for content in (OLD, NEW):
        with atomic.begun(str(report)) as stream:
            stream.write(content)
        assert report.read_bytes() == content
    number = report.stat().st_ino
    (shared.parent / "link").symlink_to("made/report.jsonl")
    RunReport(str(shared.parent / "link"), []).stream.close()
    assert (report.stat().st_ino, report.read_bytes()) == (number, b"")


def test_a_report_is_not_another_file_by_its_other_name(way: str, shared: Path) -> None:
    (shared / "report").hardlink_to(shared.parent / "home" / "file.png")
    with pytest.raises(errors.FileError, match="hard links"):
        atomic.begun(str(shared / "report"))
    assert unharmed(shared)
    shared.chmod(OURS)
    atomic.begun(str(shared / "report")).close()
    assert (shared.parent / "home" / "file.png").read_bytes() == b""


def test_what_comes_there_meanwhile_is_not_opened(way: str, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question and the opening another file, or a link, takes the place."""
    opening = os.open
    home = shared.parent / "home" / "file.png"
    for swap in (lambda path: path.symlink_to(home), lambda path: path.hardlink_to(home)):
        report = shared / "report"
        report.write_bytes(b"")

        def swapped(
            path: str, flags: int, *more: Any, swap: Callable[[Path], None] = swap, report: Path = report, **named: Any
        ) -> int:
            if flags & os.O_WRONLY:
                report.unlink()
                swap(report)
            return opening(path, flags, *more, **named)

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", swapped)
            with pytest.raises(errors.FileError, match="cannot be written"):
                atomic.begun(str(report))
        assert unharmed(shared)
        report.unlink()


# ---------------------------------------------------------------- races


PLANTER = """
import os, sys
os.setgid({stranger})
os.setuid({stranger})
os.chdir(sys.argv[1])
print("ready", flush=True)
while True:
    for make in (
        lambda: os.symlink("../home/file.png", "out.png"),
        lambda: os.symlink("../home", "out.png"),
        lambda: os.mkdir("out.png"),
        lambda: open("out.png", "x").close(),
        lambda: os.link("mine", "out.png", follow_symlinks=False),
    ):
        for remove in (os.unlink, os.rmdir):
            try:
                remove("out.png")
            except OSError:
                pass
        try:
            make()
        except OSError:
            pass
"""


@as_root
@pytest.mark.slow
def test_a_stranger_who_swaps_links_while_files_are_written() -> None:
    """For ten seconds: whatever is in the way at which moment, the victim's folder stays as it was."""
    with tempfile.TemporaryDirectory() as made:
        folder, ended = Path(made), time.monotonic() + 10
        folder.chmod(OURS)
        for name, mode in (("home", 0o700), ("shared", STICKY)):
            (folder / name).mkdir()
            (folder / name).chmod(mode)
        (folder / "home" / "file.png").write_bytes(OLD)
        planted(folder / "shared", "mine", "../home/file.png")
        words = [sys.executable, "-c", PLANTER.format(stranger=STRANGER), folder / "shared"]
        target, done = str(folder / "shared" / "out.png"), Counter[str]()
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
                while time.monotonic() < ended:
                    for call in (
                        lambda: atomic.write(target, [NEW]),
                        lambda: atomic.begun(target).close(),
                        lambda: atomic.make_folder(f"{target}/new"),
                    ):
                        try:
                            call()
                            done["done"] += 1
                        except errors.FileError as error:
                            done[str(error)] += 1
                        assert unharmed(folder / "shared")
                        for remove, path in ((os.unlink, target), (os.rmdir, f"{target}/new"), (os.rmdir, target)):
                            with contextlib.suppress(OSError):
                                remove(path)
            finally:
                process.kill()
        assert any("another user put" in sentence for sentence in done), done
        assert done["done"] > 0
