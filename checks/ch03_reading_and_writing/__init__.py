"""Chapter 03, reading and writing one table: what its exercises share."""

from __future__ import annotations
