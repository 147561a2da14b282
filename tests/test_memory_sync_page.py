"""docs/memory-sync.md is true: its Python runs, in one process, without a database."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUN = re.compile(r"<!-- run -->\n```python\n(.*?)```\n", re.DOTALL)


@pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "low_product_quantity_notification",
)
def test_the_page_runs_as_it_stands():
    page = (ROOT / "docs" / "memory-sync.md").read_text()
    parts = RUN.findall(page)
    assert len(parts) == 7
    done = subprocess.run(
        [sys.executable, "-c", "".join(parts)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
