"""Files of weights: a module for each format, whose `read` gives a `Stored` network."""
