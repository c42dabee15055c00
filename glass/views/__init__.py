"""What a trace looks like: as text (stored and tested) and as HTML (looked at)."""
