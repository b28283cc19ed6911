"""Images at URLs, in and out, as if they were in folders: `memory://` here, S3 once by a server of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.files import by_rows, remote, urls
from tests.command import called, noise, save
from tests.command import imgconv as command

fsspec = pytest.importorskip("fsspec", reason="the package fsspec is not installed")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Any]:
    """The file system of memory://, with four images in /in; the same are in a folder."""
    system = fsspec.filesystem("memory")
    for name in ("a", "b", "sub/c"):
        save(tmp_path / "in" / f"{name}.png", noise(9, 8))
        system.pipe_file(f"/in/{name}.png", (tmp_path / "in" / f"{name}.png").read_bytes())
    system.pipe_file("/in/notes.txt", b"no image")
    system.pipe_file("/in/.hidden.png", b"no image")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


# ---------------------------------------------------------------- names


def test_what_a_url_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert urls.is_url("s3://bucket/a.png")
    assert not any(map(urls.is_url, ("s3:/a", "C://a", "a/s3://b", "text:1 2", "-")))
    (tmp_path / "s3:").mkdir()
    assert not urls.is_url("s3://bucket/a.png")  # a folder here


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (urls.joined("s3://b/out/", "", "a.png"), "s3://b/out/a.png"),
        (urls.joined("memory://", "a.png"), "memory://a.png"),
        (urls.folder_of("memory://a.png"), "memory://"),
        (urls.folder_of("s3://b/x/a.png"), "s3://b/x"),
        (urls.normal("s3://b/./x//a.png"), "s3://b/x/a.png"),
        (urls.normal("memory:///x/a.png"), "memory:///x/a.png"),
        (urls.without_query("https://h/a.png?sig=1/2#x"), "https://h/a.png"),
        (urls.without_query("s3://b/a?.png"), "s3://b/a?.png"),
    ],
)
def test_names_of_urls(made: str, expected: str) -> None:
    assert made == expected


def test_what_is_called_like_a_url_here_is_taken_literally(store: Any, tmp_path: Path) -> None:
    save(tmp_path / "memory:" / "in" / "a.png", noise(4, 4))
    done = called("pool", "memory://in/a.png", "-o", "memory://out.png", cwd=tmp_path)
    assert done.err == "imgconv: memory://in/a.png -> memory://out.png: 2x2 gray (from 4x4)\n"
    assert (tmp_path / "memory:" / "out.png").exists()


# ---------------------------------------------------------------- folders, patterns, lists


def test_folders_give_what_folders_here_give(store: Any, tmp_path: Path) -> None:
    here = called("pool", "in", "-r", "-o", "out/", cwd=tmp_path)
    there = called("pool", "memory://in", "-r", "-o", "memory://out/", cwd=tmp_path)
    assert (there.code, there.err.replace("memory://", "")) == (0, here.err)
    for path in (tmp_path / "out").rglob("*.png"):
        assert store.cat_file(f"/{path.relative_to(tmp_path)}") == path.read_bytes()
    done = called("pool", "memory://in/", "-o", "memory://in/out/", "--dry-run", cwd=tmp_path)
    assert done.err == "imgconv: 2 would be written\n"
    assert called("pool", "memory://in", "-r", "-o", "memory://in/sub/", "--dry-run", cwd=tmp_path).err[9] == "2"


def test_patterns_lists_and_templates(store: Any, tmp_path: Path) -> None:
    done = called("pool", "memory://in/**/*.png", "-o", "memory://t/{dir}/{stem}-{op}{ext}", "-q", cwd=tmp_path)
    assert done.code == 1  # the hidden one is matched as a shell of `**` would, and is no image
    assert store.find("/t") == [f"/t/{name}-maxpool-2x2.png" for name in ("a", "b", "sub/c")]
    store.pipe_file("/list.txt", b"memory://in/a.png\nmemory://in/sub/\n")
    (tmp_path / "list.txt").write_bytes(b"memory://in/a.png\nmemory://in/sub/\n")
    done = called("pool", "@list.txt", "-o", "memory://{dir}/{stem}.npy", cwd=tmp_path)
    assert done.err.splitlines()[-1] == "imgconv: 2 written", done.err
    assert sorted(path for path in store.find("/") if path.endswith(".npy")) == ["/c.npy", "/in/a.npy"]
    assert "none matches it" in called("pool", "memory://in/*.jpg", cwd=tmp_path).err


def test_one_file_and_names_beside_it(store: Any, tmp_path: Path) -> None:
    done = called("pool", "memory://in/a.png", "-o", "memory://in/a.png", "--overwrite", cwd=tmp_path)
    assert done.code == 0
    (record,) = imgconv.batch("maxpool 2", "memory://in/b.png")
    assert record["outputs"] == ["memory://in/b-maxpool-2x2.png"]
    np.testing.assert_array_equal(
        imgconv.load("memory://in/b-maxpool-2x2.png").pixels, imgconv.load("memory://in/a.png").pixels
    )
    imgconv.save(imgconv.load("memory://in/b.png"), "memory://saved.bmp")
    assert store.cat_file("/saved.bmp")[:2] == b"BM"


# ---------------------------------------------------------------- what is there


def test_what_is_there_is_refused_left_or_replaced(store: Any, tmp_path: Path) -> None:
    words = ("pool", "memory://in", "-o", "memory://out")
    assert called(*words, cwd=tmp_path).code == 0
    store.pipe_file("/out/a.png", b"somebody's")
    refused = called(*words, cwd=tmp_path)
    assert (refused.code, refused.err.count("exists already")) == (1, 2)
    assert called(*words, "--skip-existing", cwd=tmp_path).err == "imgconv: 0 written, 2 there already\n"
    assert store.cat_file("/out/a.png") == b"somebody's"
    assert called(*words, "--overwrite", cwd=tmp_path).code == 0
    assert store.cat_file("/out/a.png")[:4] == b"\x89PNG"


def test_a_manifest_knows_versions(store: Any, tmp_path: Path) -> None:
    words = ("pool", "memory://in", "-o", "memory://out", "--update", "--manifest", "run.jsonl")
    assert called(*words, cwd=tmp_path).err.endswith("2 written\n")
    stamp = json.loads((tmp_path / "run.jsonl").read_text().splitlines()[0])["stamp"]
    assert (stamp["source"], stamp["hash"], bool(stamp["time"])) == ("memory://in/a.png", None, True)
    assert called(*words, cwd=tmp_path).err == "imgconv: 0 written, 2 up to date\n"
    store.pipe_file("/in/b.png", store.cat_file("/in/b.png"))  # another version
    assert called(*words, cwd=tmp_path).err.endswith("1 written, 1 up to date\n")
    store.pipe_file("/out/a.png", b"somebody's")
    assert "memory://out/a.png: exists already" in called(*words, cwd=tmp_path).err


def test_losses_are_decided_before_an_object_is_there(store: Any, tmp_path: Path) -> None:
    words = ("filter", "sobel-x", "memory://in/a.png", "-o", "memory://out.png", "--strict")
    assert called(*words, cwd=tmp_path).code == 3
    assert not store.exists("/out.png")


def test_large_images_go_by_rows_or_are_not_there(store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_rows, "LEAST", 1)
    content = save(tmp_path / "large.png", noise(600, 500)).read_bytes()
    store.pipe_file("/large.png", content)
    store.pipe_file("/cut.png", content[: len(content) // 2])
    words = ("pool", "memory://large.png", "-o")
    assert b"by bands" in called(*words, "memory://out.tiff", "--plan", cwd=tmp_path).out
    assert called(*words, "memory://out.tiff", cwd=tmp_path).code == 0
    assert called("pool", "large.png", "-o", "out.tiff", cwd=tmp_path).code == 0
    assert store.cat_file("/out.tiff") == (tmp_path / "out.tiff").read_bytes()
    assert called("pool", "memory://cut.png", "-o", "memory://other.tiff", cwd=tmp_path).code == 1
    assert not store.exists("/other.tiff")


def test_long_files_are_read_in_blocks(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_AT_ONCE", 10)
    monkeypatch.setattr(remote, "scheme_of", lambda url: "other")
    with remote.opened("memory://in/a.png") as stream:
        whole = stream.read()
        assert (stream.seekable(), stream.seek(1), stream.read(3), stream.tell()) == (True, 1, b"PNG", 4)
    assert whole == store.cat_file("/in/a.png")


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("memory://none.png",), 1, "memory://none.png: no such file"),
        (("memory://in/a.png", "-o", "https://host/out/"), 2, "nothing can be written there"),
        (("nonsense://x/a.png", "-o", "out.png"), 2, "no file system is known for nonsense://"),
        (("file:///a.png", "-o", "out.png"), 2, "name the path itself"),
        (("simple://a::memory://b.png", "-o", "out.png"), 2, "without ::"),
        (("memory://in/*.png", "-o", "memory://out.png"), 2, "give a folder"),
    ],
)
def test_refusals_say_what_to_try(store: Any, tmp_path: Path, words: tuple[str, ...], code: int, text: str) -> None:
    done = called("pool", *words, cwd=tmp_path)
    assert (done.code, done.err.count("\n"), text in done.err) == (code, 1, True), done.err


def test_missing_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    done = called("pool", "s3://bucket/a.png", "-o", "out.png", cwd=tmp_path)
    assert (done.code, "pip install 'imgconv[remote]'" in done.err) == (2, True)


class NoCredentialsError(Exception):
    """As botocore's."""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError("Forbidden"), "no permission: Forbidden"),
        (NoCredentialsError("none found"), "none found); set them as the file system expects"),
        (OSError("An error occurred (NoSuchBucket) when calling the PutObject operation: gone"), "no such bucket"),
        (OSError("An error occurred (Slow) when calling the PutObject operation: later"), "written (later)"),
        (NotImplementedError(), "its file system cannot do that"),
        (errors.FileError("as it is"), "as it is"),
    ],
)
def test_what_a_file_system_raises_becomes_a_sentence(error: Exception, text: str) -> None:
    with pytest.raises(errors.FileError) as found, remote._refusals("s3://b/a.png", "cannot be written"):
        raise error
    assert text in str(found.value)


def test_nothing_is_imported_for_paths(tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise(4, 4))
    probe = (
        "import sys, imgconv\n"
        "assert imgconv.batch('maxpool 2', 'a.png', 'out/')[0]['error'] is None\n"
        "assert not {'fsspec', 'distributed', 'imgconv.files.remote'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", probe], cwd=tmp_path, check=True, timeout=60)


# ---------------------------------------------------------------- servers


_UPDATE = ("--update", "--manifest", "run.jsonl")


def test_the_web_is_read(tmp_path: Path) -> None:
    pytest.importorskip("aiohttp", reason="the package aiohttp is not installed")
    save(tmp_path / "a.png", noise(9, 8))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        done = called("pool", f"{base}/a.png?size=large", f"{base}/none.png", "-o", "out/", cwd=tmp_path)
        again = [called("pool", f"{base}/a.png", "-o", "kept/", *_UPDATE, cwd=tmp_path).err for _ in range(2)]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert "a.png -> kept" in again[0]
    assert "a.png -> kept" not in again[1], "Last-Modified has not changed"
    assert done.code == 1
    assert f"{base}/none.png: no such file" in done.err
    assert called("pool", "a.png", "-o", "expected.png", cwd=tmp_path).code == 0
    assert (tmp_path / "out" / "a.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


@contextlib.contextmanager
def s3_server() -> Iterator[str]:
    """A server of S3, in a process of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def request(method: str, url: str, content: bytes | None = None) -> Any:
    """The answer to a request, as (content, media type)."""
    asked = urllib.request.Request(url, content, {"Content-Type": "application/octet-stream"}, method=method)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read(), answer.headers["Content-Type"]


def test_s3_in_and_out(tmp_path: Path) -> None:
    for package in ("moto", "flask", "flask_cors", "s3fs"):
        pytest.importorskip(package, reason=f"the package {package} is not installed")
    save(tmp_path / "in" / "a.png", noise(9, 8))
    save(tmp_path / "in" / "b.png", noise(12, 8))
    with s3_server() as server:
        request("PUT", f"{server}/bucket")
        everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*"}
        request("PUT", f"{server}/bucket?policy", json.dumps({"Statement": [everyone]}).encode())
        for path in (tmp_path / "in").iterdir():
            request("PUT", f"{server}/bucket/in/{path.name}", path.read_bytes())
        env = {
            "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
        words = ("pool", "s3://bucket/in/", "-o", "s3://bucket/out/", "--update", "--manifest", "run.jsonl")
        done = command(*words, "--jobs", "2", cwd=tmp_path, env=env)
        assert (done.code, done.err.splitlines()[-1]) == (0, "imgconv: 2 written"), done.err
        found, media = request("GET", f"{server}/bucket/out/b.png")
        request("PUT", f"{server}/bucket/out/a.png", b"somebody's")
        again = command(*words, "s3://none/c.png", cwd=tmp_path, env=env)
    assert called("pool", "in/b.png", "-o", "expected.png", cwd=tmp_path).code == 0
    assert (found, media) == ((tmp_path / "expected.png").read_bytes(), "image/png")
    assert again.err.splitlines()[-1] == "imgconv: 0 written, 2 failed, 1 up to date"
    assert "s3://bucket/out/a.png: exists already" in again.err
    assert "s3://none/c.png: no such file" in again.err
