"""Weights of Keras: `.keras`, whole models in `.h5`, and weights alone in `.weights.h5`. No code in a file is run."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from imgconv import errors
from imgconv.engine.memory import granted
from imgconv.files import archives
from imgconv.networks.formats import hdf5
from imgconv.networks.formats.hdf5 import RefusedError
from imgconv.networks.formats.keras_layers import TRANSLATIONS, WORDS, translated
from imgconv.networks.formats.keras_models import Declared, declared
from imgconv.networks.formats.stored import HWIO, LARGEST, Stored, as_weights, check_expansion, check_size

_LONGEST_CONFIG = 2**24
_PIECE = 2**20
_LAYERS = ("layers", "_layer_checkpoint_dependencies")  # where Keras 3 and late Keras 2 keep layers
_ROLES = {"kernel": "weight", "moving_mean": "mean", "moving_variance": "variance", "alpha": "slope"}
_KINDS = {
    "conv2d": "conv",
    "depthwise_conv2d": "depthwise",
    "dense": "dense",
    "batch_normalization": "batchnorm",
    "p_re_lu": "prelu",
}
"""What layers are called in files of weights alone, and the kinds of ours."""


def read(path: str) -> Stored:
    """The network in a file, or its weights alone; FileError where it is broken, or has layers that are not known."""
    with hdf5.guarded(path):
        hdf5.tried(path, __name__)
    return _read(path)


def serve() -> None:
    """The trial of a file, in a process of its own."""
    hdf5.answer(_read)


def _read(path: str) -> Stored:
    with hdf5.guarded(path):
        if os.path.splitext(path)[1].lower() == ".keras":
            return _archive(path)
        with hdf5.opened(path) as file:
            config = hdf5.texts(file, "model_config")
            if config is not None:
                weights = hdf5.member(file, "model_weights")
                versions = hdf5.texts(file, "keras_version") or [""]
                return _model(path, _parsed(config[0]), versions[0], weights)
            return _weights_alone(path, file)


# ---------------------------------------------------------------- whole models


def _archive(path: str) -> Stored:
    """`.keras`: config.json, metadata.json and model.weights.h5 in a zip archive."""
    with open(path, "rb") as stream, archives.directory(stream) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        for name in ("config.json", "model.weights.h5"):
            if name not in infos:
                raise RefusedError(f"has no {name}; a .keras file is written by model.save")
        config = _member(path, archive, infos["config.json"], _LONGEST_CONFIG)
        about = _member(path, archive, infos["metadata.json"], _LONGEST_CONFIG) if "metadata.json" in infos else b"{}"
        weights = _member(path, archive, infos["model.weights.h5"], LARGEST)
    version = _parsed(about).get("keras_version", "")
    with hdf5.opened(io.BytesIO(weights)) as file:
        return _model(path, _parsed(config), str(version), file)


def _member(path: str, archive: Any, info: Any, most: int) -> bytes:
    """A member of an archive, in pieces: what the directory says of its size takes no memory."""
    most = min(most, int(granted()))
    if info.file_size > most:
        raise RefusedError(f"{info.filename} takes {errors.amount(info.file_size)}, more than {errors.amount(most)}")
    check_expansion(path, info.filename, info.file_size, info.compress_size)
    content = bytearray()
    stream: IO[bytes]
    with archives.unpacked(archive, info) as stream:
        while piece := stream.read(_PIECE):
            content += piece
            if len(content) > most:
                raise RefusedError(f"{info.filename} takes more than {errors.amount(most)}")
    return bytes(content)


def _parsed(text: str | bytes) -> dict[str, Any]:
    """The object in a text of JSON."""
    if len(text) > _LONGEST_CONFIG:
        raise RefusedError(f"its layers take {errors.amount(len(text))}, more than {errors.amount(_LONGEST_CONFIG)}")
    found = json.loads(text)
    if not isinstance(found, dict):
        raise RefusedError("its layers are no JSON object")
    return found


def _model(path: str, config: dict[str, Any], version: str, weights: Any) -> Stored:
    """The network that a configuration declares, with its weights."""
    layers = declared(config, version, TRANSLATIONS)
    found = {layer.name: _tensors(layer, weights) for layer in layers}
    _check(path, found)
    loaded = {
        layer.name: {role: as_weights(path, f"{layer.name}.{role}", one[()]) for role, one in found[layer.name].items()}
        for layer in layers
    }
    steps, tensors, shape = translated(layers, loaded)
    kinds = {layer.own_name: kind for layer in layers if (kind := WORDS.get(layer.kind))}
    kinds |= {name: "conv" for name, kind in kinds.items() if kind == "dense" and tensors[f"{name}.weight"].ndim == 4}
    return Stored(tensors, steps, HWIO, shape, kinds=kinds)


def _check(path: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    """FileError where the datasets of all layers are more than a network may have."""
    sizes = {
        f"{layer}.{role}": (one.shape, max(4, one.dtype.itemsize))
        for layer, roles in found.items()
        for role, one in roles.items()
    }
    check_size(path, sizes)


def _tensors(layer: Declared, weights: Any) -> dict[str, Any]:
    """The datasets of a layer by what Keras calls them."""
    expected = layer.roles
    if not expected:
        return {}
    home = next(filter(None, (hdf5.within(weights, home, layer.stored_as, "vars") for home in _LAYERS)), None)
    if home is not None:
        found = {name: hdf5.checked(hdf5.member(home, name)) for name in hdf5.members(home)}
        roles = dict(zip(map(str, range(len(expected))), expected, strict=True))
        named = {roles.get(name, name): one for name, one in found.items()}
    else:
        home = hdf5.within(weights, *layer.name.split("/"))
        named = {} if home is None else _named(home)
    if set(named) != set(expected):
        have = ", ".join(sorted(named)) or "no tensors"
        raise layer.refused(f"the file has {have}, the layer {', '.join(expected)}")
    return named


def _named(group: Any) -> dict[str, Any]:
    """The datasets of a layer as Keras' older files have them: `conv2d/kernel:0`."""
    found = {name.removesuffix(":0"): one for name, one in hdf5.datasets(group).items()}
    return {"kernel" if name == "depthwise_kernel" else name: one for name, one in found.items()}


# ---------------------------------------------------------------- weights alone


def _weights_alone(path: str, file: Any) -> Stored:
    """The tensors of layers that the file does not declare, kind by kind in their order."""
    layers = list(_legacy(file) if "layer_names" in file.attrs else _numbered(file))
    if not layers:
        raise RefusedError("has neither layers nor weights of Keras")
    found = {name: roles for name, _, roles in layers}
    if len(found) != len(layers):
        raise RefusedError("has two layers of one name")
    _check(path, found)
    tensors = {}
    for name, kind, roles in layers:
        for role, dataset in roles.items():
            tensor = as_weights(path, f"{name}.{role}", dataset[()])
            if kind == "depthwise" and role == "kernel":
                if tensor.ndim != 4:
                    raise RefusedError(f"the kernel of {errors.shown(name)} has {tensor.ndim} dimensions, expected 4")
                tensor = tensor.reshape(*tensor.shape[:2], 1, -1)
            if kind == "prelu":
                tensor = tensor.reshape(-1)
            tensors[f"{name}.{_ROLES.get(role, role)}"] = tensor
    return Stored(tensors, "", HWIO, kinds={name: kind for name, kind, _ in layers})


def _numbered(file: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, kind and datasets of each layer of Keras 3: `layers/conv2d_1/vars/0`."""
    home = next(filter(None, (hdf5.member(file, name) for name in _LAYERS)), None)
    for name in sorted(hdf5.members(home), key=_place) if home is not None else ():
        vars_ = hdf5.within(home, name, "vars")
        count = 0 if vars_ is None else len(hdf5.members(vars_))
        kind = _KINDS.get(_place(name)[0], "")
        if not count or _place(name)[0] == "normalization":  # its numbers stand in the text
            continue
        roles = {
            ("batchnorm", 4): ("gamma", "beta", "moving_mean", "moving_variance"),
            ("prelu", 1): ("alpha",),
            **{(one, number): ("kernel", "bias")[:number] for one in _SUMS for number in (1, 2)},
        }.get((kind, count))
        if roles is None:
            raise RefusedError(
                f"{errors.shown(name)} has {count} tensors that weights alone do not explain; save the whole model:"
                " model.save('model.keras')"
            )
        yield name, kind, {role: hdf5.checked(hdf5.member(vars_, str(at))) for at, role in enumerate(roles)}


_SUMS = ("conv", "depthwise", "dense")


def _place(name: str) -> tuple[str, int]:
    """`conv2d_10` as conv2d and 10: which of its class in the network."""
    match = re.fullmatch(r"(.*?)(?:_(\d{1,9}))?", name, re.DOTALL)
    return (match[1], int(match[2] or 0)) if match else (name, 0)


def _legacy(file: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The same of Keras 2, whose file names its layers in their order."""
    for name in hdf5.texts(file, "layer_names") or []:
        group = hdf5.within(file, *name.split("/"))
        raw = {} if group is None else hdf5.datasets(group)
        roles = {} if group is None else _named(group)
        if not roles:
            continue
        kind = (
            "depthwise"
            if any(role.startswith("depthwise_kernel") for role in raw)
            else "batchnorm"
            if "gamma" in roles
            else "prelu"
            if "alpha" in roles
            else "dense"
            if "kernel" in roles and len(roles["kernel"].shape) == 2
            else "conv"
        )
        yield name, kind, roles
