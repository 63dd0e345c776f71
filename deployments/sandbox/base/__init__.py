"""Common ground of both local systems: application, faults, request log, dates, and the invented country."""
