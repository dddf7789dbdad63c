"""Where things lie in the project."""

from __future__ import annotations

from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1]
ROOT = TOOLS.parent
FIXTURES = ROOT / "Tests" / "Fixtures"
