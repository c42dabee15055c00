"""For who writes lessons and exercises: derive, run again, lint, prove."""
