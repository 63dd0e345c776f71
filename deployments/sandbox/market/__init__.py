"""The local marketplace."""
