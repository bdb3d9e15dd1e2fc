"""What boards decide: pure functions."""
