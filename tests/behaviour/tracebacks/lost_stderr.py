# What an uncaught exception shows when sys.stderr is gone, None, or no file; and the exit status.
import re
import subprocess
import sys

for how in ("del sys.stderr", "sys.stderr = None", "sys.stderr.close()", "sys.stderr = 3"):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {how}; 1/0"], capture_output=True, text=True
    )
    print(how, done.returncode)
    print(re.sub(r"0x[0-9a-f]+|(?<=refcount : )\d+", "N", done.stderr), end="")

code = "class D:\n    def __del__(self): 1/0\nD()"
done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
print(re.sub("0x[0-9a-f]+", "N", done.stderr), end="")
