"""imgconv beside its peers: one table of cases drives agreement tests and timing. `python -m tests.bench --help` tells
more."""
