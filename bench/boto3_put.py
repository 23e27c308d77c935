"""Upload a file as boto3 does it by itself: `boto3_put.py FILE ADDRESS BUCKET KEY`."""

import sys

import boto3
from botocore.config import Config

if __name__ == "__main__":
    file, address, bucket, key = sys.argv[1:]
    client = boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id="demo",
        aws_secret_access_key="demo-secret",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    client.upload_file(file, bucket, key)
