"""The local Omnitron."""
