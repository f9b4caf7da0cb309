#pragma once

#include <cmath>
#include <cstdio>
#include <string_view>

namespace qwq::bench {

// Writes JSON as it is told; names are null inside arrays.
class Json {
 public:
  explicit Json(std::FILE* out) : out_(out) {}

  void begin_object(const char* name = nullptr) { open(name, '{'); }
  void end_object() { close('}'); }
  void begin_array(const char* name) { open(name, '['); }
  void end_array() { close(']'); }

  void text(const char* name, std::string_view value) {
    key(name);
    string(value);
  }
  // What is not finite is written as null.
  void number(const char* name, double value) {
    key(name);
    std::fprintf(out_, std::isfinite(value) ? "%.9g" : "null", value);
  }
  void boolean(const char* name, bool value) {
    key(name);
    std::fputs(value ? "true" : "false", out_);
  }

 private:
  void string(std::string_view value) {
    std::fputc('"', out_);
    for (const char c : value) {
      if (c == '"' || c == '\\') std::fputc('\\', out_);
      if (static_cast<unsigned char>(c) >= 0x20) std::fputc(c, out_);
    }
    std::fputc('"', out_);
  }

  void key(const char* name) {
    if (!first_) std::fputc(',', out_);
    first_ = false;
    if (name == nullptr) return;
    string(name);
    std::fputc(':', out_);
  }

  void open(const char* name, char bracket) {
    key(name);
    std::fputc(bracket, out_);
    first_ = true;
  }

  void close(char bracket) {
    std::fputc(bracket, out_);
    first_ = false;
  }

  std::FILE* out_;
  bool first_ = true;
};

}  // namespace qwq::bench
