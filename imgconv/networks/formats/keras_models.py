"""What Keras declares in a file: its layers, in order from the input to the output. No code of theirs is run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from imgconv.networks.formats.hdf5 import RefusedError
from imgconv.values.frozen import record

INPUT = "InputLayer"
_MOST_LAYERS = 10_000
_WEIGHTS_ALONE = "or save model.save_weights('model.weights.h5') and give the layers as text with --weights"


@record(eq=False)
class Declared:
    """A layer as a file declares it: which it is (from 1), its class, its name and settings, under which name its
    weights are stored, and by which version of Keras."""

    place: int
    kind: str
    name: str
    settings: Mapping[str, Any]
    stored_as: str
    version: str

    @cached_property
    def own_name(self) -> str:
        """Its name as a pipeline's text can have it."""
        return re.sub(r"^(?=[^A-Za-z_])", "_", re.sub(r"[^A-Za-z0-9_./:-]", "_", self.name))[:200]

    @property
    def roles(self) -> tuple[str, ...]:
        """What its tensors are called, in Keras' order."""
        given = self.settings
        if self.kind in ("Conv2D", "DepthwiseConv2D", "Dense"):
            return ("kernel", "bias") if given.get("use_bias", True) else ("kernel",)
        if self.kind == "BatchNormalization":
            factors = [role for role, key in (("gamma", "scale"), ("beta", "center")) if given.get(key, True)]
            return (*factors, "moving_mean", "moving_variance")
        if self.kind == "Normalization" and given.get("mean") is None:
            return ("mean", "variance", "count")
        return ("alpha",) if self.kind == "PReLU" else ()

    def refused(self, why: str) -> RefusedError:
        """The reason, with the layer's place and name before it."""
        return RefusedError(f"layer {self.place} ({self.kind[:40]} {self.name[:40]!r}): {why}")


# ---------------------------------------------------------------- the chain


def declared(config: Mapping[str, Any], version: str, known: Collection[str]) -> list[Declared]:
    """The layers of a model from its input to its output; Refused where they are no chain, or one is not `known`."""
    if config["class_name"] not in ("Sequential", "Functional", "Model"):
        raise RefusedError(
            f"a model of the class {str(config['class_name'])[:40]!r} is code of its own, which is never run; save a"
            f" Sequential or functional model, {_WEIGHTS_ALONE}"
        )
    inner = config["config"]
    entries = inner["layers"] if isinstance(inner, dict) else inner  # a list in files of the first versions
    if not isinstance(entries, list) or not 0 < len(entries) <= _MOST_LAYERS:
        raise RefusedError(f"its layers are no list of 1 to {_MOST_LAYERS}")
    counts: Counter[str] = Counter()
    layers = []
    for place, entry in enumerate(entries, 1):
        kind, settings = str(entry["class_name"]), dict(entry["config"])
        snake = _snake(kind)
        stored_as = f"{snake}_{counts[snake]}" if counts[snake] else snake
        counts[snake] += 1
        layer = Declared(place, kind, str(entry.get("name") or settings["name"]), settings, stored_as, version)
        _check_own(layer, entry, known)
        layers.append(layer)
    if len({layer.own_name for layer in layers}) < len(layers):
        raise RefusedError("has two layers of one name")
    return layers if config["class_name"] == "Sequential" else _chain(layers, entries, inner)


def _snake(name: str) -> str:
    """`MaxPooling2D` as `max_pooling2d`, by Keras' rule."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _check_own(layer: Declared, entry: Mapping[str, Any], known: Collection[str]) -> None:
    """Refused for a layer that is not known, or whose code stands elsewhere."""
    if layer.kind in ("Lambda", "TFOpLambda", "SlicingOpLambda"):
        raise layer.refused(f"it is code, which is never run; make it a Rescaling or Activation, {_WEIGHTS_ALONE}")
    if foreign(entry.get("module")) or ">" in layer.kind:
        raise layer.refused(f"it is code of its own, which is never run; use layers of Keras, {_WEIGHTS_ALONE}")
    if layer.kind in ("Sequential", "Functional", "Model"):
        raise layer.refused("a model in a model is not read; put its layers in the model itself")
    if layer.kind not in (*known, INPUT):
        raise layer.refused("imgconv has no such layer; docs/networks.md lists those of Keras that are read")
    if layer.settings.get("data_format", "channels_last") not in ("channels_last", None):
        raise layer.refused("it counts channels first; save the model with data_format='channels_last'")


def foreign(module: Any) -> bool:
    """Whether a class is of a module that is not Keras' own; older files do not say."""
    return module is not None and not re.fullmatch(r"(tensorflow\.|tf_)?keras(\..*)?", str(module))


def _chain(
    layers: Sequence[Declared], entries: Sequence[Mapping[str, Any]], inner: Mapping[str, Any]
) -> list[Declared]:
    """The layers of a functional model, from its input to its output, each behind the one before."""
    after: dict[str, Declared] = {}
    for layer, entry in zip(layers, entries, strict=True):
        sources = _sources(entry.get("inbound_nodes") or [])
        if layer.kind == INPUT and not sources:
            continue
        if len(sources) != 1:
            raise layer.refused(f"it takes {len(sources)} inputs; only chains of layers are read, without branches")
        if sources[0] in after:
            raise layer.refused(f"{sources[0][:40]!r} has a branch here; only chains of layers are read")
        after[sources[0]] = layer
    inputs = [layer for layer in layers if layer.kind == INPUT]
    if len(inputs) != 1:
        raise RefusedError(f"has {len(inputs)} inputs; networks of one input are read")
    result = inputs
    while (last := result[-1].name) in after:
        result.append(after.pop(last))
    if after:
        raise next(iter(after.values())).refused("no chain of layers leads from the input here")
    outputs = inner.get("output_layers")
    ends = [outputs] if isinstance(outputs, list) and outputs and isinstance(outputs[0], str) else outputs
    if not isinstance(ends, list) or [end[0] for end in ends] != [result[-1].name]:
        raise RefusedError(f"its output is not that of its last layer, {result[-1].name[:40]!r}")
    return result


def _sources(nodes: Any) -> list[str]:
    """The layers whose values go into a layer: those of Keras 3's tensors, or of Keras 2's lists."""
    found: list[str] = []
    for node in nodes:
        if isinstance(node, dict):
            found += _histories([node.get("args"), node.get("kwargs")])
        else:
            found += [str(one[0]) for one in node]
    return found


def _histories(value: Any) -> list[str]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [str(value["config"]["keras_history"][0])]
        value = list(value.values())
    return [name for one in value for name in _histories(one)] if isinstance(value, list) else []
