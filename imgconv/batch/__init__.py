"""Batches: jobs to outcomes. `jobs` says what goes where, `run` does it, `outcomes` holds what became of each image.

One image, a stream and many files take the same way. What the command line says of a run is in `settings`.
"""
