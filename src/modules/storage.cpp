#include "modules/storage.hpp"
#include "modules/catalog.hpp"

/// Cloud Storage. Nothing replaces an object that is there.
namespace belay::modules {
namespace {

using namespace storage_parts;

constexpr Field k_bucket{.name = "bucket", .type = k_text, .help = "the bucket's name"};
constexpr Field k_object{.name = "object", .type = k_text, .help = "the object's name"};

constexpr Field k_stat_in[] = {k_bucket, k_object, {.name = "required", .type = k_boolean, .required = false, .standard = "false", .help = "whether the step fails where it is not there"}};
constexpr Field k_stat_out[] = {
    {.name = "found", .type = k_boolean, .help = "whether it is there"},
    {.name = "size", .type = k_integer, .required = false, .help = "in bytes"},
    {.name = "crc32c", .type = k_text, .required = false, .help = "its checksum, in base64"},
    {.name = "generation", .type = k_text, .required = false, .help = "the number of this content"},
    {.name = "updated", .type = k_timestamp, .required = false, .help = "when it was written"},
    {.name = "type", .type = k_text, .required = false, .help = "its content type"},
};
constexpr Field k_list_in[] = {
    k_bucket,
    {.name = "prefix", .type = k_text, .required = false, .help = "how the names begin"},
    {.name = "limit", .type = k_integer, .required = false, .standard = "10000", .help = "how many at most"},
};
constexpr Field k_list_out[] = {
    {.name = "objects", .type = k_maps, .help = "each with name, size, crc32c, generation, updated, type"},
    {.name = "count", .type = k_integer, .help = "how many"},
    {.name = "bytes", .type = k_integer, .help = "of all"},
    {.name = "newest", .type = k_map, .required = false, .help = "the one written last; null where there is none"},
};
constexpr Field k_get_in[] = {k_bucket, k_object};
constexpr Field k_get_out[] = {
    {.name = "body", .type = k_any, .help = "a value where it is JSON, otherwise text; at most 16 MiB"},
    {.name = "generation", .type = k_text, .help = "the number of this content"},
    {.name = "size", .type = k_integer, .help = "in bytes"},
};
constexpr Field k_put_in[] = {
    k_bucket,
    k_object,
    {.name = "file", .type = k_text, .required = false, .help = "the file that is uploaded"},
    {.name = "content", .type = k_any, .required = false, .help = "or the content itself: text, bytes, or a value as JSON"},
    {.name = "type", .type = k_text, .required = false, .standard = "application/octet-stream", .help = "its content type"},
};
constexpr Field k_put_out[] = {
    {.name = "uri", .type = k_text, .help = "gs://BUCKET/OBJECT"},
    {.name = "size", .type = k_integer, .help = "in bytes"},
    {.name = "crc32c", .type = k_text, .help = "its checksum, in base64"},
    {.name = "generation", .type = k_text, .required = false, .help = "the number of this content"},
};
constexpr Field k_fetch_in[] = {k_bucket, k_object, {.name = "file", .type = k_text, .help = "where to; one that is there is not replaced"}};
constexpr Field k_fetch_out[] = {
    {.name = "file", .type = k_text, .help = "where it is"},
    {.name = "size", .type = k_integer, .help = "in bytes"},
    {.name = "generation", .type = k_text, .help = "the number of this content"},
};
constexpr Field k_delete_out[] = {{.name = "generation", .type = k_text, .required = false, .help = "the number of the content that was deleted"}};
constexpr Field k_bucket_in[] = {
    {.name = "project", .type = k_text, .help = "the Google Cloud project"},
    k_bucket,
    {.name = "location", .type = k_text, .help = "where it is kept: us-central1, US …"},
};
constexpr Field k_bucket_out[] = {{.name = "bucket", .type = k_text, .help = "its name"}};

constexpr Action k_actions[] = {
    {"stat", "Whether an object is there, its size and checksum", k_stat_in, k_stat_out, Read{.read = read_stat, .touches = touches}},
    {"list", "Objects of a bucket", k_list_in, k_list_out, Read{.read = read_list, .touches = touches_bucket}},
    {"get", "What an object holds, held to its checksum", k_get_in, k_get_out, Read{.read = read_get, .touches = touches}},
    {"put", "Uploads a file or a value, held to its checksum; never over an object that is there", k_put_in, k_put_out,
     Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_put, .prepare = prepare_put, .perform = perform_put, .judge = judge_put, .touches = touches_put}},
    {"fetch", "Brings an object into a file, held to its checksum", k_fetch_in, k_fetch_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_fetch, .prepare = prepare_fetch, .perform = perform_fetch, .judge = judge_fetch, .touches = touches_fetch}},
    {"delete", "Deletes the object that was looked at; one that has been written since stays", k_get_in, k_delete_out,
     Change{.effect = Effect::destroys, .repeat = Repeat::conditional, .observe = observe_delete, .prepare = prepare_delete, .answer = answer_delete, .judge = judge_delete, .touches = touches}},
    {"bucket", "Makes a bucket that nobody outside can read; one that is there stays as it is", k_bucket_in, k_bucket_out,
     Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_bucket, .prepare = prepare_bucket, .judge = judge_bucket, .touches = touches_bucket}},
};

} // namespace

constinit const Module storage{"storage", "Cloud Storage", k_actions};

} // namespace belay::modules
