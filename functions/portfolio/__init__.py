"""What learners show of themselves: items with evidence, and what mentors say of them."""
