"""What may be done: the verdict inside every order, and the last door in front of every broker."""
