"""Resident pages, one module a subject."""
