"""Deflate for PNG and TIFF: ISA-L, zlib, or loops that code bytes and runs (RFC 1951)."""
