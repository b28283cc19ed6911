"""ONNX: chains of layers, read and written. Every operator that is read is a row of `OPERATORS` in `operators.py`."""

from imgconv.networks.formats.onnx.reading import read as read
from imgconv.networks.formats.onnx.writing import encoded as encoded
