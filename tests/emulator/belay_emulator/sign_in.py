"""How a token is come by: Google's token endpoint, the security token service, impersonation, the metadata server."""

from .routing import Reply, Route


def routes(world):
  def token_info(request):
    token = world.access.token(request.query.get("access_token", ""))
    if token is None or token.revoked or token.expires <= world.clock.seconds():
      return Reply(400, {"error": "invalid_token", "error_description": "Invalid Value"})
    return {"email": token.principal, "expires_in": str(int(token.expires - world.clock.seconds())), "scope": " ".join(token.scopes)}

  return [Route("GET", r"(oauth2|www)\.googleapis\.com", r"/(?:tokeninfo|oauth2/v3/tokeninfo)", token_info, public=True)]
