"""Values that the other rooms speak in: records, numbers, windows, borders, parameters, notes, pixels, images.

Nothing here reads files, names kernels or runs loops.
"""
