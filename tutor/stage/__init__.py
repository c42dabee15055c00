"""For who teaches before a room: plan, slides, presenting."""
