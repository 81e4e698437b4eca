"""Where strategies live: their base class, the desk each one works at, discovery, and the guard around their hooks."""
