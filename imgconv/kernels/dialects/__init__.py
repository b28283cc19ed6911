"""Dialects: the ways in which kernels are written, one module each. `table.py` has their table; nothing here loads
before it is needed."""
