"""What the flow does: reads, lets the rules decide, sends, commits. A module a subject."""
