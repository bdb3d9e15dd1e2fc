"""What the flow does with candidates."""
