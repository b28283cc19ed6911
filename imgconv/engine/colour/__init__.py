"""Colour: which channels a pipeline is for, luma, and the curves between pixels and linear light."""
