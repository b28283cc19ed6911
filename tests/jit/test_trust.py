"""Folders that others could change: nothing is read from them, and nothing written to them."""

import os
import stat
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from imgconv.jit import elf, keys, machine, store, trust
from imgconv.loops import activate
from tests import command
from tests.jit.test_store import KINDS, object_doing

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows guards the user's profile by access lists")


def nobody(path):
    """Gives a file or link to another user, or skips the test."""
    try:
        os.chown(path, 65533, -1, follow_symlinks=False)
    except PermissionError:
        pytest.skip("only root can give files away")


@pytest.fixture
def way(tmp_path):
    """A trusted folder two levels below the test's own, and a name that is kept there."""
    made = tmp_path / "a" / "b"
    assert trust.fault(str(made), make=0o700) == ""
    return made


def mode(bits):
    return lambda path: path.chmod(bits)


def link_to(place):
    def change(path):
        path.rename(path.parent / place)
        path.symlink_to(place)

    return change


@needs_modes
@pytest.mark.parametrize(
    ("change", "word"),
    [
        (mode(0o777), "others can write to"),
        (mode(0o1777), ""),
        (mode(0o770), "others can write to"),
        (mode(0o755), ""),
        (nobody, "belongs to another user"),
        (link_to("elsewhere"), ""),
    ],
)
def test_every_folder_on_the_way_is_trusted_or_none(way, change, word, monkeypatch):
    """The parent of the folder changes; code in the folder is read only where nobody else could have put it there."""
    monkeypatch.setenv("IMGCONV_CACHE_DIR", str(way))
    name = "loop-" + "0" * 32
    store.write(name, b"code", "entry")
    change(way.parent)
    reason = trust.fault(str(way))
    assert (word in reason, bool(reason)) == (True, bool(word)), reason
    assert (store.read(name) is None) == bool(word)
    assert (store.writable_folder() is None) == bool(word)
    assert list(store._names()) == ([] if word else [name])


@needs_modes
@pytest.mark.parametrize(
    ("change", "word"),
    [
        (mode(0o700), ""),
        (mode(0o500), ""),
        (mode(0o755), "mode 0700"),
        (mode(0o710), "mode 0700"),
        (nobody, "another user"),
        (link_to("real"), "is a link"),
    ],
)
def test_below_a_folder_of_everybody_only_a_closed_folder_is_trusted(way, change, word):
    public = way.parent
    os.chmod(public, 0o1777)
    if public.stat().st_uid != 0:
        pytest.skip("the sticky folder must be root's")
    change(way)
    reason = trust.fault(str(way))
    assert (word in reason, bool(reason)) == (True, bool(word)), reason
    assert "others can write" in trust.fault(str(public)), "but nothing is kept in it itself"


@needs_modes
def test_a_link_of_another_user_and_links_in_circles_are_not_followed(way):
    link = way.parent / "link"
    link.symlink_to("b")
    assert trust.fault(str(link)) == trust.fault(f"{link}/../b/.") == trust.fault(f"{way}//") == ""
    os.chmod(way, 0o777)
    assert "others can write" in trust.fault(str(link)), "where the link leads is looked at"
    os.chmod(way, 0o700)
    for name, target in (("x", "y/z"), ("y", "x")):
        (way / name).symlink_to(target)
    assert "128 folders" in trust.fault(str(way / "x"))
    (way / "file").write_bytes(b"")
    for path, error in (
        (way / "missing", FileNotFoundError),
        (way / "file", NotADirectoryError),
        (way / "file" / "x", NotADirectoryError),
    ):
        with pytest.raises(error):
            trust.fault(str(path))
    nobody(link)
    assert "another user" in trust.fault(str(link))


@needs_modes
def test_folders_are_made_as_far_as_they_are_trusted(way):
    assert trust.fault(str(way / "c" / "d"), make=0o755) == ""
    assert stat.S_IMODE((way / "c").stat().st_mode) == 0o755
    os.chmod(way, 0o777)
    assert trust.fault(str(way / "e" / "f"), make=0o755) != ""
    assert not (way / "e").exists()
    os.chmod(way, 0o1777)
    if way.stat().st_uid == 0:
        assert trust.fault(str(way / "e" / "f"), make=0o755) == ""
        assert stat.S_IMODE((way / "e").stat().st_mode) == 0o700


@needs_modes
def test_a_group_of_ones_own_is_nobody_else(way, monkeypatch):
    """Folders that are made under umask 002 belong to such a group."""
    import grp
    import pwd

    group, uid = SimpleNamespace(gr_gid=way.stat().st_gid, gr_name="me", gr_mem=[]), os.getuid()
    user = SimpleNamespace(pw_uid=uid or 1000, pw_gid=group.gr_gid, pw_name="me")
    monkeypatch.setattr(grp, "getgrgid", lambda _: group)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: user)
    os.chmod(way, 0o770)
    assert trust.fault(str(way)) == ""
    group.gr_mem = ["me", "other"]
    assert "others can write" in trust.fault(str(way))
    group.gr_mem, user.pw_gid = [], group.gr_gid + 1
    assert "others can write" in trust.fault(str(way))


@pytest.mark.parametrize("folder", ["loops", "./loops", "../loops"])
def test_folders_that_depend_on_where_one_is_are_not_used(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMGCONV_CACHE_DIR", folder)
    assert store.writable_folder() is None
    assert "does not start at the root" in store.state(folder)[0]
    assert not any(tmp_path.iterdir())


@needs_modes
@pytest.mark.skipif(not elf.expected(), reason="elsewhere LLVM links")
def test_planted_code_runs_only_where_nobody_else_could_have_planted_it(tmp_path, monkeypatch):
    """Through the command: an object that ends the process lies where the loop is kept."""
    loops = tmp_path / "shared" / "loops"
    monkeypatch.setenv("IMGCONV_CACHE_DIR", str(loops))
    pixels = np.array([[-5, 7]], np.int16)
    command.save(tmp_path / "in.npy", pixels)
    store.write(
        keys.key(activate.LOOP, KINDS, machine.here()), *object_doing("call void @llvm.trap() unreachable", " nounwind")
    )
    words = ("activate", "relu", "in.npy", "-o", "out.npy", "--dtype", "int32")
    assert command.imgconv(*words, cwd=tmp_path).code < 0, "what is trusted is run"
    (tmp_path / "shared").chmod(0o777)
    assert command.imgconv(*words, cwd=tmp_path).code == 0
    assert np.load(tmp_path / "out.npy").tolist() == [[0, 7]]
