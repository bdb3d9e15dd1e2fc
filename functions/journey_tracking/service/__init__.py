"""What journeys do with the stores."""
