# The terminal interface.
