"""What the night does about what is old."""
