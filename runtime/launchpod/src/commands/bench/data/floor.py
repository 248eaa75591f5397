# The floor of `launchpod bench data`: pyarrow on files of the same batches, in the same container.
import time

paths = write(InputDataSet, rows_per_batch)
del InputDataSet
began = time.perf_counter()
frame = read(paths)
read_seconds = time.perf_counter() - began
began = time.perf_counter()
write(frame, rows_per_batch)
write_seconds = time.perf_counter() - began
