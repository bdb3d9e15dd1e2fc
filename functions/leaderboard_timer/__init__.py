"""Ranks a tenant's learners: boards are built by a timer and read by points."""
