"""What the game does with the stores."""
