"""The report of a completed journey for a learner's parents, as a PDF."""
