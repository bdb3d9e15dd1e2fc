"""What is recommended, and which recipes close which gaps. Pure."""
