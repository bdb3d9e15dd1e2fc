"""What scoring decides: a pure function of the answers and the bank they were given to."""
