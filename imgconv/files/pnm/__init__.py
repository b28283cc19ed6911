"""Netpbm's formats and PFM."""
