"""What the connectors that write to SFTP servers share: how to log in, how to upload, a test."""
