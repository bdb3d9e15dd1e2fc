"""Word documents, of the present and of the old kind."""
