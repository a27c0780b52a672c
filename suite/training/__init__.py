"""The training code of a worker, and the hashes in a run's key."""

import os

# MKL chooses kernels by how numbers are aligned in memory, and a member's place in a stack
# decides that: in this mode it does not. It costs nothing that can be measured. MKL reads
# the variable at its first call.
os.environ.setdefault("MKL_CBWR", "AUTO")
