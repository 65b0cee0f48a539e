#include <optional>
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

/// Defined by the integration tests, whose binary is started again in other parts (the guard, a parent to be killed): the exit status of such a part.
__attribute__((weak)) std::optional<int> run_as_another_part(int argc, char** argv);

int main(int argc, char** argv) {
  if (run_as_another_part)
    if (const auto status = run_as_another_part(argc, argv)) return *status;
  return Catch::Session().run(argc, argv);
}
