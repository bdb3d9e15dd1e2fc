"""Whether what a flow needs does answer: which flow uses what, and how each is asked."""
