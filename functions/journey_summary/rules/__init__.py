"""What a report says, and next week's plan. Pure: no clock, no store, no page."""
