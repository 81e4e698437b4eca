"""What a run came to: figures, curves and pages drawn from results. Pure functions, nothing here acts."""
"""What a run came to: the figures, and the tear sheet that shows them."""
