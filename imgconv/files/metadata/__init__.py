"""What a file says beside its pixels: EXIF, XMP, colour profile, resolution, text.

`reading` takes it from an opened file, `fields` fits it to another format.
"""
