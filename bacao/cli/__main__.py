"""`python -m bacao.cli`: what the `bacao` command runs."""

import sys

from bacao.cli.main import main

sys.exit(main())
