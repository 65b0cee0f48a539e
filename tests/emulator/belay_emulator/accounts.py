"""Who can prove who they are: service accounts with their keys, people with refresh tokens, workloads with tokens of another provider."""

import base64
import json
import os
import subprocess
import tempfile

CLOCK_SKEW = 300
AUDIENCES = ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token", "https://accounts.google.com/o/oauth2/token")


class Refused(Exception):
  """Why a proof was not taken, in the words of the token endpoint."""


class Accounts:
  """Public keys by key id; private keys are handed out and not kept."""

  def __init__(self, world):
    self._world = world
    self.keys = {}  # key id: {"email", "public", "created", "disabled"}
    self.refresh_tokens = {}  # text: {"email", "client_id", "client_secret", "revoked"}
    self.subjects = {}  # token of another identity provider: principal
    self.instance_account = f"{world.project_number}-compute@developer.gserviceaccount.com"  # whom the metadata server speaks for; None: there is no such server

  def create_key(self, email):
    """A new key of a service account, as the file that Google hands out."""
    private = _openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
    id = "".join(self._world.random.choice("0123456789abcdef") for _ in range(40))
    self.keys[id] = {"email": email, "public": _openssl(["pkey", "-pubout"], private), "created": self._world.clock.seconds(), "disabled": False}
    return {
      "type": "service_account", "project_id": self._world.project, "private_key_id": id, "private_key": private.decode(), "client_email": email,
      "client_id": self._world.new_number(21), "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
      "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs", "universe_domain": "googleapis.com",
    }

  def delete_key(self, id):
    """False where there is no such key."""
    return self.keys.pop(id, None) is not None

  def create_user(self, email):
    """A person's credentials, as gcloud's application-default file has them."""
    text = "1//emulated-" + self._world.new_uuid()
    self.refresh_tokens[text] = {"email": email, "client_id": "emulated.apps.googleusercontent.com", "client_secret": "emulated-client", "revoked": False}
    return {"type": "authorized_user", "client_id": self.refresh_tokens[text]["client_id"], "client_secret": "emulated-client", "refresh_token": text,
            "quota_project_id": self._world.project, "universe_domain": "googleapis.com"}

  def claims_of(self, assertion):
    """The claims of a JWT that a key of a service account signed. Refused with the reason where anything about it is wrong."""
    parts = assertion.split(".")
    try:
      header, claims = (json.loads(_decoded(part)) for part in parts[:2])
      signature = _decoded(parts[2])
    except (ValueError, IndexError):
      raise Refused("Invalid JWT: it must be three parts of base64url.") from None
    key = self.keys.get(header.get("kid"))
    if header.get("alg") != "RS256":
      raise Refused("Invalid JWT: the algorithm must be RS256.")
    if key is None or key["disabled"] or key["email"] != claims.get("iss"):
      raise Refused("Invalid JWT Signature.")
    if not _verified(key["public"], signature, f"{parts[0]}.{parts[1]}".encode()):
      raise Refused("Invalid JWT Signature.")
    now = self._world.clock.seconds()
    issued, expires = claims.get("iat", 0), claims.get("exp", 0)
    if not issued - CLOCK_SKEW <= now < expires + CLOCK_SKEW or expires - issued > 3600:
      raise Refused("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
    return claims

  def snapshot(self):
    return {"keys": {id: {"email": key["email"], "disabled": key["disabled"]} for id, key in self.keys.items()},
            "users": sorted(each["email"] for each in self.refresh_tokens.values())}


def accounts_of(world):
  return world.part("accounts", lambda: Accounts(world))


def _decoded(text):
  return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _openssl(arguments, given=b""):
  done = subprocess.run(["openssl", *arguments], input=given, capture_output=True)
  if done.returncode != 0:
    raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
  return done.stdout


def _verified(public, signature, signed):
  with tempfile.TemporaryDirectory(prefix="belay-emulator-jwt-") as folder:
    for name, content in (("key", public), ("signature", signature)):
      with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "signature"], input=signed, cwd=folder, capture_output=True)
    return done.returncode == 0
