// Reads what ptxas made of the kernels, cubins of sm_75 and newer, and counts the instructions that matter:
//
//   sass_check [--table] FILE.cubin ...
//
// --table prints a row of Markdown for each kernel. In any case kernels are held to what docs/cuda.md says of
// them, below; exit status 1 if one is not.
//
// An instruction is 128 bits. The low 12 bits are its opcode, of which the low nine say what it does and the
// upper three where its operands come from. Loads and stores have their size in bits 73 to 75. Both were
// verified with kernels of one such instruction each, compiled by nvcc 13.0 for every generation named here.
#include <cxxabi.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

enum Operation : unsigned {
  kDot4 = 0x026,            // IDP
  kMultiplyInts = 0x037,    // IMMA
  kLoadMatrix = 0x03b,      // LDSM
  kMultiplyFloats = 0x03c,  // HMMA
  kLoadGlobal = 0x181,      // LDG
  kLoadLocal = 0x183,       // LDL
  kStoreLocal = 0x187,      // STL
  kCopyAsync = 0x1ae,       // LDGSTS
};

struct Counts {
  std::map<unsigned, int> of;  // an Operation
  int loads[5] = {};           // from global memory, of 1, 2, 4, 8, 16 bytes
  int instructions = 0;
};

struct Kernel {
  std::string name;
  int architecture;
  Counts counts;
};

[[noreturn]] void fail(const std::string& file, const char* what) {
  std::fprintf(stderr, "%s: %s\n", file.c_str(), what);
  std::exit(2);
}

template <typename T>
T at(const std::vector<char>& bytes, uint64_t offset, const std::string& file) {
  T value;
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) fail(file, "ends too early");
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

Counts count(const std::vector<char>& bytes, uint64_t begin, uint64_t size, const std::string& file) {
  Counts counts;
  for (uint64_t offset = begin; offset + 16 <= begin + size; offset += 16) {
    const uint64_t low = at<uint64_t>(bytes, offset, file);
    const uint64_t high = at<uint64_t>(bytes, offset + 8, file);
    const unsigned operation = low & 0x1ff;
    ++counts.instructions;
    ++counts.of[operation];
    if (operation == kLoadGlobal) {
      const int of_size[8] = {0, 0, 1, 1, 2, 3, 4, 4};
      ++counts.loads[of_size[high >> 9 & 7]];
    }
  }
  return counts;
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                    std::free);
  std::string result = status == 0 ? text.get() : name;
  if (const size_t end = result.find('('); end != std::string::npos && result.find("(anonymous") != end) {
    result.resize(end);
  }
  for (const std::string_view noise : {"void ", "qwq::cuda::", "qwq::", "(anonymous namespace)::"}) {
    for (size_t i; (i = result.find(noise)) != std::string::npos;) result.erase(i, noise.size());
  }
  return result.substr(0, result.find('('));
}

// The kernels of a cubin, an ELF file whose section .text.NAME is the code of NAME.
std::vector<Kernel> read_kernels(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail(file, "cannot be read");
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
  if (bytes.size() < 64 || std::memcmp(bytes.data(), "\177ELF\2\1", 6) != 0) fail(file, "is no cubin");
  const size_t generation = file.rfind("sm_");
  if (generation == std::string::npos) fail(file, "names no sm_NN");
  const uint64_t sections = at<uint64_t>(bytes, 40, file);
  const uint64_t step = at<uint16_t>(bytes, 58, file);
  const uint64_t n = at<uint16_t>(bytes, 60, file);
  const uint64_t names = at<uint64_t>(bytes, sections + step * at<uint16_t>(bytes, 62, file) + 24, file);
  std::vector<Kernel> kernels;
  for (uint64_t i = 0; i < n; ++i) {
    const uint64_t header = sections + step * i;
    const uint64_t name_at = names + at<uint32_t>(bytes, header, file);
    if (name_at >= bytes.size() ||
        std::memchr(bytes.data() + name_at, 0, bytes.size() - name_at) == nullptr) {
      fail(file, "has a section whose name has no end");
    }
    const std::string_view name(bytes.data() + name_at);
    if (!name.starts_with(".text.")) continue;
    kernels.push_back(
        {demangled(name.data() + 6), std::atoi(file.c_str() + generation + 3),
         count(bytes, at<uint64_t>(bytes, header + 24, file), at<uint64_t>(bytes, header + 32, file), file)});
  }
  return kernels;
}

// How weights of a format must be loaded: the widest pieces its blocks allow for (docs/cuda.md).
int piece_of(const std::string& kernel) {
  for (const char* format : {"Q4_K", "Q5_K", "F32", "F16"}) {  // F16: BF16, too
    if (kernel.find(format) != std::string::npos) return 16;
  }
  return kernel.find("IQ4_XS") != std::string::npos ? 8 : 4;
}

int loads_of(const Counts& counts, int bytes) {
  int at_least = 0;
  const int sizes[] = {1, 2, 4, 8, 16};
  for (int i = 0; i < 5; ++i) at_least += sizes[i] == bytes ? counts.loads[i] : 0;
  return at_least;
}

int broken = 0;

void demand(const Kernel& kernel, bool held, const char* what) {
  if (held) return;
  ++broken;
  std::printf("sm_%d %s: %s\n", kernel.architecture, kernel.name.c_str(), what);
}

void check(const Kernel& kernel) {
  const std::string& name = kernel.name;
  Counts counts = kernel.counts;
  const auto is = [&](const char* what) { return name.starts_with(what); };
  // rope: the arguments of sine and cosine that are huge.
  if (!is("rope_kernel")) {
    demand(kernel, counts.of[kLoadLocal] + counts.of[kStoreLocal] == 0, "uses local memory");
  }
  const bool many = is("multiply_many_rows<");
  const bool prompt = is("attention_prompt<") || is("multiply_prompt_floats<");
  if (is("multiply_few_rows<")) demand(kernel, counts.of[kDot4] > 0, "has no dot products of bytes");
  if (many) demand(kernel, counts.of[kMultiplyInts] > 0, "has no products on tensor cores");
  const bool by_hand = kernel.architecture < 80 && name.find("<BF16>") != std::string::npos;
  if (prompt && !by_hand) demand(kernel, counts.of[kMultiplyFloats] > 0, "has no products on tensor cores");
  if (many || prompt) demand(kernel, counts.of[kLoadMatrix] > 0, "loads no matrices from shared memory");
  if (prompt && kernel.architecture >= 80) {
    demand(kernel, counts.of[kCopyAsync] > 0, "copies nothing to shared memory by itself");
  }
  const bool runs = is("multiply_floats<") && name.find("true") != std::string::npos;
  if (is("multiply_few_rows<") || is("dequantize_weights<") || many || runs) {
    const int piece = piece_of(name);
    demand(kernel, loads_of(counts, piece) > 0, "does not load weights in the pieces that its format allows");
    // Narrower than a word: halves of blocks that begin anywhere, but never bytes.
    demand(kernel, loads_of(counts, 1) == 0, "loads single bytes");
    if (piece == 16) demand(kernel, loads_of(counts, 2) == 0, "loads single halves");
  }
}

void print_row(Kernel kernel) {
  std::map<unsigned, int>& of = kernel.counts.of;
  const int* loads = kernel.counts.loads;
  std::printf("| `%s` | sm_%d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", kernel.name.c_str(),
              kernel.architecture, kernel.counts.instructions, loads[4], loads[3], loads[2],
              loads[0] + loads[1], of[kCopyAsync], of[kLoadMatrix], of[kMultiplyInts] + of[kMultiplyFloats],
              of[kDot4], of[kLoadLocal] + of[kStoreLocal]);
}

}  // namespace

int main(int argc, char** argv) {
  bool table = false;
  int n = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--table") == 0) {
      table = true;
      std::printf(
          "| kernel | for | instructions | LDG.128 | .64 | .32 | .8, .16 | LDGSTS | LDSM | IMMA, HMMA | IDP "
          "| LDL, STL |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
      continue;
    }
    for (const Kernel& kernel : read_kernels(argv[i])) {
      check(kernel);
      if (table) print_row(kernel);
      ++n;
    }
  }
  if (n == 0) fail(argc > 1 ? argv[argc - 1] : "sass_check", "no kernels");
  std::fprintf(stderr, "%d kernels, %d breaches\n", n, broken);
  return broken > 0 ? 1 : 0;
}
