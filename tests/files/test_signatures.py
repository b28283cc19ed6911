"""What is no image is refused by a sentence that says what it is."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from tests.command import environment, noise, png
from tests.command import imgconv as command


def eps() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(noise(4, 4)).save(stream, "EPS")
    return stream.getvalue()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("in.png", png(noise(4, 4)))
    return stream.getvalue()


CONTENTS = {
    "page.png": (b"<!DOCTYPE html>\n<html><body>404</body></html>", "a web page (HTML)"),
    "page.jpg": (b"\xef\xbb\xbf\n  <!-- none -->\n<HTML>", "a web page (HTML)"),
    "drawing.png": (b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "document.png": (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
    "program.png": (eps(), "PostScript"),
    "archive.png": (zipped(), "archive"),
    "packed.png": (gzip.compress(png(noise(4, 4))), "gunzip"),
    "photo.png": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
    "film.png": (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "film"),
    "film.avi": (b"RIFF\x00\x10\0\0AVI LIST", "film"),
    "binary.png": (b"\x7fELF\2\1\1", "program"),
    "base.png": (b"SQLite format 3\0", "database"),
    "objects.npy": (pickle.dumps(np.zeros((3, 3)).tolist()), "pickle"),
    "words.png": ("nur Wörter\n".encode(), "is text"),
    "zeros.png": (bytes(5000), "zeros"),
    "noise.png": (bytes(range(255, 0, -1)), "not an image"),
    "head.png": (png(noise(4, 4))[:20], "broken or cut short"),
    "cut.jpg": (b"\xff\xd8\xff\xe0", "cut short"),
    "head.tif": (b"II*\0\xff\xff\xff\xff", "cut short"),
    "head.psd": (b"8BPS\0\1", "begins as a PSD file"),
    "empty.png": (b"", "empty"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_it_is_is_said(tmp_path: Path, name: str) -> None:
    content, word = CONTENTS[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(errors.FileError) as caught:
        imgconv.load(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert word in said.removeprefix(str(path))
    assert "\n" not in said
    assert path.read_bytes() == content


def test_the_command_says_the_same(tmp_path: Path) -> None:
    for name, (content, _) in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    done = command("filter", "identity", *CONTENTS, "-q", "-o", "out/", cwd=tmp_path)
    assert done.code == 1
    lines = done.err.splitlines()
    assert len(lines) == len(CONTENTS)
    assert all(
        line.startswith(f"imgconv: {name}: ") and len(line) < 200 for line, name in zip(lines, CONTENTS, strict=True)
    )
    assert not (tmp_path / "out").exists()


def test_programs_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostScript is a language; Pillow would give it to Ghostscript."""
    import subprocess

    monkeypatch.setattr(subprocess, "Popen", None)
    path = tmp_path / "in.eps"
    path.write_bytes(eps())
    with pytest.raises(errors.FileError, match="runs no programs"):
        imgconv.load(path)


def test_only_our_own_sentence_is_said(tmp_path: Path) -> None:
    """libtiff prints to standard error itself, whatever Python does."""
    stream = io.BytesIO()
    Image.fromarray(noise(40, 40, 3)).save(stream, "TIFF", compression="tiff_lzw")
    content = bytearray(stream.getvalue())
    with Image.open(io.BytesIO(content)) as image:
        (offset,) = image.tag_v2[273]  # where the pixels are
    at = content.index(struct.pack("<HHI", 273, 4, 1)) + 8
    assert struct.unpack_from("<I", content, at) == (offset,)
    struct.pack_into("<I", content, at, len(content) - 5)
    (tmp_path / "in.tif").write_bytes(content)
    for words in ((), ("--allow-truncated", "-o", "out.png")):
        done = command("filter", "identity", "in.tif", *words, cwd=tmp_path)
        assert done.err.startswith("imgconv: in.tif"), done.err
        assert done.err.count("\n") == 1, done.err
    closed = subprocess.run(
        f"{sys.executable} -m imgconv filter identity in.tif 2>&-",
        shell=True,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    assert closed.returncode == 1
