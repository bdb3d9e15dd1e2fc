"""What the game decides: pure functions."""
