"""Gathers what coaching speaks of, and keeps recipes."""
