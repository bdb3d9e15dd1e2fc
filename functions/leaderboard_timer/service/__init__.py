"""What boards do with the stores."""
