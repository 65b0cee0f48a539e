"""A https server on loopback whose certificate ends when a test wants, and which answers every request well."""

import http.server
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading


class Answering(http.server.BaseHTTPRequestHandler):
  def do_GET(self):
    body = json.dumps({"status": "healthy", "database": "connected", "components": {"database": {"status": "healthy"}}}).encode()
    self.send_response(200)
    self.send_header("Content-Type", "application/json")
    self.send_header("Content-Length", str(len(body)))
    self.end_headers()
    self.wfile.write(body)

  def log_message(self, *_):
    pass


class Certified:
  """`with Certified(days) as server:` `url`, and `certificate`, the file that makes it trusted."""

  def __init__(self, days):
    self.folder = tempfile.mkdtemp(prefix="belay-certified-")
    self.certificate, key = os.path.join(self.folder, "certificate.pem"), os.path.join(self.folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", self.certificate, "-days", str(days), "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self.certificate, key)
    self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
    self.url = f"https://127.0.0.1:{self.server.server_port}"
    self.thread = threading.Thread(target=self.server.serve_forever)

  def __enter__(self):
    self.thread.start()
    return self

  def __exit__(self, *_):
    self.server.shutdown()
    self.thread.join()
    self.server.server_close()
    shutil.rmtree(self.folder, ignore_errors=True)
