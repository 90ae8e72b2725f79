"""``python -m producer``. Its libraries load for a second, in which Ctrl-C is not an error."""

from __future__ import annotations

import sys

from contracts.errors import INTERRUPTED

if __name__ == "__main__":
    try:
        from producer.command import main
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(main(sys.argv[1:]))
