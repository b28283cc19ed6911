"""What is done to arrays and images: the verbs of the library, and what applies operations.

`filters`, `steps` and `edge_detection` hold the verbs on arrays, `image` holds Image and load; `apply` has a module for
each operation. Importing this package loads none of them.
"""
