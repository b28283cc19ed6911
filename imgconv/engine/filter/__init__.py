"""Filters on values: the planner's algorithms over bands of rows, combinations, repeats and banks."""
