"""Django's own command line, for developers; people who run a city use `bacao`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bacao.settings")
    execute_from_command_line(sys.argv)
