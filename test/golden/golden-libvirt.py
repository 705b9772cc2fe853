"""Finished documents keep the RELAX NG schema that libvirt installs. Skipped where that or xmllint is absent.

    golden-libvirt.py FOLDER, whose folders have the documents
"""

import shutil
import subprocess
import sys
from pathlib import Path

SCHEMA = Path("/usr/share/libvirt/schemas/domain.rng")


def main(folder):
    if not SCHEMA.exists() or not shutil.which("xmllint"):
        print(f"skipped: no {SCHEMA} or no xmllint")
        sys.exit(77)
    documents = sorted(str(p) for p in Path(folder).glob("*/*.finished.xml"))
    run = subprocess.run(["xmllint", "--nonet", "--noout", "--relaxng", str(SCHEMA), *documents],
                         capture_output=True, text=True)
    good = run.stderr.count(" validates\n")
    print(f"{good} of {len(documents)} documents keep {SCHEMA}")
    if run.returncode != 0 or good != len(documents) or good < 25:
        sys.exit(run.stderr)


main(sys.argv[1])
