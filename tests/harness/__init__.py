"""What the end-to-end tests share: a running server, a client that hides nothing, Docker."""
