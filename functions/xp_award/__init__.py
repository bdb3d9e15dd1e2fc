"""XP, levels, streaks, achievements and hints: the flow that keeps the game."""
