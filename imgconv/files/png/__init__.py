"""PNG and animated PNG: chunks, the check of a whole file, reading, writing, and the loops of row filters."""
