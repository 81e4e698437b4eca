"""The books of each strategy: its orders, its positions and money, and what its open orders may still take."""
