"""A certificate authority of the emulator's own, so that clients can use Google's real https addresses through it."""

import os
import ssl
import subprocess

HOSTS = ("googleapis.com", "*.googleapis.com", "gcr.io", "*.gcr.io", "*.pkg.dev", "metadata.google.internal", "*.run.app", "*.a.run.app", "localhost", "*.localhost")


def _openssl(folder, *arguments):
  done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
  if done.returncode != 0:
    raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


def make_certificates(folder):
  """Writes ca.pem, server.pem and their keys into `folder`; gives the path of ca.pem. Nothing secret outlives the folder."""
  names = ",".join([f"DNS:{name}" for name in HOSTS] + ["IP:127.0.0.1"])
  key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  _openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=belay-emulator",
           "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
  _openssl(folder, "req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=*.googleapis.com")
  with open(os.path.join(folder, "server.ext"), "w") as extension:
    extension.write(f"subjectAltName={names}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n")
  _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem",
           "-days", "825", "-extfile", "server.ext")
  return os.path.join(folder, "ca.pem")


def server_context(folder):
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
  context.set_alpn_protocols(["http/1.1"])
  return context
