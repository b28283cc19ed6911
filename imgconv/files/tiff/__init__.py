"""TIFF: directories, what Pillow cannot read whole, checks of strips, and the writer."""
