"""ONNX: chains are read and written as ONNX defines them; all else is refused by name and place."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.networks.converting import convert
from imgconv.networks.formats.onnx.operators import OPERATORS
from imgconv.operations.pipeline import Pipeline
from tests.command import imgconv as command

pytest.importorskip("onnx", reason="the package onnx is not installed")

from onnx import TensorProto, helper, numpy_helper

from tests.networks.onnx_models import chain, computed, load, model, noise, saved

SAMPLES = Path(__file__).parent.parent.parent / "samples"
W1, W2 = noise(4, 2, 3, 3), noise(6, 4, 2, 3, seed=1)
DENSE = noise(6 * 5 * 3, 7, seed=2)
BIAS = noise(7, seed=3)
POSITIVE = abs(noise(4, seed=4)) + 0.1
CHANNELS = [noise(4, seed=5), noise(4, seed=6), noise(4, seed=7), POSITIVE]
FOLD = np.array([0, -1], "int64")
CONV = ("Conv", W1, POSITIVE)

MODELS: dict[str, list[Any]] = {
    "pads": [("Conv", W1, {"pads": [1, 0, 2, 1], "strides": [2, 1]})],
    "dilations": [("Conv", W1, {"dilations": [2, 3], "pads": [0, 1, 2, 3]})],
    "same, upper": [("Conv", noise(3, 2, 2, 4), {"strides": [2, 3], "auto_pad": "SAME_UPPER"})],
    "same, lower": [("Conv", W1, {"strides": [2, 3], "auto_pad": "SAME_LOWER"})],
    "same, lower, even": [("Conv", noise(3, 2, 2, 4), {"auto_pad": "SAME_LOWER"})],
    "valid": [("Conv", W1, {"auto_pad": "VALID"})],
    "groups": [("Conv", noise(6, 1, 3, 3), noise(6), {"group": 2})],
    "halves": [CONV, ("Conv", noise(6, 2, 3, 3), {"group": 2})],
    "batchnorm": [CONV, ("BatchNormalization", *CHANNELS, {"epsilon": 1e-3})],
    "local response": [CONV, ("LRN", {"size": 3, "alpha": 0.5, "beta": 0.6, "bias": 2.0})],
    "softmax": [CONV, ("Softmax", {"axis": 1})],
    "log-softmax": [CONV, ("LogSoftmax", {"axis": -3})],
    "pad": [("Pad", np.array([0, 0, 1, 2, 0, 0, 3, 0]), np.float32(0.5)), CONV],
    "pad, reflected": [("Pad", np.array([0, 0, 1, 2, 0, 0, 3, 0]), {"mode": "reflect"}), CONV],
    "pad, edge": [("Pad", np.array([0, 0, 1, 2, 0, 0, 3, 0]), {"mode": "edge"}), CONV],
    "max": [("MaxPool", {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]})],
    "max, ceil": [("MaxPool", {"kernel_shape": [2, 3], "strides": [2, 3], "ceil_mode": 1})],
    "max, dilated": [("MaxPool", {"kernel_shape": [2, 2], "dilations": [2, 3]})],
    "average": [("AveragePool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]})],
    "average, padded": [("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1})],
    "global average": [("GlobalAveragePool",), ("Flatten",), ("Gemm", noise(2, 3))],
    "global maximum": [("GlobalMaxPool",), ("Squeeze", np.array([2, 3])), ("MatMul", noise(2, 3))],
    "mean": [("ReduceMean", np.array([2, 3]), {"keepdims": 0}), ("Gemm", noise(2, 3))],
    "global, reshaped": [("GlobalMaxPool",), ("Reshape", FOLD), ("Reshape", np.array([0, -1, 1, 1])),
                         ("Conv", noise(3, 2, 1, 1))],
    "prelu": [CONV, ("PRelu", noise(4, 1, 1))],
    "prelu, one slope": [CONV, ("PRelu", noise(1, seed=8))],
    "bias behind a convolution": [("Conv", W1), ("Add", noise(4, 1, 1))],
    "more bias": [CONV, ("Add", noise(1, 4, 1, 1)), ("Sub", np.float32(3))],
    "normalised": [("Mul", np.float32(1 / 255)), ("Sub", noise(2, 1, 1)), ("Div", abs(noise(2, 1, 1)) + 1), CONV],
    "factors": [CONV, ("Mul", POSITIVE[:, None, None]), ("Div", np.float32(-3)), ("Add", noise(4, 1, 1))],
    "nothing": [("Identity",), CONV, ("Dropout", np.float32(0.5)), ("Identity",)],
}  # fmt: skip
FUNCTIONS = ["Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Softplus", "HardSwish", "Gelu", "Abs"]
MODELS |= {function: [CONV, (function,)] for function in FUNCTIONS}
MODELS |= {
    "leaky, steeper": [CONV, ("LeakyRelu", {"alpha": 0.3})],
    "elu, steeper": [CONV, ("Elu", {"alpha": 0.3})],
    "hard sigmoid": [CONV, ("HardSigmoid", {"alpha": 1 / 6})],
    "hard tanh": [CONV, ("Clip", np.float32(-1), np.float32(1))],
    "relu6": [CONV, ("Clip", np.float32(0), np.float32(6))],
    "threshold": [CONV, ("ThresholdedRelu", {"alpha": 0.3})],
    "relu by clipping": [CONV, ("Clip", np.float32(0))],
}
BEFORE = [CONV, ("Relu",), ("Conv", W2), ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1]})]
BEHIND = [("Relu",), ("Gemm", noise(3, 7), noise(3), {"transB": 1}), ("Softmax", {"axis": -1})]
FLAT = 6 * 4 * 3
FLATTENED: dict[str, list[Any]] = {
    "flatten": [("Flatten",), ("Gemm", noise(FLAT, 7), BIAS)],
    "reshape": [("Reshape", FOLD), ("MatMul", noise(FLAT, 7)), ("Add", BIAS)],
    "reshape by count": [("Reshape", np.array([-1, FLAT])), ("MatMul", noise(FLAT, 7)), ("Add", BIAS[None])],
    "factors": [("Flatten",), ("Gemm", noise(7, FLAT), BIAS, {"transB": 1, "alpha": 0.5, "beta": -2.0})],
    "channels last": [("Transpose", {"perm": [0, 2, 3, 1]}), ("Reshape", FOLD), ("Gemm", noise(FLAT, 7))],
    "columns first": [("Transpose", {"perm": [0, 3, 1, 2]}), ("Flatten",), ("Gemm", noise(FLAT, 7))],
    "between": [("Flatten",), ("Sigmoid",), ("Dropout",), ("Gemm", noise(FLAT, 7))],
    "slopes between": [("Flatten",), ("PRelu", noise(FLAT)), ("Gemm", noise(FLAT, 7))],
    "batchnorm between": [("Flatten",), ("BatchNormalization", noise(FLAT), noise(FLAT, seed=1), noise(FLAT, seed=2),
                                         abs(noise(FLAT, seed=3)) + 0.1), ("Gemm", noise(FLAT, 7))],
}  # fmt: skip
MODELS |= {name: BEFORE + nodes + BEHIND for name, nodes in FLATTENED.items()}


def channels_first(result: Any, rank: int) -> Any:
    """Results of ours in the order that ONNX has."""
    return result.reshape(len(result), -1) if rank == 2 else result.transpose(0, 3, 1, 2)


def check(made: Any, path: str, batch: Any, turned: tuple[int, ...] = (0, 2, 3, 1)) -> Any:
    """A model read gives what ONNX Runtime gives; the network."""
    expected = computed(made, batch)
    network = imgconv.Network.load(path)
    found = channels_first(network.run(batch.transpose(turned)), expected.ndim)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())
    return network


@pytest.mark.parametrize("name", MODELS)
def test_models_give_what_onnx_gives(name: str, tmp_path: Path) -> None:
    opset = 17 if name not in ("Gelu", "mean") else 20
    made = chain(*MODELS[name], shape=("N", 2, 9, 8), opset=opset)
    network = check(made, saved(made, tmp_path), noise(3, 2, 9, 8, seed=9))
    assert network.input == (9, 8, 2)
    assert Pipeline.parse(str(network)) == network.pipeline


@pytest.mark.parametrize("name", MODELS)
def test_what_is_read_is_written(name: str, tmp_path: Path) -> None:
    network = imgconv.Network.load(saved(chain(*MODELS[name]), tmp_path))
    target = tmp_path / "written.onnx"
    assert convert(network, str(target)) == ()
    check(load(target.read_bytes()), str(target), noise(2, 2, 9, 8, seed=9))


def test_channels_last_are_undone(tmp_path: Path) -> None:
    nodes = [("Div", np.full((1, 1, 1, 2), 255, "float32")), ("Transpose", {"perm": [0, 3, 1, 2]}), CONV, ("Relu",),
             ("Transpose", {"perm": [0, 2, 3, 1]}), ("Reshape", np.array([-1, 7 * 6 * 4])),
             ("MatMul", noise(7 * 6 * 4, 3)), ("Add", noise(3))]  # fmt: skip
    made = chain(*nodes, shape=("batch", 9, 8, 2))
    network = check(made, saved(made, tmp_path), noise(2, 9, 8, 2), (0, 1, 2, 3))
    assert str(network).startswith("normalize scale=0.003921569 | conv 4@3x3")


def test_one_channel_may_be_moved_by_a_reshape(tmp_path: Path) -> None:
    nodes = [("Reshape", np.array([-1, 1, 9, 8])), ("Conv", noise(3, 1, 3, 3)), ("GlobalMaxPool",), ("Flatten",)]
    made = chain(*nodes, shape=("N", 9, 8, 1))
    check(made, saved(made, tmp_path), noise(2, 9, 8, 1), (0, 1, 2, 3))


def test_v_times_its_sigmoid_is_silu(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Sigmoid", ["in"], ["s"]),
        helper.make_node("Mul", ["s", "in"], ["v"]),
    ]
    made = model(nodes, [], (1, 2, 5, 5), "v")
    assert str(check(made, saved(made, tmp_path), noise(1, 2, 5, 5))) == "silu"


def test_weights_may_be_shaped_by_nodes(tmp_path: Path) -> None:
    """As in the MNIST network of ONNX' own collection."""
    nodes = [
        helper.make_node("Constant", [], ["target"], value_ints=[1, -1]),
        helper.make_node("Reshape", ["in", "target"], ["flat"]),
        helper.make_node("Constant", [], ["w4"], value=numpy_helper.from_array(noise(2, 3, 3, 5))),
        helper.make_node("Constant", [], ["sizes"], value=numpy_helper.from_array(np.array([18, 5]))),
        helper.make_node("Reshape", ["w4", "sizes"], ["w2"]),
        helper.make_node("Transpose", ["w2"], ["wt"]),
        helper.make_node("Transpose", ["wt"], ["w"], perm=[1, 0]),
        helper.make_node("MatMul", ["flat", "w"], ["out"]),
    ]
    made = model(nodes, [], (1, 2, 3, 3), "out")
    check(made, saved(made, tmp_path), noise(1, 2, 3, 3))


def test_a_row_may_be_told_by_the_size_of_the_batch(tmp_path: Path) -> None:
    """As PyTorch writes x.view(x.size(0), -1)."""
    nodes = [
        helper.make_node("Relu", ["in"], ["x"]),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["images"], axis=0),
        helper.make_node("Unsqueeze", ["images", "first"], ["images1"]),
        helper.make_node("Concat", ["images1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w"], ["out"]),
    ]
    constants = {"zero": np.array(0), "first": np.array([0]), "rest": np.array([-1]), "w": noise(18, 5)}
    made = model(nodes, [numpy_helper.from_array(one, name) for name, one in constants.items()], ("N", 2, 3, 3), "out")
    check(made, saved(made, tmp_path), noise(4, 2, 3, 3))


def test_sizes_may_be_unknown(tmp_path: Path) -> None:
    made = chain(CONV, ("Relu",), ("GlobalAveragePool",), ("Flatten",), ("Gemm", noise(4, 3)), shape=("N", 2, "H", "W"))
    network = check(made, saved(made, tmp_path), noise(2, 2, 9, 8))
    assert network.input is None
    made = chain(CONV, ("Flatten",), ("Gemm", noise(4, 3)), shape=("N", 2, "H", "W"))
    with pytest.raises(errors.FileError, match=r"node 2 \(Flatten 'flatten_2'\): .* fixed size"):
        imgconv.Network.load(saved(made, tmp_path))


def branches() -> Any:
    nodes = [
        helper.make_node("Relu", ["in"], ["a"], "first"),
        helper.make_node("Sigmoid", ["a"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"], "add_3"),
    ]
    return model(nodes, [], (1, 2, 5, 5), "c")


def changed(made: Any, change: Any) -> Any:
    change(made)
    return made


def _external(made: Any) -> None:
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def _huge(made: Any) -> None:
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.dims[:] = [2**40, 2**40, 3, 3]


def _another_input(made: Any) -> None:
    made.graph.input.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]))


REFUSED: dict[str, tuple[Any, str]] = {
    "a branch": (branches(), r"node 3 \(Add 'add_3'\): takes 'a', from which node 2 \(Sigmoid\) has gone on"),
    "an operator": (chain(CONV, ("LSTM",)), r"node 2 \(LSTM 'lstm_2'\): this operator is not read"),
    "clipping": (chain(CONV, ("Clip", np.float32(-1))), r"node 2 .* clips to -1...inf"),
    "a slope": (chain(CONV, ("HardSigmoid",)), "alpha is 0.2, beta 0.5; expected 1/6"),
    "a gelu": (chain(CONV, ("Gelu", {"approximate": "tanh"})), "approximate gelu"),
    "an axis": (chain(CONV, ("Softmax",)), "axis 3 is not that of channels"),
    "an old softmax": (chain(CONV, ("Softmax",), opset=11), "over rows and columns"),
    "an even size": (chain(CONV, ("LRN", {"size": 4})), "size is 4; expected an odd"),
    "an order": (chain(CONV, ("Flatten",)), "channel by channel"),
    "another reshape": (chain(CONV, ("Reshape", np.array([0, 2, -1]))), r"to \[0, 2, -1\]; expected"),
    "dense on pixels": (chain(CONV, ("MatMul", noise(6, 3))), r"expected values \(N, C\), found \(N, C, H, W\)"),
    "a line": (chain(("Conv", noise(3, 2, 3)), shape=(1, 2, 9)), "one of 3 dimensions"),
    "other channels": (chain(CONV, CONV), "expected 2 channels, found 4"),
    "other inputs": (chain(CONV, ("Flatten",), ("Gemm", noise(5, 3))), "expected 5 channels, found 168"),
    "a number for each row": (chain(CONV, ("Add", noise(7, 6))), "one number for each channel"),
    "training": (chain(CONV, ("Dropout", np.float32(0.5), np.array(True))), "training mode"),
    "computed weights": (
        model([helper.make_node("Relu", ["in"], ["w"]), helper.make_node("Conv", ["w", "w"], ["v"])], [],
              (1, 2, 5, 5), "v"), r"node 2 \(Conv\)"),
    "another output": (model([helper.make_node("Relu", ["in"], ["a"]), helper.make_node("Relu", ["a"], ["b"])], [],
                             (1, 2, 5, 5), "a"), "output: 'a' is not what the last node gives"),
    "a large window": (chain(("MaxPool", {"kernel_shape": [99, 99]})), r"node 1 .* does not fit"),
    "another domain": (chain(("Relu", {"domain": "com.microsoft"})), "not of ONNX"),
    "an old opset": (chain(CONV, opset=6), "opset 6, expected 7"),
    "data elsewhere": (changed(chain(CONV), _external), "lies in another file, which is not opened"),
    "sizes whose product overflows": (changed(chain(CONV), _huge), "more than 4 GiB"),
    "a negative size": (changed(chain(CONV), lambda made: made.graph.initializer[0].dims.__setitem__(0, -4)), "broken"),
    "missing numbers": (changed(chain(CONV), lambda made: made.graph.initializer[0].dims.__setitem__(0, 9)), "broken"),
    "text": (chain(("Conv", np.array(["a"], object))), "no array of numbers"),
    "not finite": (chain(("Conv", np.full((1, 2, 1, 1), np.nan, "float32"))), "not finite"),
    "negative pads": (chain(("Conv", W1, {"pads": [-1, 0, 0, 0]})), "node 1"),
    "pads of another kind": (chain(("Conv", W1, {"pads": "same"})), "node 1"),
    "nothing to divide by": (chain(("Div", np.float32(0))), "divides by 0"),
    "a huge input": (chain(("Mul", np.float32(2)), shape=(1, 2**40, 1, 1)), "input of at most"),
    "weights multiplied": (
        model([helper.make_node("Concat", ["c", "c"], ["d"], axis=0), helper.make_node("Relu", ["in"], ["v"])],
              [numpy_helper.from_array(noise(99), "c")], (1, 2, 5, 5), "v"), r"node 1 \(Concat\): takes parts"),
    "strides of zero": (chain(("Conv", W1, {"strides": [0, 1], "auto_pad": "SAME_LOWER"})), "node 1 .* strides"),
    "a constant without value": (
        model([helper.make_node("Constant", [], ["c"]), helper.make_node("Add", ["in", "c"], ["v"])], [],
              (1, 2, 5, 5), "v"), r"node 1 \(Constant\): expected a constant of numbers"),
    "lines in a name": (chain(CONV, ("LST\nM",)), r"node 2 \('LST\\nM'"),
    "no groups": (chain(("Conv", W1, {"group": 0})), "node 1"),
    "no kernel": (chain(("MaxPool",)), "node 1"),
    "a row of values too long": (chain(("Pad", np.array([0, 0, 2**30, 0, 0, 0, 0, 2**29])), ("Flatten",)), "node 2"),
    "two inputs": (changed(branches(), _another_input), "has 2 inputs"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_chain_is_refused_by_name_and_place(name: str, tmp_path: Path) -> None:
    made, sentence = REFUSED[name]
    with pytest.raises(errors.FileError, match=sentence) as caught:
        imgconv.Network.load(saved(made, tmp_path))
    assert "model.onnx: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_onnx_s_own_tests_of_operators(tmp_path: Path) -> None:
    """Each is read and gives what it should, or is refused; weights, which are inputs there, become constants."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = pytest.importorskip("onnx.backend.test.case.node").collect_testcases(None)
    passed = 0
    for case in cases:
        inputs, outputs = case.data_sets[0]
        if not {node.op_type for node in case.model.graph.node} <= OPERATORS.keys() or "expanded" in case.name:
            continue
        for value, array in list(zip(case.model.graph.input, inputs, strict=True))[1:]:
            case.model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
        try:
            network = imgconv.Network.load(saved(case.model, tmp_path))
        except errors.FileError:
            continue
        batch = inputs[0].transpose(0, 2, 3, 1) if inputs[0].ndim == 4 else inputs[0][:, None, None]
        found = channels_first(network.run(batch), outputs[0].ndim)
        np.testing.assert_allclose(found, outputs[0], rtol=1e-3, atol=1e-5, err_msg=case.name)
        passed += 1
    assert passed >= 50


def test_cut_and_spoilt_files_end_in_one_sentence(tmp_path: Path) -> None:
    content = chain(*MODELS["flatten"]).SerializeToString()
    generator, path = np.random.default_rng(5), tmp_path / "spoilt.onnx"
    spoilt = [content[:length] for length in range(0, len(content), 401)]
    for _ in range(150):
        bytes_ = bytearray(content)
        for place in generator.integers(0, len(bytes_), 3):
            bytes_[place] = generator.integers(256)
        spoilt.append(bytes(bytes_))
    for one in spoilt:
        path.write_bytes(one)
        with contextlib.suppress(errors.FileError):
            imgconv.Network.load(path)


def test_the_package_is_asked_for(tmp_path: Path) -> None:
    path = saved(chain(CONV), tmp_path)
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        f"import imgconv\ntry: imgconv.Network.load({path!r})\n"
        "except imgconv.errors.FileError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'imgconv[onnx]'" in done.stdout


TEXTS = {
    "windows": "conv 4@3x2 pad=same stride=2 | relu | maxpool 3 pad=same stride=1 | avgpool 2 ceil count-padding pad=1",
    "groups": "conv 4@3 groups=2 | conv 8@3 depthwise no-bias | conv 3@3x3 dilation=2 pad=same border=edge",
    "borders": "pad 1,2,0,1 border=reflect101 | conv 2@3 pad=1 border=constant:3 | pad 1 border=wrap",
    "functions": "leaky-relu 0.2 | elu | silu | gelu | hard-sigmoid | hard-swish | hard-tanh | softplus | abs",
    "rows": "conv 3@3 | flatten | prelu | batchnorm | dense 5 no-bias | dense 4 | log-softmax",
    "normalised": "normalize scale=1/255 mean=0.5,0.25 std=0.125,2 | conv 3@3 | prelu | local-response | dropout 0.5",
    "no flatten": "conv 3@3 | globalavgpool | dense 4 | conv 3@1 | batchnorm | softmax",
    "flatten last": "conv 3@3 | relu | flatten | softmax",
    "nothing": "identity | dropout 0.5",
    "stated sizes": "avgpool to=3x4 | maxpool to=1",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_networks_are_converted(name: str, suffix: str, tmp_path: Path) -> None:
    network = imgconv.Network.random(TEXTS[name], (9, 8, 2), 3)
    target = str(tmp_path / f"network{suffix}")
    assert convert(network, target) == ()
    again = imgconv.Network.load(target)
    assert again.input == (9, 8, 2)
    batch = noise(2, 9, 8, 2)
    expected = network.run(batch)
    np.testing.assert_allclose(again.run(batch), expected, rtol=0, atol=1e-5 * abs(expected).max())
    if suffix == ".onnx":
        found = computed(load(Path(target).read_bytes()), batch.transpose(0, 3, 1, 2))
        np.testing.assert_allclose(channels_first(expected, found.ndim), found, rtol=0, atol=1e-5 * abs(expected).max())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("maxpool to=4x3", r"ONNX has no windows of several sizes, as 9 rows x 8 columns of values need"),
        ("minpool 2", r"step 1 \(minpool 2\): min of windows is not written"),
        ("relu | filter box:3", r"step 2 \(filter box:3\): ONNX has no such operator"),
        ("local-response size=4", "even number"),
        ("pad 1 border=reflect", "no border reflect"),
    ],
)
def test_what_onnx_cannot_say_is_named(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match=sentence):
        convert(imgconv.Network.random(text, (9, 8, 2)), str(tmp_path / "a.onnx"))
    assert not list(tmp_path.iterdir())


def test_a_file_that_gives_other_results_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgconv.networks.formats import safetensors
    from imgconv.networks.formats.stored import Stored

    network = imgconv.Network.random("dense 3", (1, 1, 3))
    other = Stored({name: tensor + 1 for name, tensor in network.tensors.items()}, "dense 3", input=(1, 1, 3))
    content = safetensors.encoded(other)
    monkeypatch.setattr(safetensors, "encoded", lambda stored: content)
    with pytest.raises(errors.FileError, match="other results"):
        convert(network, str(tmp_path / "a.safetensors"))
    assert not list(tmp_path.iterdir())


def test_the_command(tmp_path: Path) -> None:
    lenet = SAMPLES / "lenet5.safetensors"
    done = command("network", "convert", lenet, "lenet5.onnx", cwd=tmp_path)
    assert (done.code, "left out: labels" in done.err) == (0, True), done.err
    done = command("network", "convert", "lenet5.onnx", "again.safetensors", cwd=tmp_path)
    assert done.code == 0, done.err
    digit = imgconv.load(str(SAMPLES / "digits" / "3.png")).pixels
    for name in ("lenet5.onnx", "again.safetensors"):
        found = imgconv.Network.load(tmp_path / name).run(digit[None, ..., None])
        expected = imgconv.Network.load(lenet).run(digit[None, ..., None])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    for words, code, sentence in (
        (["convert", lenet], 2, "name the file to write"),
        (["convert", "lenet5.onnx", "lenet5.onnx"], 2, "is also an input"),
        (["convert", lenet, "a.npz"], 2, ".safetensors and .onnx"),
        (["convert", "conv 3@3", "a.onnx", "--input", "9x9x1"], 2, "--weights"),
        (["convert", "missing.onnx", "a.safetensors"], 1, "no such file"),
        (["convrt"], 2, "did you mean convert"),
    ):
        done = command("network", *words, cwd=tmp_path)
        assert (done.code, sentence in done.err) == (code, True), done.err
        assert len(done.err.splitlines()) == 1
