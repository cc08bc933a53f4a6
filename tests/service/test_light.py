"""What the core must not bring along: `import cachesim` is light."""

import subprocess
import sys


def test_the_core_imports_no_client_of_aws():
    """Neither botocore nor a server comes with the package, nor with a cloud that has no client."""
    code = (
        "import sys, cachesim as cs; cs.Cloud(seed=1).desk('elasticache'); "
        "print([m for m in ('botocore', 'boto3', 'cbor2', 'http.server') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
