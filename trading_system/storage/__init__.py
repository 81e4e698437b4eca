"""What the house keeps on disk: the journal, the lock of a state folder, and small files replaced whole."""
