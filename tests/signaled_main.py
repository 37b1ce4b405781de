"""`python signaled_main.py STEP NUMBER PROCESS ARGS...`: jaxseg.main that gets a signal.

Process PROCESS of the run sends itself signal NUMBER after step STEP, which is logged.
"""

import functools
import os
import sys

from absl import app

from jaxseg import main
from jaxseg.run import flags
from jaxseg.runfiles.metrics import MetricsWriter

if __name__ == "__main__":
    last_step, number, process = map(int, sys.argv[1:4])
    del sys.argv[1:4]
    write = MetricsWriter.write

    def write_and_signal(self, step, *rest):
        write(self, step, *rest)
        if step == last_step and int(os.environ.get("JAX_PROCESS_ID", 0)) == process:
            os.kill(os.getpid(), number)

    MetricsWriter.write = write_and_signal
    app.run(main.main, flags_parser=functools.partial(flags.parse, description=main.__doc__))
