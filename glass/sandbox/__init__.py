"""A private database and private caches for each process."""
