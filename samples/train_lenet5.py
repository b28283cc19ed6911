"""Trains LeNet-5 on scikit-learn's digits and writes lenet5.safetensors, and into digits/ those held out from training.

Run by hand, `python samples/train_lenet5.py`, with the packages of the group `train`; imgconv itself needs none of
them. Seeds are fixed, so on one machine the result is the same each time.

The digits (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI: 1,797 of 8x8 pixels) are laid out
as MNIST's are: enlarged to 20x20, white on black, in the middle of 28x28 pixels.
The network is that of LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition, 1998,
with plain averages and softmax as courses draw it: tanh, average pooling, 61,706 parameters.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SAMPLES = Path(__file__).parent
DIGITS = SAMPLES / "digits"
NETWORK = (
    "normalize scale=1/255 | conv 6@5x5 pad=2 name=conv1 | tanh | avgpool 2 | conv 16@5x5 name=conv2 | tanh | avgpool 2"
    " | flatten | dense 120 name=dense1 | tanh | dense 84 name=dense2 | tanh | dense 10 name=dense3 | softmax"
)
EPOCHS, BATCH = 120, 64


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # sums in one order
    digits = load_digits()
    pictures, labels = np.stack([enlarged(digit) for digit in digits.images]), digits.target.astype(np.uint8)
    split = train_test_split(pictures, labels, test_size=360, random_state=0, stratify=labels)
    learnt, held_out, learnt_labels, held_out_labels = split
    network = trained(learnt, learnt_labels)
    with torch.no_grad():
        found = network(as_input(held_out)).argmax(1).numpy()
    accuracy = float((found == held_out_labels).mean())
    print(f"{accuracy:.2%} of {len(held_out)} digits held out from training")
    DIGITS.mkdir(exist_ok=True)
    save_file(
        tensors(network),
        SAMPLES / "lenet5.safetensors",
        {"imgconv": NETWORK, "input": "28x28x1", "labels": "\n".join("0123456789"), "accuracy": f"{accuracy:.4f}"},
    )
    write_idx(DIGITS / "images-idx3-ubyte.gz", held_out)
    write_idx(DIGITS / "labels-idx1-ubyte.gz", held_out_labels)
    for label in range(10):
        first = held_out[np.flatnonzero((held_out_labels == label) & (found == label))[0]]
        Image.fromarray(first).save(DIGITS / f"{label}.png")


def enlarged(digit: np.ndarray) -> np.ndarray:
    """8x8 pixels of 0...16 as 28x28 of 0...255."""
    small = Image.fromarray(np.round(digit * (255 / 16)).astype(np.uint8))
    return np.pad(np.asarray(small.resize((20, 20), Image.Resampling.BICUBIC)), 4)


def as_input(pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures.astype(np.float32) / 255)[:, None]


def trained(pictures: np.ndarray, labels: np.ndarray) -> nn.Sequential:
    network = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
    inputs, classes = as_input(pictures), torch.from_numpy(labels.astype(np.int64))
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = EPOCHS * -(-len(inputs) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(inputs)).split(BATCH):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(distorted(inputs[chosen])), classes[chosen]).backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def distorted(batch: torch.Tensor) -> torch.Tensor:
    """Turned by up to 12 degrees, scaled by up to 12 %, moved by up to 2.5 pixels: other hands."""
    n = len(batch)
    angle, scale = (torch.rand(n) - 0.5) * 0.42, 1 + (torch.rand(n) - 0.5) * 0.24
    moved = (torch.rand(n, 2) - 0.5) * (5 / 14)
    maps = torch.stack(
        [
            torch.stack([angle.cos() * scale, -angle.sin() * scale, moved[:, 0]], 1),
            torch.stack([angle.sin() * scale, angle.cos() * scale, moved[:, 1]], 1),
        ],
        1,
    )
    grid = nn.functional.affine_grid(maps, list(batch.shape), align_corners=False)
    return nn.functional.grid_sample(batch, grid, align_corners=False)


def tensors(network: nn.Sequential) -> dict[str, np.ndarray]:
    """Weights in imgconv's order: rows, columns, input channels, filters; dense layers inputs by outputs."""
    found: dict[str, np.ndarray] = {}
    names = {0: "conv1", 3: "conv2", 7: "dense1", 9: "dense2", 11: "dense3"}
    for index, name in names.items():
        layer = network[index]
        weight = layer.weight.detach().numpy()
        if name == "dense1":  # its inputs come channel by channel there, pixel by pixel here
            weight = weight.reshape(120, 16, 5, 5).transpose(0, 2, 3, 1).reshape(120, 400)
        found[f"{name}.weight"] = weight.transpose(2, 3, 1, 0) if weight.ndim == 4 else weight.T
        found[f"{name}.bias"] = layer.bias.detach().numpy()
    return {name: np.ascontiguousarray(tensor, np.float32) for name, tensor in found.items()}


def write_idx(path: Path, values: np.ndarray) -> None:
    """MNIST's format: a magic number, the sizes, the bytes."""
    header = struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes(), mtime=0))


if __name__ == "__main__":
    main()
