"""What to do next, and why: recommendations from the profile and from learning, and recipes."""
