#include "modules/catalog.hpp"
#include "modules/host_parts.hpp"
#include "modules/inputs.hpp"

/// Releases in versioned folders of one host, and their processes under supervisor.
namespace belay::modules {
namespace {

using namespace host_parts;

std::vector<std::string> touches_programs(const Value& in) { return touches_instance(Value::object({{"supervisor", in["supervisor"]}, {"name", ""}})); }
std::vector<std::string> touches_nothing(const Value&) { return {}; }

constexpr Field k_root = {.name = "root", .type = k_text, .help = "the service's folder: releases/VERSION, current, history.json, log/"};
constexpr Field k_supervisor = {.name = "supervisor", .type = k_text, .help = "supervisor's configuration file"};
constexpr Field k_programs = {.name = "programs", .type = k_text, .help = "the folder whose *.conf that configuration includes"};

constexpr Field k_releases_in[] = {k_root};
constexpr Field k_releases_out[] = {
    {.name = "releases", .type = k_texts, .help = "the installed ones, sorted"},
    {.name = "current", .type = k_text, .help = "what `current` links to; empty where there is no such link"},
    {.name = "history", .type = k_maps, .help = "what took over when: {release, run, at, bad}, oldest first"},
};
constexpr Field k_instances_in[] = {k_supervisor, k_programs};
constexpr Field k_instances_out[] = {{.name = "instances", .type = k_map, .help = "name: {release, port, state, process, run}, of the programs that belay keeps"}};
constexpr Field k_install_in[] = {
    k_root,
    {.name = "version", .type = k_text, .help = "the release's name"},
    {.name = "from", .type = k_text, .help = "the folder to copy it from"},
    {.name = "state", .type = k_text, .required = false, .standard = "present", .help = "present or absent"},
};
constexpr Field k_install_out[] = {
    {.name = "release", .type = k_text, .help = "the release's name"},
    {.name = "folder", .type = k_text, .help = "where it is installed"},
    {.name = "digest", .type = k_text, .help = "SHA-256 over the names, modes and contents of its files"},
};
constexpr Field k_link_in[] = {
    k_root,
    {.name = "version", .type = k_text, .help = "the release that `current` names from now on; empty: none"},
    {.name = "left_bad", .type = k_boolean, .required = false, .standard = "false", .help = "whether the release that is left was bad, so that no rollback goes back to it by itself"},
    {.name = "history", .type = k_maps, .required = false, .help = "the whole history to write; without it, it grows by this entry"},
};
constexpr Field k_link_out[] = {{.name = "release", .type = k_text, .help = "what `current` names now"}, {.name = "before", .type = k_text, .help = "what it named"}};
constexpr Field k_instance_in[] = {
    k_supervisor,
    k_programs,
    k_root,
    {.name = "name", .type = k_text, .help = "the program's name, for ever: NAME.conf"},
    {.name = "state", .type = k_text, .help = "running (and healthy), stopped or absent"},
    {.name = "release", .type = k_text, .required = false, .help = "which release it runs"},
    {.name = "port", .type = k_integer, .required = false, .help = "where it listens"},
    {.name = "command", .type = k_texts, .required = false, .help = "program and arguments; `./x` is a program of the release, in whose folder it runs; `{port}` is its port"},
    {.name = "environment", .type = k_text_map, .required = false, .help = "its variables; BELAY_RUN is added. No secrets: it reads those from its own files"},
    {.name = "health", .type = k_text, .required = false, .help = "a URL of its own: it runs only when that answers 2xx; `{port}` is its port"},
    {.name = "ready_within", .type = k_duration, .required = false, .standard = "30s", .help = "how long it may take until then"},
    {.name = "stop_seconds", .type = k_integer, .required = false, .standard = "30", .help = "how long it may take to finish after TERM"},
    {.name = "user", .type = k_text, .required = false, .help = "who it runs as; supervisor's own user without it"},
    {.name = "log", .type = k_text, .required = false, .help = "its output; root/log/NAME.log without it"},
    {.name = "folder", .type = k_text, .required = false, .help = "the release's folder; root/releases/RELEASE without it"},
};
constexpr Field k_instance_out[] = {
    {.name = "name", .type = k_text, .help = "the program"},
    {.name = "state", .type = k_text, .help = "the wanted state"},
    {.name = "release", .type = k_text, .required = false, .help = "the release it runs"},
    {.name = "port", .type = k_integer, .required = false, .help = "its port"},
    {.name = "before", .type = k_map, .required = false, .help = "what was wanted of it before; null: it was not there"},
};
constexpr Field k_slots_in[] = {
    {.name = "service", .type = k_text, .help = "instances are named SERVICE-SLOT"},
    {.name = "slots", .type = k_map, .help = "slot: port; each is a server of HAProxy by that name"},
    {.name = "servers", .type = k_map, .help = "of haproxy.servers"},
    {.name = "instances", .type = k_map, .required = false, .help = "of host.instances"},
    {.name = "current", .type = k_text, .required = false, .help = "the release that took over last; with it a split is no error: the slot that runs another one counts as serving, so that it is left"},
};
constexpr Field k_slots_out[] = {
    {.name = "serving", .type = k_text, .help = "the slot that has the traffic; empty before the first deploy"},
    {.name = "serving_port", .type = k_integer, .help = "its port, or 0"},
    {.name = "serving_release", .type = k_text, .help = "the release it runs, or empty"},
    {.name = "free", .type = k_text, .help = "the slot for the next release"},
    {.name = "free_port", .type = k_integer, .help = "its port"},
    {.name = "free_release", .type = k_text, .help = "what the free slot runs or ran, or empty"},
    {.name = "split", .type = k_boolean, .help = "whether both have traffic"},
    {.name = "first", .type = k_boolean, .help = "whether nothing serves yet"},
};
constexpr Field k_last_good_in[] = {
    {.name = "releases", .type = k_texts, .help = "the installed ones"},
    {.name = "history", .type = k_maps, .help = "of host.releases"},
    {.name = "serving", .type = k_text, .help = "the release that has the traffic now"},
    {.name = "wanted", .type = k_text, .required = false, .help = "take this one"},
};
constexpr Field k_last_good_out[] = {
    {.name = "release", .type = k_text, .help = "the one to go back to"},
    {.name = "why", .type = k_text, .help = "why this one"},
    {.name = "candidates", .type = k_maps, .help = "{release, run, at, why_not}, newest first"},
};
constexpr Field k_port_in[] = {{.name = "port", .type = k_integer, .help = "on 127.0.0.1"}};
constexpr Field k_port_out[] = {{.name = "port", .type = k_integer, .help = "the same, and nobody listens there"}};

constexpr Action k_actions[] = {
    {"releases", "The installed releases, the current one, and what served before", k_releases_in, k_releases_out, Read{.read = read_releases, .touches = touches_root}},
    {"instances", "The programs that belay keeps under supervisor", k_instances_in, k_instances_out, Read{.read = read_instances, .touches = touches_programs}},
    {"slots", "Which slot serves and which is free; refused where a deploy was left half-way", k_slots_in, k_slots_out, Read{.read = read_slots, .touches = touches_nothing, .pure = true}},
    {"last-good", "The release to go back to, why, and what spoke against the others", k_last_good_in, k_last_good_out,
     Read{.read = read_last_good, .touches = touches_nothing, .pure = true}},
    {"port-free", "Fails where something listens on a port", k_port_in, k_port_out, Read{.read = read_port_free, .touches = touches_nothing}},
    {"install", "Copies a release into its folder, whole or not at all", k_install_in, k_install_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_install, .prepare = prepare_install, .judge = judge_install, .undo = undo_install,
            .standing = standing_install, .touches = touches_root}},
    {"link", "Names the release that serves: the link `current` and the history", k_link_in, k_link_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_link, .prepare = prepare_link, .judge = judge_link, .undo = undo_link,
            .standing = standing_link, .touches = touches_root}},
    {"instance", "Brings one program under supervisor into a wanted state", k_instance_in, k_instance_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_instance, .prepare = prepare_instance, .perform = perform_instance, .judge = judge_instance,
            .undo = undo_instance, .standing = standing_instance, .touches = touches_instance, .lateness = std::chrono::seconds(1)}},
};

} // namespace

constinit const Module host{"host", "Releases and processes of one host", k_actions};

} // namespace belay::modules
