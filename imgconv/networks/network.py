"""Network: a pipeline with the tensors of its layers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.networks.naming import input_shape, layer_names, named_layers
from imgconv.operations import Operation
from imgconv.operations.base import Shape
from imgconv.operations.layers import Layer
from imgconv.operations.layers.base import check_tensors, shape_text
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.frozen import record
from imgconv.values.parameters import THREADS, whole
from imgconv.values.pixel_values import Pixels, array_of

if TYPE_CHECKING:
    from imgconv.networks.summary import Summary


@record(eq=False)
class Network:
    """A network: the steps of a pipeline, and the tensors of its layers.

    Parameters
    ----------
    pipeline : Pipeline
        Its layers, such as ``conv 6@5x5 | relu | maxpool 2 | flatten | dense 10 | softmax``.
    tensors : mapping of str to array
        Weights by name: ``conv1.weight`` (rows, columns, input channels, filters), ``dense1.weight`` (inputs, outputs),
        ``conv1.bias`` and the like. Layers are called by their word and number, or by their ``name=``.
    input : (rows, columns, channels), optional
        The shape of what goes in, where it is known.
    labels : tuple of str
        What the outputs stand for.

    Examples
    --------
    >>> import imgconv
    >>> network = imgconv.Network.load("samples/lenet5.safetensors")
    >>> digit = imgconv.load("samples/digits/7.png")
    >>> network.predict(digit.pixels, top=1)[0][0]
    '7'
    """

    pipeline: Pipeline
    tensors: Mapping[str, Pixels]
    input: Shape | None = None
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "pipeline", as_pipeline(self.pipeline))
        object.__setattr__(self, "tensors", _checked_tensors(self.tensors))
        if not isinstance(self.labels, (tuple, list)) or not all(isinstance(label, str) for label in self.labels):
            raise errors.not_a("labels", self.labels, "a tuple of texts")
        object.__setattr__(self, "labels", tuple(self.labels))
        if self.input is not None:
            object.__setattr__(self, "input", input_shape(self.input))
            self.result(self.input)

    @classmethod
    def load(
        cls, source: str | os.PathLike[str], weights: str | os.PathLike[str] | None = None, **options: Any
    ) -> Network:
        """Read a network.

        Parameters
        ----------
        source : str or path
            A file of weights that holds its layers, too (.safetensors, .onnx, .keras, .h5), or the text of a pipeline.
        weights : str or path, optional
            The weights of a pipeline: .safetensors, .npz, .onnx, .keras or .h5.
        input : (rows, columns, channels) or str, optional
            The shape of what goes in, where the file does not have it.
        layout : {"hwio", "oihw"}, optional
            The order of the weights' axes, where the file does not tell: rows, columns, inputs, outputs and (inputs,
            outputs); or outputs, inputs, rows, columns and (outputs, inputs), as PyTorch has them.

        Returns
        -------
        Network

        Raises
        ------
        UsageError
            Where layers and tensors do not fit each other.
        FileError
            For a file that cannot be read.
        """
        from imgconv.networks.reading import read

        return cls(*read(source, weights, **options))

    @classmethod
    def random(cls, pipeline: Pipeline | str, input: Any, seed: int = 0) -> Network:
        """A network with random weights, for shapes and speed.

        Weights are normal with deviation sqrt(2 / inputs of a sum), biases and means 0, factors and variances 1.
        He et al., Delving Deep into Rectifiers, 2015, section 2.2.
        """
        from imgconv.networks.formats.stored import check_size

        steps = as_pipeline(pipeline)
        shape, generator = input_shape(input), np.random.default_rng(whole(seed, "seed"))
        layers, tensors = list(named_layers(steps, shape)), {}
        check_size("the network", {f"{n}.{r}": (s, 8) for n, layer, at in layers for r, s in layer.tensors(at).items()})
        for name, layer, at in layers:
            for role, size in layer.tensors(at).items():
                if role == "weight":
                    deviation = np.sqrt(2 / max(1, int(np.prod(size[:-1]))))
                    tensor = generator.normal(0, deviation, size)
                else:
                    tensor = np.full(size, float(role in ("gamma", "variance")))
                tensors[f"{name}.{role}"] = tensor.astype(np.float32)
        return cls(steps, tensors, shape)

    def __str__(self) -> str:
        return str(self.pipeline)

    @cached_property
    def layers(self) -> tuple[Operation, ...]:
        """The steps, those that have tensors with them."""
        from imgconv.api.weighted_layer import WeightedLayer

        names, tensors = layer_names(self.pipeline.steps), _by_layer(self.tensors)
        return tuple(
            WeightedLayer(step, name, tensors.get(name, {})) if name and isinstance(step, Layer) else step
            for step, name in zip(self.pipeline.steps, names, strict=True)
        )

    def result(self, shape: Shape) -> Shape:
        """The shape of what comes out for values of a shape.

        Raises
        ------
        WindowError
            Where a window does not fit.
        UsageError
            Where a tensor is missing or does not fit.
        """
        tensors = _by_layer(self.tensors)
        for name, layer, at in named_layers(self.pipeline, shape):
            if self.tensors:
                check_tensors(layer, name, tensors.get(name, {}), at)
        return self.pipeline.result(*shape)

    def require_weights(self) -> None:
        """UsageError where layers need weights and there are none."""
        name = next(filter(None, layer_names(self.pipeline.steps)), "")
        if name and not self.tensors:
            raise errors.UsageError(f"layer {name} needs weights; name their file: --weights FILE")

    def run(self, batch: Any, *, threads: int | None = None) -> Pixels:
        """What comes out for a batch.

        Parameters
        ----------
        batch : array (N, H, W, C)
        threads : int, optional
            Processors to use; None uses all. The result does not depend on it.

        Returns
        -------
        array (N, rows, columns, channels), float32

        Raises
        ------
        PixelError
            For an array that is not of this kind.
        """
        from imgconv.api.apply.batches import run
        from imgconv.networks.forecast import images_together

        array, count = self._checked(batch), _threads(threads)
        together = images_together(self.pipeline, array.shape[1:])
        parts = [run(self.layers, array[at : at + together], count)[-1] for at in range(0, len(array), together)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _checked(self, batch: Any) -> Pixels:
        """A batch as an array that the network takes."""
        array = array_of(batch)
        if array.ndim != 4 or not array.size or array.dtype.kind not in "buif":
            raise errors.PixelError(f"a batch is an array (N, H, W, C) of numbers, not {array.dtype} of {array.shape}")
        shape: Any = array.shape[1:]
        if self.input is not None and shape != self.input:
            raise errors.PixelError(f"the network takes {shape_text(self.input)} values, not {shape_text(shape)}")
        self.require_weights()
        self.result(shape)
        return array

    def maps(self, pixels: Any, *, threads: int | None = None) -> dict[str, Pixels]:
        """What every step gives for one picture.

        Parameters
        ----------
        pixels : array (H, W) or (H, W, C)

        Returns
        -------
        dict of str to array (rows, columns, channels), float32
            By step, numbered from 1: ``"1 conv 6@5x5"``.
        """
        from imgconv.api.apply.batches import run
        from imgconv.networks.forecast import images_together
        from imgconv.operations.text import step_text

        batch = self._checked(_batch_of(pixels))
        images_together(self.pipeline, batch.shape[1:], every=True)
        values = run(self.layers, batch, _threads(threads), every=True)
        steps = enumerate(self.pipeline.steps, 1)
        return {f"{number} {step_text(step)}": value[0] for (number, step), value in zip(steps, values, strict=True)}

    def predict(self, pixels: Any, *, top: int = 5, threads: int | None = None) -> list[tuple[str, float]]:
        """The likeliest classes of one picture, likeliest first.

        Parameters
        ----------
        pixels : array (H, W) or (H, W, C)
            Pixels as the network takes them; the command `imgconv predict` also fits pictures to it.
        top : int
            How many classes.

        Returns
        -------
        list of (label, output)
            The number of the output stands for the label where there are none.
        """
        count = whole(top, "top", least=1)
        return self.likeliest(self.run(_batch_of(pixels), threads=threads), count)

    def likeliest(self, outputs: Pixels, top: int) -> list[tuple[str, float]]:
        """The labels and values of the greatest outputs, greatest first; of equals the first."""
        flat = outputs.reshape(-1)
        order = np.argsort(-flat, kind="stable")[:top]
        return [(self.label(int(index)), float(flat[index])) for index in order]

    def with_labels(self, labels: Sequence[str]) -> Network:
        """The same network with other labels."""
        return Network(self.pipeline, self.tensors, self.input, labels)  # type: ignore[arg-type]

    def label(self, output: int) -> str:
        """What an output stands for: its label, or its number."""
        return self.labels[output] if output < len(self.labels) else str(output)

    def summary(self, shape: Any = None) -> Summary:
        """Layers, output shapes, parameters, multiply-adds and receptive fields.

        Parameters
        ----------
        shape : (rows, columns, channels) or str, optional
            The shape of what goes in, where the network does not know it.
        """
        from imgconv.networks.summary import summary

        return summary(self.pipeline, self.shape_in(shape))

    def shape_in(self, shape: Any = None) -> Shape:
        """The shape of what goes in; UsageError where nobody knows it."""
        if shape is None and self.input is None:
            raise errors.UsageError("the size of the input is not known; give it, such as 28x28x1")
        known: Shape = self.input if shape is None else input_shape(shape)  # type: ignore[assignment]
        return known


def _batch_of(pixels: Any) -> Pixels:
    """One picture (H, W) or (H, W, C) as a batch."""
    array = array_of(pixels)
    if array.ndim not in (2, 3) or not array.size:
        raise errors.PixelError(f"a picture is an array (H, W) or (H, W, C), not one of shape {array.shape}")
    return array.reshape(1, *array.shape[:2], -1)


def _threads(threads: Any) -> int | None:
    return None if threads is None else int(THREADS.read(threads))


def _checked_tensors(tensors: Any) -> dict[str, Pixels]:
    """Tensors by name in float32; UsageError for anything else."""
    if not isinstance(tensors, Mapping) or not all(isinstance(name, str) for name in tensors):
        raise errors.not_a("tensors", tensors, "a mapping of names to arrays")
    arrays = {name: array_of(tensor) for name, tensor in tensors.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise errors.UsageError(f"tensor {name} is of type {array.dtype}; weights are real numbers")
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def _by_layer(tensors: Mapping[str, Pixels]) -> dict[str, dict[str, Pixels]]:
    """The tensors of each layer, by role."""
    found: dict[str, dict[str, Pixels]] = {}
    for key, tensor in tensors.items():
        name, _, role = key.rpartition(".")
        found.setdefault(name, {})[role] = tensor
    return found
