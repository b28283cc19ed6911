"""Metadata: EXIF, XMP, colour profile, resolution, text.

`reading` takes it from an opened file, `fields` fits it to another format.
"""
