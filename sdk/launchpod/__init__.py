"""Launchpod for Python: `connect`, `connection_string` and `url` within an external script,
`execute` outside of one."""

from .client import execute
from .loopback import LoopbackError, connect, connection_string, url

__all__ = ["LoopbackError", "connect", "connection_string", "execute", "url"]
