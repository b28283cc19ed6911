"""Files: bytes to an image (`read`) and back (`write`), by the tables of `formats` and `modes`.

The only room that uses Pillow. A folder holds one format; modules beside the folders serve several.
"""
