"""What replaces a file keeps its permissions, access list and extended attributes, or says what is lost; nobody gains
rights."""

from __future__ import annotations

import errno
import itertools
import os
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from imgconv import errors
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.schedule import run_jobs
from imgconv.batches.settings import Settings
from imgconv.batches.task import Listener, Run
from imgconv.files import atomic, attributes
from imgconv.operations.pipeline import Pipeline
from imgconv.values.notes import Note
from tests.command import environment, imgconv, noise, save

OLD, NEW = b"old", b"new"
OWNER, GROUP, USER, TEAM = 1001, 2001, 1002, 2002
ACL, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
OF_OWNER, OF_USER, OF_GROUP, OF_TEAM, MASK, OF_OTHERS = 1, 2, 4, 8, 16, 32

Entry = tuple[int, int, int]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of other users")


def acl(*entries: Entry) -> bytes:
    """An access list as the kernel stores it: version 2; tag, permissions and, of named ones, a number in each
    entry."""
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, rights, one if tag in (OF_USER, OF_TEAM) else 0xFFFFFFFF)
        for tag, rights, one in entries
    )


def entries(content: bytes) -> list[Entry]:
    return list(struct.iter_unpack("<HHI", content[4:]))


FOR_A_USER = acl((OF_OWNER, 6, 0), (OF_USER, 4, USER), (OF_GROUP, 0, 0), (MASK, 4, 0), (OF_OTHERS, 0, 0))
"""Mode 640, where the 4 is the mask: the file's group may not read."""
NOT_FOR_A_USER = acl((OF_OWNER, 6, 0), (OF_USER, 0, USER), (OF_GROUP, 4, 0), (MASK, 4, 0), (OF_OTHERS, 4, 0))


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that other users reach, unlike `tmp_path`, on a file system that knows extended attributes."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made)
        path.chmod(0o755)
        try:
            os.setxattr(path, "user.try", b"")
            os.setxattr(path, DEFAULT, FOR_A_USER)
            os.removexattr(path, DEFAULT)
        except (AttributeError, OSError):
            pytest.skip("no extended attributes or access lists here")
        save(path / "in.png", noise(5, 6))
        yield path


@pytest.fixture(params=["nameless", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Files without a name until they are whole, and what stands in for them."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return str(request.param)


def old_file(
    folder: Path, mode: int = 0o644, owner: int | None = None, group: int | None = None, **attributes: bytes
) -> Path:
    path = folder / "out.png"
    path.write_bytes(OLD)
    for name, value in attributes.items():
        os.setxattr(path, name.replace("__", "."), value)
    if owner is not None:
        os.chown(path, owner, OWNER if group is None else group)
    if ACL not in os.listxattr(path):
        path.chmod(mode)
    return path


def written(path: Path) -> list[Note]:
    heard: list[Note] = []
    atomic.write(str(path), [NEW], heard.append)
    assert path.read_bytes() == NEW
    return heard


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---------------------------------------------------------------- who gains nothing


def test_a_changed_group_gives_nobody_rights() -> None:
    """Whoever is in the old group, the new one, both or none."""
    for mode in range(0o1000):
        new = attributes.closed(mode)
        assert new & 0o700 == mode & 0o700
        for in_old, in_new in itertools.product((False, True), repeat=2):
            before, after = (mode >> 3 if in_old else mode) & 7, (new >> 3 if in_new else new) & 7
            assert after & ~before == 0


def rights(listed: list[Entry], user: int, groups: Collection[int], group: int) -> set[int]:
    """Each set of rights that acl(5) grants to somebody who is not the owner, if it is asked for at once."""
    by_tag = {tag: given for tag, given, _ in listed}
    mask = by_tag.get(MASK, 7)
    for tag, given, one in listed:
        if tag == OF_USER and one == user:
            found = [given & mask]
            break
    else:
        found = [
            given & mask
            for tag, given, one in listed
            if (group if tag == OF_GROUP else one) in groups and tag in (OF_GROUP, OF_TEAM)
        ]
    return {wanted for wanted in range(8) if any(wanted & ~given == 0 for given in found or [by_tag[OF_OTHERS]])}


@pytest.mark.parametrize("masked", [False, True])
def test_a_changed_group_gives_nobody_rights_by_a_list(masked: bool) -> None:
    choices = (0, 4, 6, 7)
    for group, others, user, team, mask in itertools.product(
        choices, choices, choices, choices, (4, 6, 7) if masked else (7,)
    ):
        listed = [
            (OF_OWNER, 6, 0),
            (OF_USER, user, USER),
            (OF_GROUP, group, 0),
            (OF_TEAM, team, TEAM),
            *([(MASK, mask, 0)] if masked else []),
            (OF_OTHERS, others, 0),
        ]
        new = entries(attributes.closed_list(acl(*listed)))
        assert [tag for tag, _, _ in new] == [tag for tag, _, _ in listed]
        for somebody, groups in itertools.product(
            (USER, 5), ((), (1,), (2,), (TEAM,), (1, 2), (1, TEAM), (2, TEAM), (1, 2, TEAM))
        ):
            assert rights(new, somebody, groups, group=2) <= rights(listed, somebody, groups, group=1)


# ---------------------------------------------------------------- what is kept


def test_attributes_are_kept(way: str, folder: Path) -> None:
    path = old_file(folder, 0o604, user__tag=b"holiday", user__empty=b"", user__bytes=bytes(range(256)))
    assert written(path) == []
    assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == {
        "user.tag": b"holiday",
        "user.empty": b"",
        "user.bytes": bytes(range(256)),
    }
    assert mode_of(path) == 0o604


@pytest.mark.parametrize("listed", [FOR_A_USER, NOT_FOR_A_USER], ids=["for a user", "not for a user"])
def test_an_access_list_is_kept(way: str, folder: Path, listed: bytes) -> None:
    """Without it the mask, which stands in the mode as the group's rights, would be the group's."""
    path = old_file(folder, **{ACL.replace(".", "__"): listed, "user__tag": b"holiday"})
    known = path.stat()
    done = imgconv("filter", "vertical", "in.png", "-o", "out.png", cwd=folder) if way == "nameless" else written(path)
    assert isinstance(done, list) or done.code == 0
    assert path.stat().st_ino != known.st_ino
    assert (path.stat().st_mode, os.getxattr(path, ACL), os.getxattr(path, "user.tag")) == (
        known.st_mode,
        listed,
        b"holiday",
    )


def test_what_a_folder_bequeaths(way: str, folder: Path) -> None:
    """A new file is made as every program makes it; one that replaces another has the list of that one, or none."""
    os.setxattr(folder, DEFAULT, FOR_A_USER)
    atomic.write(str(folder / "new.png"), [NEW])
    (folder / "made.png").write_bytes(NEW)
    assert os.getxattr(folder / "new.png", ACL) == os.getxattr(folder / "made.png", ACL)
    path = old_file(folder)
    os.removexattr(path, ACL)
    path.chmod(0o640)
    assert written(path) == []
    assert (os.listxattr(path), mode_of(path)) == ([], 0o640)


# ---------------------------------------------------------------- what cannot be kept


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """No attribute can be set."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "setxattr", refuse)


def test_losses_are_said(way: str, folder: Path, request: pytest.FixtureRequest) -> None:
    path = old_file(folder, 0o666, user__tag=b"holiday")
    request.getfixturevalue("full")
    assert written(path) == [
        Note("attributes-dropped", "not kept of the out.png that was replaced: user.tag (No space left on device)")
    ]
    assert mode_of(path) == 0o666


@pytest.mark.parametrize("listed", [FOR_A_USER, NOT_FOR_A_USER], ids=["for a user", "not for a user"])
def test_without_its_list_a_file_is_its_owners(
    way: str, folder: Path, listed: bytes, request: pytest.FixtureRequest
) -> None:
    path = old_file(folder, **{ACL.replace(".", "__"): listed})
    os.setxattr(folder, DEFAULT, FOR_A_USER)  # not even what a new file would inherit
    request.getfixturevalue("full")
    (note,) = written(path)
    assert (note.code, note.loss) == ("attributes-dropped", True)
    assert "access list (No space left on device)" in note.text
    assert (os.listxattr(path), mode_of(path)) == ([], 0o600)


def test_without_anybody_to_hear_it_the_old_file_stays(way: str, folder: Path, request: pytest.FixtureRequest) -> None:
    path = old_file(folder, user__tag=b"holiday")
    request.getfixturevalue("full")
    with pytest.raises(
        errors.FileError, match=r"cannot be written \(not kept .* user.tag .*; remove the old file first\)"
    ):
        atomic.write(str(path), [NEW])
    assert path.read_bytes() == OLD
    assert sorted(os.listdir(folder)) == ["in.png", "out.png"]


@pytest.mark.parametrize("strict", [False, True])
def test_losses_are_the_outcomes(folder: Path, strict: bool, request: pytest.FixtureRequest) -> None:
    path = old_file(folder, user__tag=b"holiday")
    request.getfixturevalue("full")
    said: list[Outcome] = []
    job = Job(str(folder / "in.png"), str(path), replace=True)
    run = Run(Pipeline.parse("filter identity"), Settings(strict=strict), own_process=True)
    report = run_jobs([job], run, Listener(lambda _, outcome: said.append(outcome)))
    assert report.exit_code == (errors.LOSSY if strict else errors.DONE)
    assert "user.tag" in str(said[0])
    assert (path.read_bytes() == OLD) is strict
    assert sorted(os.listdir(folder)) == ["in.png", "out.png"]


# ---------------------------------------------------------------- other users


AS_USER = f"""
import sys
from imgconv.batches.schedule import run_jobs
from imgconv.batches.settings import Settings
from imgconv.batches.task import Listener, Run
from imgconv.batches.job import Job
from imgconv.operations.pipeline import Pipeline

def ended(target, strict):
    job = Job("in.png", target, replace=True)
    pipeline, settings = Pipeline.parse("filter identity"), Settings(strict=strict)
    run = Run(pipeline, settings, own_process=True)
    return run_jobs([job], run, Listener(lambda _, outcome: print(outcome))).exit_code

import os
for _ in range(2):
    ended("first.png", False)  # whatever is imported on the way may be out of the other user's reach
os.setgroups([int(group) for group in sys.argv[2:]])
os.setgid({USER})
os.setuid({USER})
sys.exit(ended("out.png", sys.argv[1] == "strict"))
"""


def replaced_by_user(folder: Path, *groups: int, strict: bool = False, mode: int = 0o777) -> tuple[int, str]:
    """USER, in a group of the same number, writes over the file in a folder open to all: the exit code and what is
    said."""
    folder.chmod(mode)
    words = [sys.executable, "-c", AS_USER, "strict" if strict else "", *map(str, groups)]
    done = subprocess.run(
        words,
        cwd=folder,
        env=environment({"IMGCONV_NO_JIT": "1"}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode or (folder / "out.png").stat().st_uid == USER
    return done.returncode, done.stdout.splitlines()[-1]


@as_root
@pytest.mark.parametrize("mode", [0o4777, 0o2777, 0o6777, 0o7777])
def test_no_privileges_of_another_owner(folder: Path, mode: int) -> None:
    path = old_file(folder, mode, owner=OWNER, group=GROUP)
    code, said = replaced_by_user(folder, strict=True)
    assert code == errors.DONE, said
    assert mode_of(path) == mode & 0o1777
    assert ("setuid" in said, "setgid" in said) == (bool(mode & stat.S_ISUID), bool(mode & stat.S_ISGID))


@as_root
def test_privileges_of_the_same_owner(way: str, folder: Path) -> None:
    """Permissions are kept: by root, which keeps the owner. Capabilities are of the old content, as they are when it is
    overwritten."""
    path = old_file(folder, 0o6755, owner=OWNER, group=GROUP)
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
    assert written(path) == [
        Note(
            "privileges-dropped",
            "privileges not kept of the out.png that was replaced: security.capability",
            loss=False,
        )
    ]
    assert (path.stat().st_uid, path.stat().st_gid, mode_of(path)) == (OWNER, GROUP, 0o6755)
    assert os.listxattr(path) == []


@as_root
@pytest.mark.parametrize(("mode", "expected"), [(0o606, 0o600), (0o666, 0o666), (0o646, 0o644), (0o647, 0o644)])
def test_a_group_that_cannot_be_kept(folder: Path, mode: int, expected: int) -> None:
    """Others may write it, and the group may not read: those others are now a group, and the group others."""
    path = old_file(folder, mode, owner=OWNER, group=GROUP)
    _, said = replaced_by_user(folder)
    assert (path.stat().st_gid, mode_of(path)) == (USER, expected)
    assert (f"group (mode {mode:o} became {expected:o})" in said) is (mode != expected)


@as_root
@pytest.mark.parametrize("in_its_group", [False, True])
def test_a_group_that_can_be_kept(folder: Path, in_its_group: bool) -> None:
    """By its members, though the owner cannot be; and by the owner in a folder that gives its own group to what is made
    there."""
    if not in_its_group:
        os.chown(folder, OWNER, GROUP)
    path = old_file(folder, 0o660, owner=OWNER if in_its_group else USER, group=TEAM if in_its_group else USER)
    code, said = replaced_by_user(folder, TEAM, GROUP, mode=0o777 if in_its_group else 0o2777)
    assert code == errors.DONE
    assert "not kept" not in said
    assert (path.stat().st_uid, path.stat().st_gid, mode_of(path)) == (USER, TEAM if in_its_group else USER, 0o660)


@as_root
def test_a_list_whose_group_cannot_be_kept(folder: Path) -> None:
    listed = acl(
        (OF_OWNER, 6, 0), (OF_USER, 6, USER), (OF_GROUP, 0, 0), (OF_TEAM, 4, TEAM), (MASK, 6, 0), (OF_OTHERS, 4, 0)
    )
    path = old_file(folder, owner=OWNER, group=GROUP, **{ACL.replace(".", "__"): listed})
    replaced_by_user(folder)
    assert [given for _, given, _ in entries(os.getxattr(path, ACL))] == [6, 6, 0, 4, 6, 0]
    assert mode_of(path) == 0o660


@as_root
def test_an_attribute_that_must_not_be_read(folder: Path) -> None:
    """The whole way, with nothing made up: a file that USER may replace and not read."""
    path = old_file(folder, 0o222, owner=OWNER, group=USER, user__tag=b"secret")
    said = "not kept of the out.png that was replaced: user.tag (Permission denied)"
    code, sentence = replaced_by_user(folder, strict=True)
    assert (code, said in sentence, path.read_bytes()) == (errors.LOSSY, True, OLD)
    code, sentence = replaced_by_user(folder)
    assert (code, said in sentence, mode_of(path)) == (errors.DONE, True, 0o222)


READERS = f"""
import os
for user in ({OWNER}, {USER}, 5):
    for group in ({GROUP}, {TEAM}, 7):
        if not os.fork():
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            os._exit(not os.access("out.png", os.R_OK))
        print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@as_root
def test_who_may_read_what_replaces_a_file(way: str, folder: Path) -> None:
    """Asked of the kernel, before and after."""

    def answers() -> list[str]:
        return subprocess.run(
            [sys.executable, "-c", READERS], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.split()

    for listed in (FOR_A_USER, NOT_FOR_A_USER):
        path = old_file(folder, owner=OWNER, group=GROUP, **{ACL.replace(".", "__"): listed})
        before = answers()
        assert set(before) == {"0", "1"}
        assert written(path) == []
        assert answers() == before
        path.unlink()
