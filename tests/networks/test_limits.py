"""What files of networks may cost and do: no file decides how much memory is taken, or what else is opened."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.engine.memory import limited
from imgconv.networks.forecast import images_together
from tests.command import imgconv as command
from tests.command import noise, save


def stored(folder: Path, pipeline: str, shape: str = "8x8x1", labels: str = "") -> str:
    """A file of a network without tensors."""
    path = folder / "stated.safetensors"
    about = {"imgconv": pipeline, "input": shape} | ({"labels": labels} if labels else {})
    text = json.dumps({"__metadata__": about}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    return str(path)


def squeezed(path: Path, name: str, shape: tuple[int, ...], method: int) -> None:
    """An archive of one array of zeros, compressed."""
    with zipfile.ZipFile(path, "w", method) as archive, archive.open(name, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for _ in range(int(np.prod(shape)) >> 18):
            member.write(bytes(2**20))


@pytest.mark.parametrize(("word", "output"), [("predict", ()), ("run", ("-o", "o.npy")), ("maps", ("-o", "o.png"))])
def test_values_beyond_memory_are_refused(tmp_path: Path, word: str, output: tuple[str, ...]) -> None:
    network, digit = stored(tmp_path, "pad 3000000 | relu"), save(tmp_path / "in.png", noise(8, 8))
    done = command(word, network, digit, *output, cwd=tmp_path)
    assert (done.code, done.out) == (1, b"")
    assert "memory" in done.err
    assert done.err.count("\n") == 1


def test_a_stated_limit_covers_networks(tmp_path: Path) -> None:
    digit = save(tmp_path / "in.png", noise(8, 8))
    network = stored(tmp_path, "pad 3000 | relu | flatten")
    for words in (("predict", network, digit), ("maps", network, digit, "-o", "o.png")):
        done = command(*words, "--max-memory", "100M", cwd=tmp_path)
        assert (done.code, done.out) == (1, b"")
        assert "step 1 (pad 3000)" in done.err
    for option, word in ((("--max-pixels", "9"), "has 64 pixels"), (("--max-frames", "1"), "")):
        done = command("predict", stored(tmp_path, "relu"), digit, *option, cwd=tmp_path)
        assert done.code == (1 if word else 0), done.err
        assert word in done.err


def test_weights_count_as_memory(tmp_path: Path) -> None:
    squeezed(tmp_path / "weights.npz", "dense1.weight.npy", (2**12, 5120), zipfile.ZIP_DEFLATED)
    with limited(70_000_000), pytest.raises(errors.FileError, match="weights take 80 MiB, more than"):
        imgconv.Network.load("dense 5120 no-bias", str(tmp_path / "weights.npz"))
    squeezed(tmp_path / "bomb.npz", "dense1.weight.npy", (2**12, 5120), zipfile.ZIP_BZIP2)
    with pytest.raises(errors.FileError, match="of which"):
        imgconv.Network.load("dense 5120 no-bias", str(tmp_path / "bomb.npz"))
    with pytest.raises(errors.FileError, match="more than"):
        imgconv.Network.random("dense 1000000000", "1x1x100000")


def test_models_of_keras_that_expand_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("config.json", b" " * 2**23)
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(errors.FileError, match="of which"):
        imgconv.Network.load(str(path))


def test_networks_open_no_other_files(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a secret")
    for text in (f"filter {tmp_path}/secret.txt", f"filter box:3 with=imagemagick:@{tmp_path}/secret.txt"):
        with pytest.raises(errors.FileError) as refused:
            imgconv.Network.load(stored(tmp_path, text))
        assert "secret\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}" not in str(refused.value)
        assert "a secret" not in str(refused.value)
        assert "opens no other files" in str(refused.value)


def test_the_text_of_layers_has_a_limit(tmp_path: Path) -> None:
    with pytest.raises(errors.FileError, match="longer than 1 MiB"):
        imgconv.Network.load(stored(tmp_path, " | ".join(["relu"] * 200_000)))


def test_labels(tmp_path: Path) -> None:
    """They cannot end a line or a column, nor speak to a terminal."""
    network = stored(tmp_path, "globalmaxpool", labels="\x1b[31mred\tcolour")
    done = command("predict", network, save(tmp_path / "in.png", noise(8, 8)), "--top", "1", cwd=tmp_path)
    assert done.out.decode().split("\t")[1] == r"\x1b[31mred\tcolour"
    done = command("predict", network, "in.png", "--labels", "/dev/zero", cwd=tmp_path)
    assert done.code == 2
    assert "longer than" in done.err


def test_images_go_through_in_groups() -> None:
    network = imgconv.Network.random("conv 3@3x3 | relu | avgpool 2", (64, 64, 1), 3)
    assert images_together(network.pipeline, (64, 64, 1)) < 2000
    batch = np.random.default_rng(1).standard_normal((2000, 64, 64, 1)).astype("float32")
    values = network.run(batch)
    assert np.array_equal(values[-1:], network.run(batch[-1:]))
    assert values.shape == (2000, 31, 31, 3)


def test_neighbours_beyond_all_channels_cost_nothing() -> None:
    network = imgconv.Network.random("local-response size=1000000000", (2, 3, 4))
    batch = np.random.default_rng(1).standard_normal((1, 2, 3, 4)).astype("float32")
    squares = (batch.astype(float) ** 2).sum(axis=3, keepdims=True)
    np.testing.assert_allclose(network.run(batch), batch / (1 + 1e-4 / 1e9 * squares) ** 0.75, rtol=1e-6)


def test_many_layers_take_time_by_their_number() -> None:
    """Not by its square: twenty seconds otherwise."""
    count = 8000
    text = " | ".join(["prelu"] * count)
    tensors = {f"prelu{number}.slope": np.ones(1) for number in range(1, count + 1)}
    network = imgconv.Network(text, tensors, (1, 1, 1))
    assert network.run(np.ones((1, 1, 1, 1))).item() == 1
