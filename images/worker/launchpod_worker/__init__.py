"""The Python worker: reads one request, runs its script, sends the results.

The protocol is described in PROTOCOL.md of the Rust crate launchpod-exchange. Nothing here is a
security boundary: the script runs in this process, and the controller checks all that it sends.
"""
