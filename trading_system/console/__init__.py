"""What people see while it runs: the live screen on a terminal, plain lines where the output is piped."""
