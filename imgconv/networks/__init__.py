"""Networks: pipelines whose layers have weights, read from files, run on batches, summarised, and shown.

What a layer is stands in `operations/layers`, what computes it in `engine/layers`.
"""
