"""Bytes and texts that nobody meant: for each, a correct output or a refusal, within a time and a memory limit, and
nothing else ever.

`targets` says what is tried and what is right, `seeds` holds small valid images of every format, `mutate` spoils them,
`python -m tests.fuzz` (`make fuzz`) runs many. A mutant is its seed and number: what was found once is found again.
"""
