"""What a run came to: figures, curves and pages drawn from results. Pure functions, nothing here acts."""
