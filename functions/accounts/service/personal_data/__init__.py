"""Everything that is held on a person: found, exported, erased, and erased again."""
