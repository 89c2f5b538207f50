"""The sandboxes over REST. `create_app` builds the FastAPI app around an open pool, `SandboxServer` runs it
on a socket of ours."""
