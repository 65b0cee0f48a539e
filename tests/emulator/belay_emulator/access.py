"""Who may do what: tokens that are issued, expire and are revoked, and permissions that are denied on demand."""

import dataclasses
import secrets

from .routing import Problem


@dataclasses.dataclass
class Token:
  text: str
  principal: str
  expires: float
  scopes: tuple = ()
  revoked: bool = False


class Access:
  """Every issued token, and the denials in force."""

  def __init__(self, world):
    self._world = world
    self._tokens = {}
    self._denied = []
    self.signed = lambda text: None  # the account of a JWT that stands for a token by its signature; set by sign_in

  def issue(self, principal, seconds=3599, scopes=(), text=None):
    token = Token(text or "ya29.emulated-" + secrets.token_urlsafe(24), principal, self._world.clock.seconds() + seconds, tuple(scopes))
    self._tokens[token.text] = token
    return token

  def token(self, text):
    return self._tokens.get(text)

  def revoke(self, text=None, principal=None):
    """Revokes one token, or all of one principal, or all."""
    for token in self._tokens.values():
      if (text is None or token.text == text) and (principal is None or token.principal == principal):
        token.revoked = True

  def authenticate(self, request):
    """The token's owner. Problem 401 where it is missing, unknown, expired or revoked."""
    header = request.headers.get("authorization", "")
    if not header.lower().startswith("bearer "):
      raise Problem(401, "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
                    "authentication credential.", "UNAUTHENTICATED", details=_info("CREDENTIALS_MISSING"))
    text = header[7:].strip()
    token = self._tokens.get(text)
    if token is None and text.count(".") == 2:
      account = self.signed(text)
      if account:
        return account
    if token is None or token.revoked or token.expires <= self._world.clock.seconds():
      raise Problem(401, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
                    "authentication credential.", "UNAUTHENTICATED", details=_info("ACCESS_TOKEN_EXPIRED" if token else "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
                    headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'})
    return token.principal

  def deny(self, permission, principal=None):
    self._denied.append((permission, principal))

  def allow_all(self):
    self._denied = []

  def may(self, principal, permission):
    return not any(permission == denied and who in (None, principal) for denied, who in self._denied)

  def check(self, principal, permission, resource):
    """Problem 403 in the words of Cloud Run and most others where it is denied."""
    if permission and not self.may(principal, permission):
      raise Problem(403, f"Permission '{permission}' denied on resource '{resource}' (or resource may not exist).", "PERMISSION_DENIED",
                    details=_info("IAM_PERMISSION_DENIED", {"permission": permission, "resource": resource}))


def _info(reason, metadata=None):
  info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
  if metadata:
    info["metadata"] = metadata
  return [info]
