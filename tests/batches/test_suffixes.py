"""The suffix of what is written is that of its format, whatever the input is called."""

from __future__ import annotations

import pytest

from tests.command import called, encoded, format_of, noise


@pytest.fixture
def here(tmp_path):
    """A JPEG under wrong names, and a PNG that is called as it should be."""
    (tmp_path / "out").mkdir()
    for name in ("wrong.png", "none", "scan-v1.2", "right.JPG", "x.pbm"):
        (tmp_path / name).write_bytes(encoded(noise(8, 8, 3), "JPEG"))
    (tmp_path / "a.png").write_bytes(encoded(noise(8, 8, 3), "PNG"))
    return tmp_path


def test_files_in_a_folder_are_called_as_they_are(here):
    names = ["wrong.png", "none", "scan-v1.2", "right.JPG", "x.pbm", "a.png"]
    done = called("pool", "--size", "2", *names, "-o", "out", cwd=here)
    assert done.code == 0, done.err
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "a.png",
        "none.jpg",
        "right.JPG",
        "scan-v1.2.jpg",
        "wrong.jpg",
        "x.jpg",
    ]
    assert format_of(here / "out/wrong.jpg") == "JPEG"
    assert "wrong.png -> out/wrong.jpg" in done.err


def test_names_that_become_one_are_refused_before_any_work(here):
    (here / "wrong.jpg").write_bytes(encoded(noise(4, 4, 3), "JPEG"))
    done = called("pool", "--size", "2", "wrong.png", "wrong.jpg", "-o", "out", "--overwrite", cwd=here)
    assert (done.code, list((here / "out").iterdir())) == (2, [])
    assert "wrong.jpg" in done.err


def test_what_is_there_is_not_replaced_unasked(here):
    (here / "out/wrong.jpg").write_bytes(b"mine")
    (here / "out/wrong.png").write_bytes(b"mine, too")
    assert called("pool", "--size", "2", "wrong.png", "-o", "out", cwd=here).code == 1
    assert (here / "out/wrong.jpg").read_bytes() == b"mine"
    assert called("pool", "--size", "2", "wrong.png", "-o", "out", "--overwrite", cwd=here).code == 0
    assert format_of(here / "out/wrong.jpg") == "JPEG"
    assert (here / "out/wrong.png").read_bytes() == b"mine, too"


def test_a_named_format_and_a_named_file_are_taken_as_they_are(here):
    assert called("pool", "--size", "2", "wrong.png", "-o", "out", "--format", "png", cwd=here).code == 0
    assert format_of(here / "out/wrong.png") == "PNG"
    assert called("pool", "--size", "2", "wrong.png", "-o", "out.bmp", cwd=here).code == 0
    assert format_of(here / "out.bmp") == "BMP"
