"""What the flow decides: pure functions."""
