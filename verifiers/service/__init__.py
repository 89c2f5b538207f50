"""The verifiers over REST. `create_app` builds the FastAPI app, `VerifierServer` runs it on a socket of
ours."""
