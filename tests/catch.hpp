#pragma once
// Catch2 2 (one header) or 3 (several): whichever the distribution has.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
