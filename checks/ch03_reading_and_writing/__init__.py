"""Chapter 03, reading and writing one table."""
