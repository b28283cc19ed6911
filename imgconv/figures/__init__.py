"""Figures: one pixel's arithmetic as a picture, windows that slide over a picture, and the colours of their cells.

What is drawn is computed in `api/pixel` and `networks`; the paper, the ink and the letters are those of the lab.
"""
