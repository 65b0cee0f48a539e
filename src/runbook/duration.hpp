#pragma once
#include "value/duration.hpp" // IWYU pragma: export
