"""Values that the other rooms speak in: records, numbers, windows, borders, parameters, notes, pixels, images.

Nothing here reads a file, knows a kernel's name or runs a loop.
"""
