"""Pages for a browser: one file that needs no network, put together from the plain files in `parts/`."""
