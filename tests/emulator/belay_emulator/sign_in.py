"""How a token is come by: Google's token endpoint, the security token service, impersonation, the metadata server."""

import base64
import json
import urllib.parse

from .accounts import AUDIENCES, Refused, accounts_of
from .clock import stamp
from .routing import Problem, Reply, Route

OAUTH = r"(?:oauth2|www|accounts)\.(?:googleapis|google)\.com"
METADATA = r"metadata\.google\.internal|metadata|169\.254\.169\.254"
FLAVOR = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def refusal(error, description, status=400):
  return Reply(status, {"error": error, "error_description": description})


def routes(world):
  accounts = accounts_of(world)
  world.access.signed = lambda text: _signed_by_itself(world, accounts, text)

  def granted(principal, scope, seconds=3599):
    token = world.access.issue(principal, seconds, tuple((scope or SCOPE).split()))
    return {"access_token": token.text, "expires_in": seconds, "token_type": "Bearer", "scope": scope or SCOPE}

  def form(request):
    return {name: values[-1] for name, values in urllib.parse.parse_qs(request.raw.decode("utf-8", "replace")).items()}

  def token(request):
    given = form(request)
    if given.get("grant_type") == JWT_BEARER:
      try:
        claims = accounts.claims_of(given.get("assertion", ""))
      except Refused as why:
        return refusal("invalid_grant", str(why))
      if claims.get("aud") not in AUDIENCES and not str(claims.get("aud", "")).endswith("/token"):
        return refusal("invalid_grant", "Invalid JWT: the audience must be the token endpoint.")
      if claims.get("target_audience"):
        return {"id_token": _unsigned_id(world, claims["iss"], claims["target_audience"])}
      if not claims.get("scope"):
        return refusal("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
      return granted(claims.get("sub") or claims["iss"], claims["scope"])
    if given.get("grant_type") == "refresh_token":
      user = accounts.refresh_tokens.get(given.get("refresh_token"))
      if user is None or user["revoked"]:
        return refusal("invalid_grant", "Token has been expired or revoked.")
      if (given.get("client_id"), given.get("client_secret")) != (user["client_id"], user["client_secret"]):
        return refusal("invalid_client", "The OAuth client was not found.", 401)
      return granted(user["email"], given.get("scope"))
    return refusal("unsupported_grant_type", f"Invalid grant_type: {given.get('grant_type', '')}")

  def exchange(request):
    given = form(request) or (request.body if isinstance(request.body, dict) else {})
    if given.get("grant_type") != EXCHANGE or not given.get("audience", "").startswith("//iam.googleapis.com/projects/"):
      return refusal("invalid_request", "The audience must be the full name of a workload identity provider.")
    principal = accounts.subjects.get(given.get("subject_token"))
    if principal is None:
      return refusal("invalid_grant", "The subject token was not issued by the provider, or has expired.")
    return {**granted(principal, given.get("scope")), "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}

  def impersonate(request, email):
    scopes = request.required("scope")
    seconds = int(str(request.body.get("lifetime", "3600s")).rstrip("s"))
    if not 0 < seconds <= 43200:
      raise Problem(400, "Request contains an invalid argument: lifetime.")
    issued = world.access.issue(urllib.parse.unquote(email), seconds, scopes)
    return {"accessToken": issued.text, "expireTime": stamp(issued.expires).split(".")[0] + "Z"}

  def identify(request, email):
    return {"token": _unsigned_id(world, urllib.parse.unquote(email), request.required("audience"))}

  def token_info(request):
    found = world.access.token(request.query.get("access_token", ""))
    if found is None or found.revoked or found.expires <= world.clock.seconds():
      return refusal("invalid_token", "Invalid Value")
    return {"email": found.principal, "expires_in": str(int(found.expires - world.clock.seconds())), "scope": " ".join(found.scopes)}

  # -- the metadata server

  def metadata(answer):
    def handler(request, *groups):
      if accounts.instance_account is None:
        raise Problem(404, "there is no metadata server here")
      if request.headers.get("metadata-flavor") != "Google":
        return Reply(403, b"Missing Metadata-Flavor:Google header.\n", dict(FLAVOR, **{"Content-Type": "text/plain"}))
      found = answer(request, *groups)
      if isinstance(found, str):
        return Reply(200, found.encode(), dict(FLAVOR, **{"Content-Type": "application/text"}))
      return Reply(200, found, dict(FLAVOR))
    return handler

  def account(request, name):
    _known_account(name)
    if request.query.get("recursive") == "true":
      return {"aliases": ["default"], "email": accounts.instance_account, "scopes": [SCOPE]}
    return "aliases\nemail\nidentity\nscopes\ntoken\n"

  def account_token(request, name):
    _known_account(name)
    return {name: value for name, value in granted(accounts.instance_account, " ".join(request.query.get("scopes", SCOPE).split(","))).items() if name != "scope"}

  def _known_account(name):
    if name not in ("default", accounts.instance_account):
      raise Problem(404, f"the instance has no account {name}")

  instance = "/computeMetadata/v1/instance/service-accounts/([^/]+)"
  rows = [
    ("POST", OAUTH, "/token|/oauth2/v4/token|/o/oauth2/token", token), ("GET", OAUTH, "/tokeninfo|/oauth2/v3/tokeninfo", token_info),
    ("POST", r"sts\.googleapis\.com", "/v1/token", exchange),
    ("GET", METADATA, "/", metadata(lambda request: "computeMetadata/\n")),
    ("GET", METADATA, "/computeMetadata/v1/?", metadata(lambda request: "instance/\nproject/\n")),
    ("GET", METADATA, "/computeMetadata/v1/project/project-id", metadata(lambda request: world.project)),
    ("GET", METADATA, "/computeMetadata/v1/project/numeric-project-id", metadata(lambda request: world.project_number)),
    ("GET", METADATA, "/computeMetadata/v1/universe/universe[-_]domain", metadata(lambda request: "googleapis.com")),
    ("GET", METADATA, "/computeMetadata/v1/instance/service-accounts/?", metadata(lambda request: f"default/\n{accounts.instance_account}/\n")),
    ("GET", METADATA, instance + "/?", metadata(account)), ("GET", METADATA, instance + "/token", metadata(account_token)),
    ("GET", METADATA, instance + "/email", metadata(lambda request, name: accounts.instance_account)),
    ("GET", METADATA, instance + "/identity", metadata(lambda request, name: _unsigned_id(world, accounts.instance_account, request.query.get("audience", "")))),
  ]
  credentials = r"iamcredentials\.googleapis\.com"
  impersonated = r"/v1/projects/-/serviceAccounts/([^/:]+)"
  return [Route(*row, public=True) for row in rows] + [
    Route("POST", credentials, impersonated + ":generateAccessToken", impersonate, "iam.serviceAccounts.getAccessToken"),
    Route("POST", credentials, impersonated + ":generateIdToken", identify, "iam.serviceAccounts.getOpenIdToken")]


def _signed_by_itself(world, accounts, text):
  """The account of a JWT that is sent in place of a token, or None."""
  try:
    return accounts.claims_of(text)["iss"]
  except Refused:
    return None


def _unsigned_id(world, email, audience):
  """An identity token in form; nobody here has a key to sign it, and only the emulator's own services read it."""
  now = int(world.clock.seconds())
  claims = {"aud": audience, "email": email, "email_verified": True, "exp": now + 3600, "iat": now, "iss": "https://accounts.google.com", "sub": "1"}
  encoded = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
  text = f"{encoded({'alg': 'RS256', 'typ': 'JWT'})}.{encoded(claims)}.{encoded('emulated')}"
  world.access.issue(email, 3600, (), text)
  return text
