"""What skills there are, and finding them in text."""
