# The rival of a whole call: a plain Python process that runs the same code from files to files.
import subprocess
import sys
import time

paths = write(InputDataSet, rows_per_batch)
del InputDataSet
process = f"""
import pandas
{files}
InputDataSet = read({paths})
{code}
write(OutputDataSet, {rows_per_batch})
"""
began = time.perf_counter()
subprocess.run([sys.executable, "-c", process], check=True, close_fds=False)
seconds = time.perf_counter() - began
