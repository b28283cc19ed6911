"""Whole networks: against their layers by definition, and on digits that were held out from training."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.api.apply.layers import COMPUTATIONS
from imgconv.operations.layers import LAYERS
from imgconv.operations.pipeline import Pipeline
from tests.command import imgconv as command
from tests.networks import oracle

SAMPLES = Path(__file__).parent.parent.parent / "samples"
LENET = SAMPLES / "lenet5.safetensors"
TENSORS = "conv 4@3x2 stride=2x1 pad=1 | relu | conv 6@2 groups=2 | tanh | flatten | dense 5 | softmax"


def test_every_layer_is_computed() -> None:
    assert set(COMPUTATIONS) == set(LAYERS)


def test_a_network_is_its_layers() -> None:
    network = imgconv.Network.random(TENSORS, (9, 8, 2), 7)
    image = np.random.default_rng(2).standard_normal((9, 8, 2)).astype("float32")
    tensors = network.tensors
    values = oracle.conv(image, tensors["conv1.weight"], tensors["conv1.bias"], stride=(2, 1), pad=(1, 1, 1, 1))
    values = oracle.conv(np.maximum(values, 0), tensors["conv2.weight"], tensors["conv2.bias"], groups=2)
    values = np.tanh(values).reshape(-1) @ tensors["dense1.weight"] + tensors["dense1.bias"]
    expected = oracle.softmax(values)
    np.testing.assert_allclose(network.run(image[None])[0, 0, 0], expected, rtol=0, atol=1e-5)
    maps = network.maps(image)
    assert next(iter(maps)) == "1 conv 4@3x2 stride=2x1 pad=1"
    np.testing.assert_allclose(maps["7 softmax"][0, 0], expected, rtol=0, atol=1e-5)


def test_batches_give_what_images_give() -> None:
    network = imgconv.Network.random(
        "conv 3@3x3 | maxpool 2 | filter box:3 | avgpool 3 stride=1 | globalmaxpool", (13, 12, 1), 7
    )
    batch = np.random.default_rng(2).standard_normal((5, 13, 12, 1)).astype("float32")
    alone = np.concatenate([network.run(image[None]) for image in batch])
    assert np.array_equal(network.run(batch), alone)
    assert np.array_equal(network.run(batch, threads=1), alone)


def held_out() -> tuple[Any, Any]:
    with gzip.open(SAMPLES / "digits" / "labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read()[8:], np.uint8)
    image = imgconv.load(str(SAMPLES / "digits" / "images-idx3-ubyte.gz"))
    return np.stack([frame.pixels for frame in image.frames])[..., None], labels


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_parts_of_a_large_batch_give_what_images_give(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgconv.api.apply.batches._PART", 2000)
    network = imgconv.Network.random("conv 4@3x3 | relu | maxpool 2 | flatten | dense 3", "10x10x2")
    batch = np.random.default_rng(3).standard_normal((23, 10, 10, 2)).astype("float32")
    images = np.concatenate([network.run(image[None], threads=1) for image in batch])
    np.testing.assert_array_equal(network.run(batch, threads=threads), images)


def test_lenet_5_knows_digits_that_it_was_not_trained_on() -> None:
    network = imgconv.Network.load(LENET)
    digits, labels = held_out()
    found = network.run(digits)[:, 0, 0].argmax(axis=1)
    assert len(labels) == 360
    assert float((found == labels).mean()) >= 0.98
    probabilities = network.run(digits)[:, 0, 0].sum(axis=1)
    np.testing.assert_allclose(probabilities, 1, atol=1e-5)


@pytest.mark.parametrize("digit", range(10))
def test_predict(digit: int, tmp_path: Path) -> None:
    path = SAMPLES / "digits" / f"{digit}.png"
    network = imgconv.Network.load(LENET)
    label, probability = network.predict(imgconv.load(str(path)).pixels, top=1)[0]
    assert label == str(digit)
    if digit < 2:
        done = command("predict", LENET, path, "--top", "2", cwd=tmp_path)
        assert done.code == 0
        name, class_, value = done.out.decode().splitlines()[0].split("\t")
        assert (name, class_) == (str(path), str(digit))
        assert abs(float(value) - probability) <= 0.00005001


def test_predict_tells_each_picture_of_a_file(tmp_path: Path) -> None:
    digits, labels = held_out()
    done = command("predict", LENET, SAMPLES / "digits" / "images-idx3-ubyte.gz", "--top", "1", "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert len(lines) == len(digits)
    found = [line["classes"][0]["class"] for line in lines]
    assert np.mean([int(one) == label for one, label in zip(found, labels, strict=True)]) >= 0.98
    assert lines[7]["image"].endswith("images-idx3-ubyte.gz[7]")


def test_predict_refuses_what_does_not_fit(tmp_path: Path) -> None:
    for words, code, sentence in (
        ([LENET, SAMPLES / "bricks.png"], 1, "--fit resize, crop or pad"),
        ([LENET, "missing.png"], 1, "missing.png"),
        ([LENET], 2, "no picture"),
        ([], 2, "which network?"),
        ([LENET, SAMPLES / "digits" / "1.png", "--fit", "squash"], 2, "squash"),
        (["dense 3", SAMPLES / "digits" / "1.png"], 2, "--weights"),
    ):
        done = command("predict", *words, cwd=tmp_path)
        assert (done.code, sentence in done.err) == (code, True), done.err
        assert len(done.err.splitlines()) == 1
    done = command("predict", LENET, "missing.png", SAMPLES / "digits" / "1.png", "--top", "1", cwd=tmp_path)
    assert done.code == 1
    assert b"\t1\t" in done.out


def test_predict_reads_damaged_pictures_if_told_to(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes((SAMPLES / "digits" / "7.png").read_bytes()[:250])
    assert command("predict", LENET, "cut.png", cwd=tmp_path).code == 1
    done = command("predict", LENET, "cut.png", "--allow-truncated", cwd=tmp_path)
    assert (done.code, "cut short" in done.err) == (0, True), done.err


def test_predict_takes_folders(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    folder.mkdir()
    for digit in (3, 1):
        (folder / f"{digit}.png").write_bytes((SAMPLES / "digits" / f"{digit}.png").read_bytes())
    done = command("predict", LENET, folder, "--top", "1", cwd=tmp_path)
    assert [line.split("\t")[1] for line in done.out.decode().splitlines()] == ["1", "3"]


def test_plans_tell_the_work_of_layers(tmp_path: Path) -> None:
    done = command("run", LENET, SAMPLES / "digits" / "3.png", "--plan", cwd=tmp_path)
    assert done.code == 0, done.err
    lines = done.out.decode().splitlines()
    assert len(lines) == 14
    assert lines[1].endswith("1 -> 6 channels in float32, 117,600 multiply-adds")


def test_run_writes_the_values_that_come_out(tmp_path: Path) -> None:
    path = SAMPLES / "digits" / "3.png"
    done = command("run", LENET, path, "-o", "out.npy", cwd=tmp_path)
    assert done.code == 0, done.err
    expected = imgconv.Network.load(LENET).run(imgconv.load(str(path)).pixels[None, ..., None])[0]
    got = np.load(tmp_path / "out.npy")
    assert got.dtype == np.float32
    np.testing.assert_allclose(got.reshape(expected.shape), expected, rtol=0, atol=1e-6)
    text = str(imgconv.Network.load(LENET))
    np.savez(tmp_path / "weights.npz", **dict(imgconv.Network.load(LENET).tensors))
    done = command("run", text, "--weights", "weights.npz", path, "-o", "again.npy", cwd=tmp_path)
    assert done.code == 0, done.err
    assert np.array_equal(np.load(tmp_path / "again.npy"), got)


def test_run_needs_weights_and_a_format_for_floats(tmp_path: Path) -> None:
    done = command("run", "conv 2@3x3", SAMPLES / "digits" / "3.png", "-o", "out.npy", cwd=tmp_path)
    assert (done.code, "--weights" in done.err) == (2, True), done.err
    done = command("run", LENET, SAMPLES / "digits" / "3.png", "-o", "out.png", cwd=tmp_path)
    assert done.code in (1, 2)
    assert "npy" in done.err


def test_maps_say_what_of_the_picture_is_not_shown(tmp_path: Path) -> None:
    frames = np.zeros((3, 28, 28, 1), np.uint8)
    np.save(tmp_path / "frames.npy", frames)
    done = command("maps", LENET, "frames.npy", "-o", "maps.png", cwd=tmp_path)
    assert (done.code, "the first of 3 frames is shown" in done.err) == (0, True)
    content = (SAMPLES / "digits" / "3.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    done = command("maps", LENET, "cut.png", "-o", "maps.png", "--allow-truncated", cwd=tmp_path)
    assert (done.code, "read as far as it goes" in done.err) == (0, True)


@pytest.mark.parametrize(
    "words", [("run", "--weights", LENET), ("predict", "--weights", LENET), ("summary", "--random", "3")]
)
def test_a_network_with_weights_takes_no_others(tmp_path: Path, words: tuple[Any, ...]) -> None:
    (tmp_path / "LENET.SAFETENSORS").write_bytes(LENET.read_bytes())
    picture = () if words[0] == "summary" else (SAMPLES / "digits" / "3.png",)
    done = command(words[0], "LENET.SAFETENSORS", *picture, *words[1:], cwd=tmp_path)
    assert (done.code, f"has weights of its own; leave out {words[1]}" in done.err) == (2, True)


def test_maps(tmp_path: Path) -> None:
    path = SAMPLES / "digits" / "3.png"
    done = command("maps", LENET, path, "-o", "maps.png", "--each", "maps", "--format", "npy", cwd=tmp_path)
    assert done.code == 0, done.err
    page = imgconv.load(str(tmp_path / "maps.png")).pixels
    assert page.shape[1:] == (1400, 3)
    expected = list(imgconv.Network.load(LENET).maps(imgconv.load(str(path)).pixels).values())
    files = sorted((tmp_path / "maps").iterdir())
    assert len(files) == len(expected)
    for file, values in zip(files, expected, strict=True):
        assert np.array_equal(np.load(file).reshape(values.shape), values)
    done = command("maps", LENET, path, "--each", "maps", "--format", "npy", cwd=tmp_path)
    assert (done.code, "exists already" in done.err) == (1, True)
    done = command("maps", LENET, path, "--each", "maps", "--format", "npy", "--overwrite", cwd=tmp_path)
    assert done.code == 0, done.err
    done = command("maps", LENET, "maps.png", "-o", "maps.png", "--fit", "resize", cwd=tmp_path)
    assert (done.code, "is also an input" in done.err) == (2, True)
    assert command("maps", LENET, path, "--layer", "conv3", "-o", "x.png", cwd=tmp_path).code == 2
    assert command("maps", LENET, path, "--layer", "conv2", "-o", "conv2.png", cwd=tmp_path).code == 0


@pytest.mark.parametrize("batch", [np.zeros((2, 28, 28)), np.zeros((1, 20, 28, 1)), np.zeros((0, 28, 28, 1)), "text"])
def test_other_batches_are_refused(batch: Any) -> None:
    with pytest.raises(errors.PixelError):
        imgconv.Network.load(LENET).run(batch)


def test_padding_beyond_memory_is_refused() -> None:
    network = imgconv.Network.random("pad 1000000000", (3, 3, 1))
    with pytest.raises(errors.ImgconvError, match="not enough memory for the values of step 1"):
        network.run(np.zeros((1, 3, 3, 1)))


def test_infinities_go_on() -> None:
    batch = np.full((1, 1, 1, 2), np.inf)
    assert np.isnan(imgconv.Network.random("softmax", (1, 1, 2)).run(batch)).all()


TEXTS = [
    "conv 64@3x3",
    "conv 8@5x3 stride=2 pad=same dilation=2 groups=2 border=edge no-bias name=first",
    "conv 4@3x3 depthwise",
    "dense 10 no-bias",
    "flatten",
    "batchnorm epsilon=0.001 name=bn",
    "normalize scale=1/255 mean=0.5,0.25,0.125 std=2",
    "local-response size=3 alpha=0.5 beta=0.5 k=2",
    "prelu",
    "softmax",
    "log-softmax",
    "dropout 0.25",
    "pad 1,2,3,4 border=reflect",
    "globalavgpool",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_of_layers(text: str) -> None:
    pipeline = Pipeline.parse(text)
    assert Pipeline.parse(str(pipeline)) == pipeline
    assert str(pipeline) == text


@pytest.mark.parametrize(
    "text",
    [
        "normalize scale=1/255 | conv 4@3x3 | tanh | avgpool 2 | sigmoid | flatten | dense 5 | softmax",
        "filter gaussian:1 | conv 4@3x3 | relu | gelu | clip:0,1/2 | local-response",
        "avgpool 2 | filter sharpen | dropout | elu",
    ],
)
def test_run_and_networks_give_the_same_numbers(text: str, tmp_path: Path) -> None:
    """To the bit: there is one way to compute a network."""
    network = imgconv.Network.random(text, (16, 15, 3), 4)
    pixels = np.random.default_rng(5).integers(0, 256, (16, 15, 3), "uint8")
    expected = network.run(pixels[None])[0]
    assert np.array_equal(imgconv.run(pixels, Pipeline(network.layers)), expected)
    imgconv.save(imgconv.Image((imgconv.values.image.Frame(pixels),)), tmp_path / "in.png")
    converted = imgconv.load(tmp_path / "in.png").through(Pipeline(network.layers))
    assert np.array_equal(converted.pixels, expected if expected.shape[2] > 1 else expected[..., 0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: imgconv.Network.load("a\0b.npz"),
        lambda: imgconv.Network.load("relu").with_labels(3),  # type: ignore[arg-type]
        lambda: imgconv.Network.load("relu").with_labels("abc"),
        lambda: imgconv.Network.load("relu").run("x"),
        lambda: imgconv.Network.load("relu").maps(None),
        lambda: imgconv.Network.load("relu").run(np.zeros((1, 2, 2, 1)), threads="x"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_raise_errors_of_ours(call: Any) -> None:
    with pytest.raises(errors.ImgconvError):
        call()
