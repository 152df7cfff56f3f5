"""Bacao 拔草: saved online, visited for real."""

__version__ = "0.1.0"
