"""What the flow does: reads, lets the rules decide, commits. A module a subject."""
