"""Files of Keras: what Keras itself gives for them, what its older versions wrote, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.jit import process
from imgconv.networks.formats import hdf5
from tests.command import imgconv as command

DATA = Path(__file__).parent / "data"
MODELS = ("every_layer", "chain", "flat", "pixelwise")


def expected(model: str) -> tuple[Any, Any]:
    """A batch (N, H, W, C), and what Keras gives for it."""
    arrays = np.load(DATA / "keras.npz")
    batch, output = arrays[f"{model}.input"], arrays[f"{model}.output"]
    return batch.reshape(*batch.shape[:3], -1), output


def assert_same(network: imgconv.Network, model: str) -> None:
    batch, output = expected(model)
    np.testing.assert_allclose(network.run(batch)[:, 0, 0], output, rtol=0, atol=1e-5)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("model", MODELS)
def test_models_give_what_keras_gives(model: str, suffix: str) -> None:
    network = imgconv.Network.load(DATA / f"{model}.{suffix}")
    assert_same(network, model)
    assert network.input == expected(model)[0].shape[1:]


def test_layers_keep_their_names_and_settings_their_short_form() -> None:
    text = str(imgconv.Network.load(DATA / "every_layer.keras"))
    assert text.startswith("normalize scale=2/255 mean=1 | normalize mean=0.1,-0.2 std=0.70710677,1.4142135 | conv 4@")
    assert "name=first | relu | pad 1,2,0,1 | batchnorm epsilon=0.001 name=batch_normalization" in text
    assert "name=_1st_conv" in str(imgconv.Network.load(DATA / "chain.h5"))


def test_dense_layers_on_pictures_are_convolutions_of_a_pixel(tmp_path: Path) -> None:
    text = "conv 4@1x1 name=dense | relu | avgpool 2 | conv 3@1x1 no-bias name=dense_1 | globalmaxpool | dense 2"
    assert str(imgconv.Network.load(DATA / "pixelwise.keras")).endswith(f" | {text} name=dense_2")
    assert_same(
        imgconv.Network.load(f"normalize mean=127.5,0,-2 std=127.5,255,4 | {text}", DATA / "pixelwise.h5"), "pixelwise"
    )
    path = changed("pixelwise.keras", set_layer("rescaling", config={"scale": [1, -1, 1]}), tmp_path / "negative.keras")
    with pytest.raises(errors.FileError, match="scales that are not above 0"):
        imgconv.Network.load(path)


@pytest.mark.parametrize("names", ["own", "of the file"])
@pytest.mark.parametrize("model", ["chain", "flat"])
def test_weights_alone_go_to_layers_given_as_text(model: str, names: str) -> None:
    text = str(imgconv.Network.load(DATA / f"{model}.keras"))
    if names == "own":
        text = re.sub(r" name=\S+", "", text)
    assert_same(imgconv.Network.load(text.replace("_1st_conv", "first"), DATA / f"{model}.weights.h5"), model)


def test_a_whole_model_gives_its_weights_to_a_text() -> None:
    text = re.sub(r" name=\S+", "", str(imgconv.Network.load(DATA / "every_layer.keras")))
    assert_same(imgconv.Network.load(text, DATA / "every_layer.h5"), "every_layer")


def test_weights_alone_need_layers_that_fit() -> None:
    with pytest.raises(errors.UsageError, match="has weights, but no layers"):
        imgconv.Network.load(DATA / "flat.weights.h5")
    with pytest.raises(errors.UsageError, match=r"has 2 dense layers \(dense, dense_1\), the network 1 \(dense1\)"):
        imgconv.Network.load("flatten | dense 4", DATA / "flat.weights.h5")
    with pytest.raises(errors.FileError, match="2 tensors that weights alone do not explain; save the whole model"):
        imgconv.Network.load("dense 4", DATA / "every_layer.weights.h5")


def test_the_commands_take_them(tmp_path: Path) -> None:
    done = command("summary", DATA / "every_layer.keras", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "conv 4@3x3 stride=2 pad=same name=first" in done.out.decode()
    np.save(tmp_path / "in.npy", expected("chain")[0][0])
    done = command("run", DATA / "chain.h5", "in.npy", "-o", "out.npy", cwd=tmp_path)
    assert done.code == 0, done.err
    np.testing.assert_allclose(np.load(tmp_path / "out.npy").ravel(), expected("chain")[1][0], rtol=0, atol=1e-5)


def test_without_h5py_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(errors.FileError, match=r"pip install 'imgconv\[keras\]'"):
        imgconv.Network.load(DATA / "flat.keras")


# ---------------------------------------------------------------- Keras 2


def old_weights(group: Any, layers: dict[str, dict[str, Any]]) -> None:
    """Weights as Keras 2 writes them."""
    group.attrs["layer_names"] = np.array([name.encode() for name in layers])
    for name, tensors in layers.items():
        inner = group.create_group(name)
        inner.attrs["weight_names"] = np.array([f"{name}/{role}:0".encode() for role in tensors])
        for role, tensor in tensors.items():
            inner[f"{name}/{role}:0"] = tensor


def old_tensors() -> dict[str, dict[str, Any]]:
    drawn = np.random.default_rng(5)
    shapes: dict[str, dict[str, tuple[int, ...]]] = {
        "conv2d_7": {"kernel": (3, 3, 2, 4), "bias": (4,)},
        "max_pooling2d": {},
        "depthwise_conv2d": {"depthwise_kernel": (2, 2, 4, 2), "bias": (8,)},
        "batch_normalization": dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (8,)),
        "p_re_lu": {"alpha": (1, 1, 8)},
        "flatten": {},
        "dense_3": {"kernel": (32, 3), "bias": (3,)},
    }
    return {
        name: {role: drawn.random(shape).astype("float32") for role, shape in roles.items()}
        for name, roles in shapes.items()
    }


OLD = "conv 4@3x3 | maxpool 2 | conv 8@2x2 depthwise | batchnorm epsilon=0.001 | prelu | flatten | dense 3 | softmax"


def old_network() -> imgconv.Network:
    """The same network, put together by hand."""
    new = old_tensors()
    names = {"conv2d_7": "conv1", "depthwise_conv2d": "conv2", "dense_3": "dense1"}
    names |= {"batch_normalization": "batchnorm1", "p_re_lu": "prelu1"}
    roles = {"kernel": "weight", "depthwise_kernel": "weight", "alpha": "slope"}
    roles |= {"moving_mean": "mean", "moving_variance": "variance"}
    tensors = {
        f"{names[name]}.{roles.get(role, role)}": one for name, inner in new.items() for role, one in inner.items()
    }
    tensors["conv2.weight"] = tensors["conv2.weight"].reshape(2, 2, 1, 8)
    tensors["prelu1.slope"] = tensors["prelu1.slope"].ravel()
    return imgconv.Network(imgconv.Pipeline.parse(OLD), tensors, (8, 8, 2))


def old_batch() -> Any:
    return np.random.default_rng(6).normal(size=(2, 8, 8, 2))


def test_weights_of_keras_2(tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        old_weights(file, old_tensors())
    assert np.array_equal(imgconv.Network.load(OLD, path).run(old_batch()), old_network().run(old_batch()))


@pytest.mark.parametrize("kind", ["Sequential", "Functional"])
def test_whole_models_of_keras_2(tmp_path: Path, kind: str) -> None:
    settings: dict[str, dict[str, Any]] = {
        "Conv2D conv2d_7": {"filters": 4, "kernel_size": [3, 3], "padding": "valid", "activation": "linear"},
        "MaxPooling2D max_pooling2d": {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"},
        "DepthwiseConv2D depthwise_conv2d": {"kernel_size": [2, 2], "depth_multiplier": 2},
        "BatchNormalization batch_normalization": {"axis": [3], "epsilon": 0.001, "center": True, "scale": True},
        "PReLU p_re_lu": {"shared_axes": [1, 2]},
        "Flatten flatten": {"data_format": "channels_last"},
        "Dense dense_3": {"units": 3, "activation": "softmax", "use_bias": True},
    }
    entries: list[Any] = [
        {"class_name": words.split()[0], "config": {"name": words.split()[1]} | inner}
        for words, inner in settings.items()
    ]
    inner: dict[str, Any] = {"name": "old", "layers": entries}
    if kind == "Functional":
        first = {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 8, 8, 2]}}
        inner["layers"] = entries = [first, *entries]
        for before, entry in pairwise(entries):
            entry["inbound_nodes"] = [[[before["config"]["name"], 0, 0, {}]]]
        inner |= {"input_layers": [["in", 0, 0]], "output_layers": [["dense_3", 0, 0]]}
    else:
        entries[0]["config"]["batch_input_shape"] = [None, 8, 8, 2]
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = json.dumps({"class_name": kind, "config": inner})
        old_weights(file.create_group("model_weights"), old_tensors())
    assert np.array_equal(imgconv.Network.load(path).run(old_batch()), old_network().run(old_batch()))


# ---------------------------------------------------------------- refused


def changed(source: str, change: Callable[[Any], None], path: Path) -> Path:
    """A copy of a .keras file with another config.json."""
    with zipfile.ZipFile(DATA / source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return path


def set_layer(name: str, **values: Any) -> Callable[[Any], None]:
    """Changes the entry of a layer; `config` is added to what it has."""

    def change(config: Any) -> None:
        entry = next(one for one in config["config"]["layers"] if one["config"]["name"] == name)
        settings = values.pop("config", {})
        entry.update(values)
        entry["config"].update(settings)

    return change


def branch(config: Any) -> None:
    layers = config["config"]["layers"]
    layers[-1]["inbound_nodes"] = layers[-2]["inbound_nodes"]


def two_inputs(config: Any) -> None:
    node = config["config"]["layers"][-1]["inbound_nodes"][0]
    node["args"] = [node["args"] * 2]


def set_model(**values: Any) -> Callable[[Any], None]:
    return lambda config: config.update(values)


REFUSED: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "lambda": (
        "flat",
        set_layer("dense", class_name="Lambda", module="keras.layers"),
        r"layer 3 \(Lambda 'dense'\): it is code, which is never run; make it a Rescaling",
    ),
    "custom layer": ("flat", set_layer("dense", module="mine"), "layer 3 .*code of its own, which is never run"),
    "registered layer": ("flat", set_layer("dense", class_name="Mine>Dense"), "code of its own"),
    "custom model": ("flat", set_model(class_name="Mine"), "a model of the class 'Mine' is code of its own"),
    "unknown layer": ("flat", set_layer("dense", class_name="LSTM"), r"layer 3 \(LSTM 'dense'\): imgconv has no such"),
    "model in a model": ("flat", set_layer("dense", class_name="Functional"), "a model in a model is not read"),
    "channels first": ("chain", set_layer("conv2d", config={"data_format": "channels_first"}), "channels first"),
    "an axis": ("every_layer", set_layer("batch_normalization", config={"axis": 1}), "its axis is 1"),
    "another activation": ("flat", set_layer("dense", config={"activation": "mish"}), "no activation 'mish'"),
    "custom activation": ("flat", set_layer("dense", config={"activation": {"class_name": "Mine"}}), "'Mine'"),
    "two bounds": ("chain", set_layer("re_lu_1", config={"max_value": 6.0, "threshold": 1.0}), "greatest value"),
    "padding": ("chain", set_layer("conv2d", config={"padding": "causal"}), "its padding is 'causal'"),
    "no numbers": ("every_layer", set_layer("dropout", config={"rate": "x" * 500}), "its settings do not fit"),
    "not finite": ("every_layer", set_layer("rescaling", config={"scale": float("nan")}), "its settings do not fit"),
    "branch": ("chain", branch, "has a branch here; only chains of layers are read"),
    "two inputs of a layer": ("chain", two_inputs, "it takes 2 inputs"),
    "no bias stored": (
        "every_layer",
        set_layer("dense_1", config={"use_bias": True}),
        "the file has kernel, the layer",
    ),
    "no layers": ("flat", set_model(config={"layers": []}), "its layers are no list of 1 to"),
    "no settings": ("flat", set_model(config=None), "its layers are no list of 1 to"),
    "strange entries": ("flat", set_model(config=[1, 2]), "broken, or no file of Keras"),
    "a strange shape": ("flat", set_layer("input_layer", config={"batch_shape": [None, -1]}), "its shape is"),
}


@pytest.mark.parametrize(
    ("settings", "step"),
    [({"max_value": 6.0}, "clip:0,6"), ({"threshold": 0.5}, "threshold:0.5"), ({"max_value": None}, "relu")],
)
def test_bounded_rectifiers_are_read(tmp_path: Path, settings: dict[str, Any], step: str) -> None:
    path = changed(
        "chain.keras", set_layer("re_lu_1", config={"negative_slope": 0.0} | settings), tmp_path / "in.keras"
    )
    assert f"| {step} |" in str(imgconv.Network.load(path).pipeline)


@pytest.mark.parametrize("case", REFUSED)
def test_other_models_are_refused_by_name_and_place(tmp_path: Path, case: str) -> None:
    model, change, sentence = REFUSED[case]
    path = changed(f"{model}.keras", change, tmp_path / "in.keras")
    with pytest.raises(errors.FileError, match=sentence) as caught:
        imgconv.Network.load(path)
    assert len(str(caught.value)) < 400


def test_keras_2_had_another_hard_sigmoid(tmp_path: Path) -> None:
    path = tmp_path / "in.keras"
    with zipfile.ZipFile(DATA / "every_layer.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, b'{"keras_version": "2.15.0"}' if name == "metadata.json" else old.read(name))
    with pytest.raises(errors.FileError, match="hard_sigmoid of Keras 2"):
        imgconv.Network.load(path)


# ---------------------------------------------------------------- hostile


def linked(file: Any, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["kernel"] = np.zeros((30, 4), "float32")
    file["layers/dense/vars/0"] = h5py.ExternalLink("other.h5", "/kernel")


def soft_linked(file: Any, folder: Path) -> None:
    file["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense/vars/1")


def elsewhere(file: Any, folder: Path) -> None:
    (folder / "secret").write_bytes(bytes(480))
    file.create_dataset("layers/dense/vars/0", (30, 4), "f4", external=[(str(folder / "secret"), 0, 480)])


def virtual(file: Any, folder: Path) -> None:
    layout = h5py.VirtualLayout((30, 4), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "kernel", (30, 4))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


def references(file: Any, folder: Path) -> None:
    file["layers/dense/vars/0"] = np.array([file.ref], h5py.ref_dtype)


def of_huge_shape(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/0", (2**20, 2**9), "f4", chunks=(1024, 512), compression="gzip")


def of_huge_chunks(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/0", (30, 4), "f4", chunks=(2**14, 2**13), maxshape=(None, None))


def of_overflowing_shape(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/0", (2**40, 2**20), "f4", chunks=(2, 2))


def packed_by_a_plugin(file: Any, folder: Path) -> None:
    file.create_dataset("layers/dense/vars/0", data=np.zeros((30, 4), "f4"), compression="lzf")


def texts(file: Any, folder: Path) -> None:
    file["layers/dense/vars/0"] = "text"


def a_group(file: Any, folder: Path) -> None:
    file.create_group("layers/dense/vars/0")


def not_finite(file: Any, folder: Path) -> None:
    file["layers/dense/vars/0"] = np.full((30, 4), np.nan, "f4")


HOSTILE = {
    linked: "is a link, perhaps to another file",
    soft_linked: "is a link",
    elsewhere: "lies in another file",
    virtual: "lies in another file",
    references: "weights are real numbers",
    of_huge_shape: "takes 2 GiB, of which 0 bytes are stored",
    of_huge_chunks: "0 bytes are stored",
    of_overflowing_shape: "0 bytes are stored",
    packed_by_a_plugin: "filter that HDF5 has not built in",
    texts: "weights are real numbers",
    a_group: "is no tensor",
    not_finite: "not finite",
}


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda one: one.__name__)
@pytest.mark.parametrize("form", ["weights.h5", "keras"])
def test_hostile_tensors_are_refused(tmp_path: Path, hostile: Any, form: str) -> None:
    weights = tmp_path / "in.weights.h5"
    weights.write_bytes((DATA / "flat.weights.h5").read_bytes())
    with h5py.File(weights, "a") as file:
        del file["layers/dense/vars/0"]
        hostile(file, tmp_path)
    path = weights
    if form == "keras":
        path = tmp_path / "in.keras"
        with zipfile.ZipFile(DATA / "flat.keras") as old, zipfile.ZipFile(path, "w") as new:
            for name in ("metadata.json", "config.json"):
                new.writestr(name, old.read(name))
            new.write(weights, "model.weights.h5")
    with pytest.raises(errors.FileError, match=HOSTILE[hostile]) as caught:
        imgconv.Network.load("flatten | dense 4 | dense 3", path)
    assert len(str(caught.value)) < 400


def test_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", bytes(2**25))
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(errors.FileError, match=r"config\.json takes 32 MiB, more than 16 MiB"):
        imgconv.Network.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[" * 100_000)
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(errors.FileError, match="broken, or no file of Keras"):
        imgconv.Network.load(path)


@pytest.mark.parametrize("name", ["flat.keras", "flat.h5", "flat.weights.h5"])
def test_cut_files_are_refused(tmp_path: Path, name: str) -> None:
    content = (DATA / name).read_bytes()
    path = tmp_path / f"in.{name.partition('.')[2]}"
    for length in range(0, len(content) - 1, len(content) // 12):
        path.write_bytes(content[:length])
        with pytest.raises(errors.FileError):
            imgconv.Network.load("flatten | dense 4 | sigmoid | dense 3", path)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [("time.sleep(60)", "does not come to an end"), ("os.abort()", "does not survive it"), ("sys.exit(1)", "")],
)
def test_what_hangs_or_crashes_hdf5_does_so_elsewhere(
    monkeypatch: pytest.MonkeyPatch, statement: str, sentence: str
) -> None:
    def started(statements: str, packages: tuple[str, ...], stream: int) -> Any:
        assert "serve" in statements
        words = [sys.executable, "-c", f"import os, sys, time; {statement}"]
        return subprocess.Popen(words, stdin=stream, stdout=stream, stderr=subprocess.DEVNULL)

    monkeypatch.setattr(process, "started", started)
    monkeypatch.setattr(hdf5, "_PATIENCE", 1.0)
    if not sentence:  # no trial could be had
        assert_same(imgconv.Network.load(DATA / "flat.h5"), "flat")
        return
    with pytest.raises(errors.FileError, match=sentence):
        imgconv.Network.load(DATA / "flat.h5")


@pytest.mark.skipif(sys.platform != "linux", reason="no such limits")
@pytest.mark.parametrize(("reads", "code"), [("time.sleep(60)", -14), ("bytearray(2**33)", 1)], ids=["time", "memory"])
def test_the_trial_of_a_file_ends_by_itself(reads: str, code: int) -> None:
    """Where whoever started it is gone, too."""
    words = f"import time; from imgconv.networks.formats.hdf5 import answer; answer(lambda path: {reads})"
    order = b"0 100000000 path"
    done = subprocess.run([sys.executable, "-c", words], input=order, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (code, b"")
