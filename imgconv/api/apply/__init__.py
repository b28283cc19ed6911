"""Operations applied to values: a module for each operation, and `pipeline` for several one after the other.

What an operation is, its fields and the shape of its result, is declared in `imgconv.operations`.
"""
