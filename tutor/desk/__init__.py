"""The learner's desk: the lab, copies to work on, progress, and what a notebook offers."""
