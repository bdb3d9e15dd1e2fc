"""Texts of the house in better words, by a language model where one is configured."""
