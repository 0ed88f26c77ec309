"""Learners that others wrote, or that are written as others write them, on the same calls."""
