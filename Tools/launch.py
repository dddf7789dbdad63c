"""What the launchers beside this file run. Python finds the package here, and looks for no module in the current
folder."""

import sys

from emotionformer.launch import main

sys.exit(main(sys.argv[1:]))
