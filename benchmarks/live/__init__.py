"""The live path with real threads: a house with a broker that does nothing, and bare chains of queues to hold it against."""
