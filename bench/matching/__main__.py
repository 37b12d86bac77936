"""The child process in which one size is measured: `python -m bench.matching 100000`."""

import json
import sys

from bench.matching.speed import measure_here

sys.stdout.write(json.dumps(measure_here(int(sys.argv[1]))) + "\n")
