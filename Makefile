# Shortcuts. start.py does the work, and does it on Windows too: py start.py lab
# A lesson before a room: make present L=04
# Arguments go into ARGS: make lab ARGS="--port 9000", make test ARGS="-k relations"
PYTHON := $(shell command -v python3 || echo python)

.PHONY: setup lab test bench notebooks doctor lock present

setup lab test bench notebooks doctor lock:
	@$(PYTHON) start.py $@ $(ARGS)

present:
	@$(PYTHON) start.py $@ $(L) $(ARGS)
