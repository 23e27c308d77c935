"""What lines of `td` are about in more than one place."""

import json

RESULT = json.dumps(
    {
        "type": "sftp_v2",
        "host": "127.0.0.1",
        "port": 22,
        "auth_method": "password",
        "username": "user_name",
        "password": "your_pass",
        "user_directory_is_root": True,
        "rename_file_after_upload": True,
        "path_prefix": "/sftp/2024aug/test.csv",
    }
)
EMAIL = "SELECT email FROM (VALUES ('test01@test.com')) tbl(email)"
