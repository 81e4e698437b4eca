"""The Luno exchange (luno.com) as a broker and a feed."""
