"""A simulated Luno exchange that speaks the real one's REST dialect on the loopback interface."""
