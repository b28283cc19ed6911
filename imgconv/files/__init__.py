"""Files: bytes to Image (`read`) and back (`write`), by the tables of `formats` and `modes`. The only place where
Pillow is used."""
