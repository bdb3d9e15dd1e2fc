"""What is recommended to whom, what is found, and what learning says of a learner. Pure."""
