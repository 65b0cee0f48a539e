"""Google's clients for Node: installed once under the build folder, run as scripts of tests/cloud/node."""

import fcntl
import filecmp
import json
import os
import shutil
import subprocess

from support import ROOT

SCRIPTS = os.path.join(ROOT, "tests", "cloud", "node")
FOLDER = os.path.join(ROOT, "build", "cloud-clients")


def install():
  """Where the packages are. Files that run at the same time wait for the one that installs."""
  os.makedirs(FOLDER, exist_ok=True)
  with open(os.path.join(FOLDER, "lock"), "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    wanted, installed = os.path.join(SCRIPTS, "package.json"), os.path.join(FOLDER, "package.json")
    if not os.path.exists(installed) or not filecmp.cmp(wanted, installed, shallow=False):
      new = os.path.join(FOLDER, "new")
      shutil.rmtree(new, ignore_errors=True)
      os.makedirs(new)
      shutil.copy(wanted, new)
      subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], cwd=new, check=True, timeout=300, capture_output=True)
      shutil.rmtree(os.path.join(FOLDER, "node_modules"), ignore_errors=True)
      os.rename(os.path.join(new, "node_modules"), os.path.join(FOLDER, "node_modules"))
      shutil.copy(wanted, installed)
  return FOLDER


def run_script(name, *arguments):
  """The JSON that a script of tests/cloud/node prints."""
  folder = install()
  shutil.copy(os.path.join(SCRIPTS, name), folder)
  done = subprocess.run(["node", os.path.join(folder, name), *arguments], capture_output=True, text=True, timeout=120)
  if done.returncode != 0:
    raise AssertionError(f"{name} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
  return json.loads(done.stdout)
