"""The parts put together: a world, its APIs, and the server in front of them."""

from . import control
from .apis import add_routes, seed_all
from .certificates import make_certificates, server_context
from .dispatch import Dispatcher
from .routing import Router
from .server import Server
from .world import World

INTERCEPTED = ("googleapis.com", "gcr.io", "pkg.dev", "google.internal", "run.app")


class Emulator:
  """Listens from its construction until `close`."""

  def __init__(self, folder, project="demo-proj", port=0, postgres=None, with_postgres=False, seed=None):
    self._folder, self._project, self._seed = folder, project, seed or {}
    self._postgres = postgres or ("own" if with_postgres else None)
    self._lasting = {}
    self.ca = make_certificates(folder)
    self.world = None
    self._server = Server(self._answer, port, server_context(folder), _intercepted)
    self._fill()
    self._server.start()

  def _fill(self):
    world = World(self._folder, self._project, self._postgres, self._lasting)
    world.port = self._server.port
    router = Router()
    router.add(control.routes(world, self._reset))
    add_routes(world, router)
    self.token = world.access.issue("operator@example.com", seconds=10 * 365 * 86400, text=getattr(self, "token", None)).text
    with world.lock:
      seed_all(world, self._seed)
    self.world, self._dispatcher = world, Dispatcher(world, router)

  def _reset(self):
    before = self.world
    self._fill()
    before.close()

  def _answer(self, request):
    return self._dispatcher.answer(request)

  def described(self):
    return {"port": self._server.port, "url": f"http://127.0.0.1:{self._server.port}/", "ca": self.ca, "project": self.world.project, "token": self.token,
            "folder": self._folder}

  def close(self):
    self._server.stop()
    self.world.close()
    for part in self._lasting.values():
      part.close()


def _intercepted(host):
  return any(host == name or host.endswith("." + name) for name in INTERCEPTED)
