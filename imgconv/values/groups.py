"""The groups in which help lists options. An option names its group where it is declared."""

OPERATION = "Operation"
NETWORK = "Network"
GEOMETRY = "Geometry"
RESULT = "Result"
COLOUR = "Colour"
FILES = "Files"
BATCHES = "Many images"
LIMITS = "Limits"
REPORTS = "Reports"
HELP = "Help"
GROUPS = (OPERATION, NETWORK, GEOMETRY, RESULT, COLOUR, FILES, BATCHES, LIMITS, REPORTS, HELP)
"""In the order in which help lists them."""
