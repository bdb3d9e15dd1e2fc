"""Registers a dropped file and checks it before anything opens it."""
