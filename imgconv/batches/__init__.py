"""Batches of images: `jobs` names inputs and outputs, `preflight` checks, `run` runs, `outcomes` are the results.

One image, a stream and many files take the same way. `settings` are the options of a run.
"""
