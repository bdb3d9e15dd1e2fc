"""Chat channels over which people send files, and get an answer."""
