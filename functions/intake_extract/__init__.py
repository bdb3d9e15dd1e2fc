"""Turns the bytes of an accepted file into text in reading order."""
