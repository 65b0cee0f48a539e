"""Starts the emulator where the folder, or an archive of it, is run by Python."""

import sys

from belay_emulator.__main__ import main

sys.exit(main())
