"""Learning journeys: attempts, progress, skills, overrides, and the statements about them."""
