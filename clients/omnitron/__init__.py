"""Omnitron's API with types: one class a resource, one method a request."""

from clients.omnitron.client import OmnitronClient

__all__ = ["OmnitronClient"]
