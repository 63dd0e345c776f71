"""The lines of Omnitron's contract that are only assumed, and how each is tried on a hub."""
