"""What a session decides: which questions are open, which answers hold, how time adds up."""
