"""Content by meaning: stored with vectors, searched, and recommended, each with its reason."""
