#include "catch.hpp"
#include "modules/gcloud_list.hpp"
#include "value/json.hpp"

using namespace belay;
using belay::modules::gcloud_list;

TEST_CASE("elements of a gcloud list are told apart by a sign that none of them has", "[modules]") {
  CHECK(gcloud_list("--labels", {"a=1", "b=2"}) == Value("--labels=a=1,b=2"));
  CHECK(gcloud_list("--args", {"a,b", "c"}) == Value("--args=^~^a,b~c"));
  CHECK(gcloud_list("--args", {"a,b~", "|c"}) == Value("--args=^;^a,b~;|c"));
  CHECK(gcloud_list("--args", {"^x^y"}) == Value("--args=^~^^x^y"));
  CHECK(show(gcloud_list("--args", {"a,b", Value::unknown({"one"})})).find("(known after one)") != std::string::npos);
}
