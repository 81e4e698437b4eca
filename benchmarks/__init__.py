"""What the project claims about its speed, as ratios within one run."""
