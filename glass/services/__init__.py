"""Servers and processes for a notebook: broker, workers, beat and its clock, the live site."""
