"""How many statements something takes."""

from django.test.utils import CaptureQueriesContext

ASIDE = {"SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"}


def statements(context: CaptureQueriesContext) -> list[str]:
    """Return the SQL statements that reached the tables."""
    return [query["sql"] for query in context.captured_queries if query["sql"].split()[0] not in ASIDE]
