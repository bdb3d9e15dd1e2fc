"""Writing candidates' profiles: pure rules that every flow with a profile in hand keeps."""
