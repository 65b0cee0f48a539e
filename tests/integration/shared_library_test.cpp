#include "catch.hpp"
#include "ports/curl_library.hpp"
#include "ports/pq_library.hpp"
#include "ports/shared_library.hpp"

using namespace belay;

TEST_CASE("a library that is not there is named with the package that brings it", "[integration][library]") {
  const SharedLibrary library("libnowhere.so.7", "libnowhere7");
  REQUIRE(library.failure());
  CHECK(library.failure()->cause == Cause::missing);
  CHECK(library.failure()->message.find("libnowhere.so.7") != std::string::npos);
  CHECK(library.failure()->hint.find("libnowhere7") != std::string::npos);
}

TEST_CASE("a library that lacks a function is too old", "[integration][library]") {
  SharedLibrary library("libpq.so.5", "libpq5");
  REQUIRE_FALSE(library.failure());
  void (*function)() = nullptr;
  library.find("PQof_a_later_day", function);
  CHECK(function == nullptr);
  REQUIRE(library.failure());
  CHECK(library.failure()->message.find("PQof_a_later_day") != std::string::npos);
}

TEST_CASE("libcurl and libpq hold every function that is asked of them", "[integration][library]") {
  CHECK(open_curl());
  CHECK(open_pq());
}
