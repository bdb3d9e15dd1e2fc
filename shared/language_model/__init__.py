"""A language model that is asked for JSON of a given schema, within a tenant's daily budget."""
