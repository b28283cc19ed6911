"""Matrices as text: lines of numbers, which are gray pixels."""
