"""Zarr (versions 2 and 3) and OME-Zarr, whose images are folders; read and written with the package zarr."""
