"""Pooling on values: the ways in which the planner has windows reduced."""
