"""Kernels: the value, the named ones, other tools' dialects, and the lab that examines them.

`catalog` reads KERNEL as users write it. No kernel is applied here; that is the engine's work.
"""
