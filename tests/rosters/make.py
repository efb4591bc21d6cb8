"""Make the messy rosters of this folder: ``python -m tests.rosters.make FOLDER``. The same bytes' worth each time.

One function per file, by subject in the modules imported here; its name is the file's, what to expect stands in
``oracles/`` under the same name and was written by reading the rows, not by running the importer.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.rosters import contents, headers, kinds, refused
from tests.rosters.writing import FILES

SUBJECTS = (headers, contents, kinds, refused)
__all__ = ["FILES", "SUBJECTS", "main"]


def main(folder: str) -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for file_name, write in FILES.items():
        write(target / file_name)
        print(target / file_name)


if __name__ == "__main__":
    main(sys.argv[1])
