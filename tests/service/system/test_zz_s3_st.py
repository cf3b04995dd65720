import subprocess, sys, os
from pathlib import Path
from running import through
def test_st(service, sink):
    assert service.save(through(sink.port)).status_code==200
    for n in ("jane","bob"):
        service.call("POST","/users",{"name":n,"email":f"{n}@corp.test"},role="catalog")
    service.call("POST","/users",{"name":"admin","email":f"admin@corp.test","server_admin":True},role="catalog")
    done = subprocess.run([Path(sys.executable).with_name("schemathesis"), "run", f"{service.url}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {service.tokens['server_admin']}",
            "--checks", "all", "--max-examples", os.environ.get("EX","15"), "--seed", "20261121", "--generation-deterministic",
            "--suppress-health-check", "all", "--include-path-regex", os.environ.get("P","users|conversations|me/|notifications|unsub")],
        capture_output=True, text=True, timeout=600, check=False, cwd=service.folder)
    Path("/tmp/s3/st.out").write_text(done.stdout+done.stderr)
    print("Traceback" in service.log.read_text())
    if "Traceback" in service.log.read_text(): Path("/tmp/s3/log").write_text(service.log.read_text())
    assert done.returncode==0
