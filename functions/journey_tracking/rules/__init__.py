"""What journeys decide: pure functions."""
