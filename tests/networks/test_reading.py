"""Weights from files: orders of axes, names, and what is broken or hostile."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import imgconv
from imgconv import errors
from imgconv.networks.formats import safetensors
from imgconv.networks.formats.stored import Stored

TEXT = "conv 4@3x3 | relu | maxpool 2 | conv 5@2x3 | flatten | dense 7 | batchnorm | prelu | dense 3"
INPUT = (12, 11, 2)
LENET = Path(__file__).parent.parent.parent / "samples" / "lenet5.safetensors"


def network() -> imgconv.Network:
    return imgconv.Network.random(TEXT, INPUT, 3)


def batch() -> Any:
    return np.random.default_rng(1).standard_normal((2, *INPUT)).astype("float32")


def in_torch_s_order(tensors: dict[str, Any]) -> dict[str, Any]:
    """The same weights as PyTorch stores them: outputs first, dense inputs channel by channel, its own names."""
    result = dict(tensors)
    for name in ("conv1.weight", "conv2.weight"):
        result[name] = np.ascontiguousarray(tensors[name].transpose(3, 2, 0, 1))
    height, width, channels = imgconv.Pipeline.parse("conv 4@3x3 | maxpool 2 | conv 5@2x3").result(*INPUT)
    first = tensors["dense1.weight"].reshape(height, width, channels, -1)
    result["dense1.weight"] = np.ascontiguousarray(first.transpose(3, 2, 0, 1).reshape(7, -1))
    result["dense2.weight"] = np.ascontiguousarray(tensors["dense2.weight"].T)
    renamed = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}
    for role, other in renamed.items():
        result[f"batchnorm1.{other}"] = result.pop(f"batchnorm1.{role}")
    result["prelu1.weight"] = result.pop("prelu1.slope")
    result["batchnorm1.num_batches_tracked"] = np.array(7)
    return result


def test_networks_of_ours_come_back(tmp_path: Path) -> None:
    path = str(tmp_path / "own.safetensors")
    own = network()
    safetensors.write(path, Stored(own.tensors, TEXT, input=INPUT, labels=("a", "b", "c")))
    read = imgconv.Network.load(path)
    assert str(read) == TEXT
    assert read.input == INPUT
    assert read.labels == ("a", "b", "c")
    assert np.array_equal(read.run(batch()), own.run(batch()))


@pytest.mark.parametrize("names", ["own", "sequential"])
def test_state_dicts_of_pytorch(tmp_path: Path, names: str) -> None:
    tensors = in_torch_s_order(dict(network().tensors))
    if names == "sequential":  # numbers whose order is not that of texts
        numbers = {"conv1": "0", "conv2": "3", "dense1": "9", "batchnorm1": "10", "prelu1": "11", "dense2": "12"}
        tensors = {f"{numbers[name.split('.')[0]]}.{name.split('.')[1]}": one for name, one in tensors.items()}
    path = str(tmp_path / "model.safetensors")
    save_file(tensors, path, {"format": "pt"})
    read = imgconv.Network.load(TEXT, path)
    assert np.array_equal(read.run(batch()), network().run(batch()))


def test_npz_tells_its_order_by_the_sizes(tmp_path: Path) -> None:
    path = str(tmp_path / "weights.npz")
    for tensors in (dict(network().tensors), in_torch_s_order(dict(network().tensors))):
        np.savez(path, **tensors)
        assert np.array_equal(imgconv.Network.load(TEXT, path).run(batch()), network().run(batch()))


def test_an_order_that_both_fit_is_asked_for(tmp_path: Path) -> None:
    weights = np.arange(9, dtype="float32").reshape(3, 3)
    path = str(tmp_path / "square.npz")
    np.savez(path, **{"dense1.weight": weights})
    with pytest.raises(errors.UsageError, match="--layout"):
        imgconv.Network.load("dense 3 no-bias", path)
    for layout, expected in (("hwio", weights), ("oihw", weights.T)):
        got = imgconv.Network.load("dense 3 no-bias", path, layout=layout).run(np.eye(3)[:, None, None])
        assert np.array_equal(got[:, 0, 0], expected)


@pytest.mark.parametrize("name", ["lenet5.safetensors", "flat.keras", "flat.weights.h5"])
def test_an_order_that_the_format_states_is_not_asked_for(name: str) -> None:
    folder = LENET.parent if name.endswith(".safetensors") else Path(__file__).parent / "data"
    source = (str(folder / name),) if "weights" not in name else ("flatten | dense 4 | dense 3", str(folder / name))
    for layout in ("hwio", "oihw"):
        with pytest.raises(errors.UsageError, match="leave out --layout"):
            imgconv.Network.load(*source, layout=layout)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("conv 4@3x3 | dense 3", "tensors of batchnorm1, conv2"),
        (TEXT.replace("conv 5@2x3", "conv 5@3x3"), "layer conv2: weight is 2x3x4x5, expected 3x3x4x5"),
        (TEXT.replace("dense 7", "dense 8"), "layer dense1"),
        ("conv 4@3x3 | relu", "that no layer takes"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = str(tmp_path / "weights.npz")
    np.savez(path, **dict(network().tensors))
    with pytest.raises(errors.UsageError, match=sentence.replace("(", r"\(")):
        imgconv.Network.load(text, path, input=INPUT)


def _header(entries: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


HOSTILE = {
    "empty": b"",
    "a length beyond the file": struct.pack("<Q", 2**62) + b"{}",
    "no JSON": struct.pack("<Q", 4) + b"????",
    "an offset beyond the file": _header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
    "overlapping tensors": _header(
        {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in "ab"}, bytes(8)
    ),
    "a shape whose product overflows": _header(
        {"a": {"dtype": "F32", "shape": [2**33, 2**33], "data_offsets": [0, 8]}}, bytes(8)
    ),
    "no numbers": _header({"a": {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}}, bytes(2)),
    "not finite": _header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, struct.pack("<f", np.nan)),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_safetensors_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(content)
    with pytest.raises(errors.FileError, match="hostile"):
        imgconv.Network.load("dense 3", str(path))


def test_hostile_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    header = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118)
    header += b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000, 100000), }".ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.weight.npy", header + bytes(2**20))
    with pytest.raises(errors.FileError, match="more than"):
        imgconv.Network.load("dense 3", str(path))
    np.savez(path, **{"dense1.weight": np.array([{}])})  # a pickle
    with pytest.raises(errors.ImgconvError):
        imgconv.Network.load("dense 3", str(path))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".ckpt"])
def test_pickles_are_never_opened(suffix: str) -> None:
    with pytest.raises(errors.FileError, match="save_file"):
        imgconv.Network.load(f"/nonexistent/model{suffix}")


def test_missing_files_are_said() -> None:
    with pytest.raises(errors.FileError, match="no such file"):
        imgconv.Network.load("/nonexistent/model.safetensors")
