"""Layers against PyTorch, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import imgconv

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
DRAWN = np.random.default_rng(4)


def assert_same(network: imgconv.Network, module: Any, shape: tuple[int, int, int] = (13, 12, 4)) -> None:
    """The same from both for a batch, within 1e-5 of the greatest value."""
    batch = DRAWN.normal(0, 2, (3, *shape)).astype("float32")
    with torch.no_grad():
        expected = module(torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())).numpy()
    expected = expected.transpose(0, 2, 3, 1) if expected.ndim == 4 else expected[:, None, None]
    got = network.run(batch)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * max(1, float(abs(expected).max())))


def stateless(text: str, shape: tuple[int, int, int] = (13, 12, 4)) -> imgconv.Network:
    return imgconv.Network(imgconv.Pipeline.parse(text), {}, shape)


def weighted(text: str, module: Any, path: Any) -> imgconv.Network:
    """The network of a text with the module's own weights, as safetensors stores them."""
    from safetensors.numpy import save_file

    tensors = {f"0.{name}": one.detach().numpy() for name, one in module.state_dict().items()}
    save_file(tensors, str(path / "in.safetensors"), {"format": "pt"})
    return imgconv.Network.load(text, path / "in.safetensors", input=(13, 12, 4))


CONVS: dict[str, dict[str, Any]] = {
    "conv 6@3x3": {"kernel_size": 3},
    "conv 6@3x2 no-bias": {"kernel_size": (3, 2), "bias": False},
    "conv 6@3x3 stride=2x3": {"kernel_size": 3, "stride": (2, 3)},
    "conv 6@3x3 pad=1x2": {"kernel_size": 3, "padding": (1, 2)},
    "conv 6@3x4 pad=same": {"kernel_size": (3, 4), "padding": "same"},
    "conv 6@3x3 dilation=2x3": {"kernel_size": 3, "dilation": (2, 3)},
    "conv 6@3x3 groups=2": {"kernel_size": 3, "groups": 2},
    "conv 8@3x3 depthwise pad=1": {"kernel_size": 3, "groups": 4, "padding": 1, "out_channels": 8},
    "conv 8@2x3 groups=4 stride=2 dilation=2 pad=2": {
        "kernel_size": (2, 3),
        "groups": 4,
        "stride": 2,
        "dilation": 2,
        "padding": 2,
        "out_channels": 8,
    },
    "conv 70@1x1": {"kernel_size": 1, "out_channels": 70},
    "conv 6@3x3 pad=1 border=reflect101": {"kernel_size": 3, "padding": 1, "padding_mode": "reflect"},
    "conv 6@3x3 pad=2 border=edge": {"kernel_size": 3, "padding": 2, "padding_mode": "replicate"},
    "conv 6@3x3 pad=2 border=wrap": {"kernel_size": 3, "padding": 2, "padding_mode": "circular"},
}


@pytest.mark.parametrize("text", CONVS)
def test_conv(text: str, tmp_path: Any) -> None:
    module = torch.nn.Conv2d(4, **({"out_channels": 6} | CONVS[text]))
    assert_same(weighted(text, module, tmp_path), module)


def test_dense_behind_flatten(tmp_path: Any) -> None:
    inner = torch.nn.Linear(13 * 12 * 4, 7)
    assert_same(weighted("flatten | dense 7", inner, tmp_path), torch.nn.Sequential(torch.nn.Flatten(), inner))


def test_batchnorm(tmp_path: Any) -> None:
    module = torch.nn.BatchNorm2d(4, eps=1e-3).eval()
    for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
        tensor.data = torch.from_numpy(DRAWN.random(4).astype("float32") + 0.1)
    assert_same(weighted("batchnorm epsilon=1e-3", module, tmp_path), module)


def test_prelu(tmp_path: Any) -> None:
    module = torch.nn.PReLU(4)
    module.weight.data = torch.from_numpy(DRAWN.normal(size=4).astype("float32"))
    assert_same(weighted("prelu", module, tmp_path), module)


POOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "maxpool 2": ("MaxPool2d", {"kernel_size": 2}),
    "maxpool 3x2 stride=2x1 pad=1": ("MaxPool2d", {"kernel_size": (3, 2), "stride": (2, 1), "padding": 1}),
    "maxpool 3 stride=2 dilation=2": ("MaxPool2d", {"kernel_size": 3, "stride": 2, "dilation": 2}),
    "maxpool 5 ceil": ("MaxPool2d", {"kernel_size": 5, "ceil_mode": True}),
    "avgpool 2": ("AvgPool2d", {"kernel_size": 2}),
    "avgpool 3 stride=2 pad=1": (
        "AvgPool2d",
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
    ),
    "avgpool 3 stride=2 pad=1 count-padding": ("AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    "avgpool 5 ceil": ("AvgPool2d", {"kernel_size": 5, "ceil_mode": True}),
    "globalavgpool": ("AdaptiveAvgPool2d", {"output_size": 1}),
    "globalmaxpool": ("AdaptiveMaxPool2d", {"output_size": 1}),
}


@pytest.mark.parametrize("text", POOLS)
def test_pool(text: str) -> None:
    name, options = POOLS[text]
    assert_same(stateless(text), getattr(torch.nn, name)(**options))


FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("ReLU", {}),
    "leaky-relu": ("LeakyReLU", {}),
    "leaky-relu 0.25": ("LeakyReLU", {"negative_slope": 0.25}),
    "elu": ("ELU", {}),
    "elu 0.5": ("ELU", {"alpha": 0.5}),
    "silu": ("SiLU", {}),
    "gelu": ("GELU", {}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
    "hard-sigmoid": ("Hardsigmoid", {}),
    "hard-swish": ("Hardswish", {}),
    "hard-tanh": ("Hardtanh", {}),
    "clip:0,6": ("ReLU6", {}),
    "threshold:0.25": ("Threshold", {"threshold": 0.25, "value": 0}),
    "softmax": ("Softmax", {"dim": 1}),
    "log-softmax": ("LogSoftmax", {"dim": 1}),
    "local-response size=3 alpha=0.5 beta=0.5 k=2": (
        "LocalResponseNorm",
        {"size": 3, "alpha": 0.5, "beta": 0.5, "k": 2},
    ),
    "local-response size=4": ("LocalResponseNorm", {"size": 4}),
    "dropout 0.5": ("Dropout", {}),
    "pad 1,2,3,4": ("ZeroPad2d", {"padding": (3, 4, 1, 2)}),
    "pad 2,1,1,2 border=reflect101": ("ReflectionPad2d", {"padding": (1, 2, 2, 1)}),
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_function(text: str) -> None:
    name, options = FUNCTIONS[text]
    assert_same(stateless(text), getattr(torch.nn, name)(**options).eval())
