#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/compute.hpp"
#include "modules/inputs.hpp"

/// The network around services: VPC connectors, firewall rules.
namespace belay::modules {
namespace {

using namespace compute_parts;

constexpr Field k_project{.name = "project", .type = k_text, .help = "the Google Cloud project"};
constexpr Field k_region{.name = "region", .type = k_text, .help = "where the connector is"};
constexpr Field k_connector_name{.name = "connector", .type = k_text, .help = "its name"};
constexpr Field k_describe_in[] = {k_project, k_region, k_connector_name, {.name = "judge", .type = k_boolean, .required = false, .standard = "false", .help = "whether one that is not READY is a finding"}};
constexpr Field k_describe_out[] = {
    {.name = "state", .type = k_text, .help = "READY, CREATING, DELETING, ERROR, UPDATING"},
    {.name = "network", .type = k_text, .required = false, .help = "the VPC network"},
    {.name = "range", .type = k_text, .required = false, .help = "its addresses"},
    {.name = "min_instances", .type = k_integer, .required = false, .help = "its machines at least"},
    {.name = "max_instances", .type = k_integer, .required = false, .help = "its machines at most"},
    {.name = "machine_type", .type = k_text, .required = false, .help = "what they are"},
};
constexpr Field k_connector_in[] = {
    k_project,
    k_region,
    k_connector_name,
    {.name = "state", .type = k_text, .required = false, .standard = "present", .help = "present or absent"},
    {.name = "network", .type = k_text, .required = false, .standard = "default", .help = "the VPC network"},
    {.name = "range", .type = k_text, .required = false, .help = "its addresses: 10.8.0.0/28; needed to make it"},
    {.name = "min_instances", .type = k_integer, .required = false, .standard = "2", .help = "its machines at least"},
    {.name = "max_instances", .type = k_integer, .required = false, .standard = "10", .help = "its machines at most"},
    {.name = "machine_type", .type = k_text, .required = false, .standard = "e2-micro", .help = "what they are"},
};
constexpr Field k_connector_out[] = {
    {.name = "state", .type = k_text, .help = "the wanted state"},
    {.name = "before", .type = k_map, .required = false, .help = "what it takes to make it again as it was; null where it was not there"},
};

constexpr Field k_firewalls_in[] = {k_project};
constexpr Field k_firewalls_out[] = {{.name = "rules", .type = k_maps, .help = "each with name, network, direction, action, rules, sources, priority, disabled"}};
constexpr Field k_firewall_in[] = {
    k_project,
    {.name = "name", .type = k_text, .help = "the rule's name"},
    {.name = "state", .type = k_text, .required = false, .standard = "present", .help = "present or absent"},
    {.name = "network", .type = k_text, .required = false, .standard = "default", .help = "the VPC network"},
    {.name = "direction", .type = k_text, .required = false, .standard = "INGRESS", .help = "INGRESS or EGRESS"},
    {.name = "action", .type = k_text, .required = false, .standard = "deny", .help = "allow or deny"},
    {.name = "rules", .type = k_texts, .required = false, .standard = "[\"all\"]", .help = "all, tcp, tcp:8080, tcp:8000-8100 …"},
    {.name = "sources", .type = k_texts, .required = false, .help = "addresses and networks it applies to; needed for INGRESS: without any it would apply to everybody"},
    {.name = "priority", .type = k_integer, .required = false, .standard = "1000", .help = "the smaller number wins"},
};
constexpr Field k_firewall_out[] = {{.name = "state", .type = k_text, .help = "the wanted state"}};

constexpr Action k_actions[] = {
    {"connector-describe", "State and size of a VPC connector", k_describe_in, k_describe_out, Read{.read = read_connector, .touches = touches_connector}},
    {"connector", "Makes or deletes a VPC connector; its network and addresses cannot be changed otherwise", k_connector_in, k_connector_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_connector, .prepare = prepare_connector, .answer = gcp::started, .judge = judge_connector, .undo = undo_connector, .standing = standing_connector,
            .touches = touches_connector, .lateness = std::chrono::seconds(60)}},
    {"firewalls", "The firewall rules of a project; they do not filter what reaches Cloud Run", k_firewalls_in, k_firewalls_out, Read{.read = read_firewalls, .touches = touches_firewalls}},
    {"firewall", "Makes or deletes a firewall rule", k_firewall_in, k_firewall_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_firewall, .prepare = prepare_firewall, .answer = gcp::started, .judge = judge_firewall, .undo = undo_firewall, .standing = standing_firewall,
            .touches = touches_firewalls, .lateness = std::chrono::seconds(60)}},
};

} // namespace

constinit const Module compute{"compute", "VPC connectors and firewall rules", k_actions};

} // namespace belay::modules
