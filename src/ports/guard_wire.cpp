#include "ports/guard_wire.hpp"
#include <cstring>

namespace belay {
namespace {

void put_number(std::string& to, std::uint32_t number) { to.append(reinterpret_cast<const char*>(&number), sizeof number); }
void put_text(std::string& to, const std::string& text) {
  put_number(to, static_cast<std::uint32_t>(text.size()));
  to += text;
}
void put_list(std::string& to, const std::vector<std::string>& list) {
  put_number(to, static_cast<std::uint32_t>(list.size()));
  for (const auto& each : list) put_text(to, each);
}

std::uint32_t take_number(std::string_view& from) {
  std::uint32_t number = 0;
  if (from.size() < sizeof number) return 0;
  std::memcpy(&number, from.data(), sizeof number);
  from.remove_prefix(sizeof number);
  return number;
}
std::string take_text(std::string_view& from) {
  const std::size_t size = take_number(from);
  std::string text(from.substr(0, size));
  from.remove_prefix(text.size());
  return text;
}
std::vector<std::string> take_list(std::string_view& from) {
  std::vector<std::string> list;
  for (std::uint32_t count = take_number(from); count > 0 && !from.empty(); --count) list.push_back(take_text(from));
  return list;
}

} // namespace

std::string encode(const SpawnRequest& request) {
  std::string body;
  put_text(body, request.program);
  put_list(body, request.argv);
  put_list(body, request.environment);
  put_text(body, request.folder);
  put_list(body, request.private_files);
  std::string whole;
  whole.reserve(body.size() + sizeof(std::uint32_t));
  put_number(whole, static_cast<std::uint32_t>(body.size()));
  return whole += body;
}

std::optional<SpawnRequest> take_request(std::string& arrived) {
  std::string_view view(arrived);
  if (view.size() < sizeof(std::uint32_t)) return {};
  const std::size_t size = take_number(view);
  if (view.size() < size) return {};
  view = view.substr(0, size);
  SpawnRequest request;
  request.program = take_text(view);
  request.argv = take_list(view);
  request.environment = take_list(view);
  request.folder = take_text(view);
  request.private_files = take_list(view);
  arrived.erase(0, sizeof(std::uint32_t) + size);
  return request;
}

} // namespace belay
