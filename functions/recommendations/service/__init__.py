"""Keeps content with its vectors, and gathers what recommendations follow from."""
