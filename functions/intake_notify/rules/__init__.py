"""What the flow decides: who is told what, in which words, and what is read. A module a subject."""
