"""Where the house stands: its source, and the folder of everything it writes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("BACAO_VAR") or ROOT / "var").resolve()
