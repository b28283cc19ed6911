"""`python -m tests.bench.layers`: layers of networks beside PyTorch and ONNX Runtime, two threads each, in turns.

Every result is compared with ours before anything is timed. A peer that is not installed is named.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.bench.inputs import BENCH
from tests.bench.turns import Call, measured

os.environ.setdefault("IMGCONV_CACHE_DIR", str(BENCH / "loops"))  # before imgconv looks
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads of a peer that wait by spinning slow whose turn it is
THREADS = 2


@dataclass(frozen=True)
class Layer:
    """relu(conv + bias): channels in and out, rows and columns of a filter, of the input, groups, images."""

    inputs: int
    outputs: int
    size: int
    side: int
    pad: int = 1
    groups: int = 1

    @property
    def name(self) -> str:
        what = "depthwise " if self.groups > 1 else ""
        return f"{what}{self.inputs}→{self.outputs} {self.size}×{self.size} · {self.side}×{self.side}"

    @property
    def multiply_adds(self) -> int:
        out = self.side + 2 * self.pad - self.size + 1
        return out * out * self.size**2 * self.inputs // self.groups * self.outputs


LAYERS = (
    Layer(1, 64, 3, 28, 0),
    Layer(3, 64, 3, 224),
    Layer(64, 64, 3, 224),
    Layer(64, 128, 3, 112),
    Layer(256, 256, 3, 56),
    Layer(6, 16, 5, 14, 0),
    Layer(64, 64, 3, 224, groups=64),
)


def calls(layer: Layer) -> dict[str, Call]:
    """Ours and the peers' that are installed, each giving (H, W, C)."""
    random = np.random.default_rng(1)
    image = random.standard_normal((1, layer.side, layer.side, layer.inputs)).astype("float32")
    shape = (layer.size, layer.size, layer.inputs // layer.groups, layer.outputs)
    weights, bias = (
        random.standard_normal(shape).astype("float32"),
        random.standard_normal(layer.outputs).astype("float32"),
    )
    made = {"imgconv": _ours(layer, image, weights, bias)}
    for name, make in (("PyTorch", _torch), ("ONNX Runtime", _onnx)):
        try:
            made[name] = make(layer, image, weights, bias)
        except ImportError as error:
            print(f"{name}: {error}")
    return made


def _ours(layer: Layer, image: Any, weights: Any, bias: Any) -> Call:
    from imgconv.engine.layers.conv import conv, packed
    from imgconv.values.windows import Window

    filters, window = packed(weights, bias, layer.groups), Window((layer.size, layer.size), pad=(layer.pad,) * 4)
    return lambda: conv(image, filters, window, least=0.0)[0]


def _torch(layer: Layer, image: Any, weights: Any, bias: Any) -> Call:
    import torch

    torch.set_num_threads(THREADS)
    planes = torch.from_numpy(image).permute(0, 3, 1, 2)  # channels last: the faster form here
    kernel = torch.from_numpy(weights).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    shift = torch.from_numpy(bias)

    def call() -> Any:
        with torch.no_grad():
            result = torch.conv2d(planes, kernel, shift, padding=layer.pad, groups=layer.groups).relu_()
        return result[0].permute(1, 2, 0).numpy()

    return call


def _onnx(layer: Layer, image: Any, weights: Any, bias: Any) -> Call:
    import onnx
    import onnxruntime
    from onnx import helper, numpy_helper

    planes = np.ascontiguousarray(image.transpose(0, 3, 1, 2))
    stored = {"w": np.ascontiguousarray(weights.transpose(3, 2, 0, 1)), "b": bias}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[layer.pad] * 4, group=layer.groups),
        helper.make_node("Relu", ["y"], ["z"]),
    ]
    graph = helper.make_graph(
        nodes,
        "layer",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, planes.shape)],
        [helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda: session.run(None, {"x": planes})[0][0].transpose(1, 2, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each layer (default 5)")
    seconds = parser.parse_args().seconds
    for layer in LAYERS:
        found = measured(calls(layer), seconds, 1e-4)
        rate = 2 * layer.multiply_adds / found["imgconv"] / 1e6
        peers = ", ".join(f"{name} {ms:.3f} ms ({ms / found['imgconv']:.2f}×)" for name, ms in found.items())
        print(f"{layer.name}: {rate:.0f} GFLOP/s; {peers}")


if __name__ == "__main__":
    main()
