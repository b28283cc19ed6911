"""JPEG and JPEG 2000: whether a file is whole, and JPEG written strip by strip."""
