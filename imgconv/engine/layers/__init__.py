"""Layers of networks on batches (N, H, W, C) of float32: convolutions by loops of ours, the rest by NumPy."""
