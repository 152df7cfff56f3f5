"""Addresses for programs."""


def is_beside_django(path: str) -> bool:
    """Return whether an address is answered by `nearby` itself, before Django sees it."""
    return path.startswith("/nearby") and (len(path) == 7 or path[7] == "/")
