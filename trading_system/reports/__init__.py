"""What a run came to: the figures, and the tear sheet that shows them."""
