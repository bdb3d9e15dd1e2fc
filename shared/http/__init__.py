"""HTTP at the border: request models in, JSON or problem+json out."""
