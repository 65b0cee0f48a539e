#include "cli/help_topics.hpp"

namespace belay::cli {
namespace {

constexpr std::string_view k_exit_codes = R"(Exit codes

  0  done; or healthy
  1  failed, and something that was changed stays changed: the last lines name it
  2  wrong usage, configuration or runbook: found before anything was done
  3  failed, and nothing stays changed: nothing had been, or all of it was taken back
  4  a finding: unhealthy, a backup that does not hold, a check that failed, an
     expression that cannot be evaluated
  5  another run holds the claim; it is named, and how to take over
  6  refused: a confirmation or approval is missing, a plan is stale, or the world
     has moved since
  7  the outcome of an act is unknown and only a person can tell
  8  stopped; `belay runs resume RUN` continues
  9  waiting for a person: `belay runs answer RUN STEP VALUE`
130  only watching was interrupted (`runs follow`): the run itself goes on

A state or a tool that cannot be used is 3 where nothing was done. Where two hold, the first of 7, 9, 8, 1, 3 is given. A script that retries may do
so after 3 and 5; after 1, 7 and 8 somebody or something must look first.
)";

constexpr std::string_view k_files = R"(Files of a project

A project is a folder with a belay.yaml, found upwards from where you are; --project
or BELAY_PROJECT name another. Its files override those that are compiled into the
binary, one by one; `--project builtin` uses only the compiled-in ones.

  belay.yaml               defaults, environments, where state is kept, notifiers
  services/NAME.yaml       one service: platform, endpoints, databases, thresholds,
                           and what differs in each environment
  PLATFORM/PROCEDURE.yaml  runbooks: host/deploy.yaml is what `belay deploy` runs
                           for a service of the platform `host`

A file that is broken stops what needs it and nothing else: what stands in the journal
can be read, and another service rolled back. `belay runbook check` shows what is wrong.

A setting is taken from the last of these that gives it: the default, belay.yaml, the
service's file, its section for the environment, a variable such as
BELAY_SET_vars__size (for vars.size), a flag.
`belay service show NAME -e ENV --origin` prints where each value came from.

A secret is never written down, only where it is: `env:NAME`, `file:PATH`, or
`command: [program, argument]`.

State (journals, claims, incidents) lies in $XDG_STATE_HOME/belay, which is
~/.local/state/belay where that is not set.
)";

constexpr std::string_view k_language = R"(The language of conditions

Expressions are CEL, the Common Expression Language: whole in `when` and `expect`,
inside ${{ }} everywhere else.

  params.NAME            a parameter of the runbook
  service.…  env.…       settings of the service, and of it in this environment
  steps.ID.OUTPUT        what a step gave, or saved
  secrets.NAME           a secret of the service: usable, never printable
  each.key  each.value   the item of a for_each
  run.id  run.started  run.who
  run.state  run.exit  run.failed  run.because   in `always`: how it ended

In `expect` the outputs of the step itself stand by their names: `status == 200`.
A step that may be skipped is reached by `.?`: steps.backup.?id.orValue("none").

  == != < <= > >= && || ! ? : + - * / % in
  has(x.y)  size(x)  x.all(i, p)  x.exists(i, p)  x.filter(i, p)  x.map(i, e)
  strings: contains startsWith endsWith matches split join replace trim format …
  math.greatest(…) math.least(…)  base64.encode(…)  cel.bind(name, value, e)
  optional.of(x)  x.?y  [?x]  timestamp("…")  duration("30s")

In a dry run a value that only a later step can tell is *unknown*: what is computed
from it is unknown too, unless the rest decides (`false && unknown` is false). What is
computed from a secret is a secret.

Try one: belay expr 'size(items) > 2' --context context.json
)";

constexpr std::string_view k_errors = R"(When something went wrong

Every message says what happened, where, what stands now and what to do next. The
last lines of a run name what changed, what was taken back, and what still stands.

  a run stopped (8)          belay runs resume RUN        go on where it was
                             belay runs abort RUN --reason …   take back what it did
  a run waits (9)            belay runs answer RUN STEP VALUE
  an outcome is unknown (7)  look at the target, then
                             belay runs skip RUN STEP --reason …    it was done, or is not needed
                             belay runs accept RUN --reason …       leave all as it is
  the claim is held (5)      belay runs show RUN          who holds it, and how far they are
                             belay runs unlock CLAIM ID   only when its holder is gone for good
  what happened?             belay runs show RUN, belay runs logs RUN
  what would happen?         the same command with --dry-run
)";

constexpr std::string_view k_dry_run = R"(Dry runs

`--dry-run` (the same as --dry-run=reads) does everything but the acts: it reads the
world, works out each act, and prints it exactly as it would be sent. What cannot be
known yet is named by the step it waits for: (known after start). A step behind an
undecided condition is marked `may run`. Nothing is journaled, no claim is taken.

`--dry-run=offline` contacts nothing at all: every read is unknown too.

A run prepares its acts by the same code, so what was shown is what will be sent.
)";

constexpr std::string_view k_runbooks = R"(Writing a runbook

  runbook: host/restart            platform/procedure, as the file is named
  title: Restart every instance
  parameters:
    wait: {type: duration, default: 5s, help: how long each may take}
  claim: ${{ service.name }}/${{ env.name }}
  steps:
    - id: up
      use: http.check
      with: {endpoints: "${{ env.endpoints }}"}
      expect: [failed == 0]
      retry: {attempts: 5, delay: 1s, factor: 2, max: 10s}
  outputs: {healthy: "${{ steps.up.failed == 0 }}"}

A step uses one action (`belay runbook show RUNBOOK`, `belay help actions`), is a
group (`steps:`), or calls a runbook (`use: runbook.call`). Its keys: id title use
steps with when for_each parallel retry timeout expect save undo irreversible confirm
approve sample effect max.

When a step fails, what was changed before it is taken back, newest first. A changing
step therefore needs an undo, or says `irreversible: why`. `always:` steps run once at
the end, whatever happened. `belay runbook check` says what is missing.
)";

constexpr std::string_view k_protection = R"(What keeps a change from being made

belay.yaml says it for each environment:

  environments:
    production:
      protected: true          its name must be typed: --confirm production
      state: local             it may be changed with this machine's own state
      freeze:                  nothing is changed in these times
        - {from: Fri 16:00, to: Mon 06:00, zone: Europe/Berlin, reason: nobody is there}
        - {from: "2026-12-20T18:00+01:00", to: "2027-01-04T08:00+01:00"}
      guards:                  what must be true of where belay acts
        {host: web-1, database: shop, role: shop_ops, project: shop-prod, cluster: prod}

Freeze     A run that would change something is refused (6) while a window holds, and so
           is the resume of one that stopped before it. `from` belongs to the window, `to`
           no longer. What goes back is never refused: rollback, undo, `runs abort`.
Guards     are looked at right before each destroying step, in a dry run too: the name of
           this host, the database and the role of the connection, the project that gcloud
           and the cluster that kubectl would work on. One that differs, or cannot be told,
           refuses the step; nothing overrides it.
Confirm    A step with `confirm:` wants a text typed, a database's name for one: at a
           terminal, or --confirm. It is bound to the act that was shown.

In an emergency `--break-glass REASON` changes what is frozen, and what is protected
without its name. It is said aloud, and who, when and why stand in the record:
`belay runs show RUN`. It overrides no guard, no claim and no `confirm:` of a step.
)";

constexpr HelpTopic k_topics[] = {
    {"exit-codes", "what each exit status means", k_exit_codes},
    {"files", "what a project consists of, and where state lies", k_files},
    {"language", "the expressions of conditions and templates", k_language},
    {"errors", "what to do when something went wrong", k_errors},
    {"dry-run", "what a dry run shows, and why it can be believed", k_dry_run},
    {"protection", "freeze windows, context guards, confirmation, and --break-glass", k_protection},
    {"runbooks", "how a procedure is written", k_runbooks},
};

} // namespace

std::span<const HelpTopic> help_topics() { return k_topics; }

} // namespace belay::cli
