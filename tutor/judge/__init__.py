"""From an answer to a verdict: fresh rows, a watched run, a sentence."""
