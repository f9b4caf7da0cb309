// What the library says of CUDA and its devices, with and without a GPU.
#include "kernels/cuda/device/code_for.h"
#include "kernels/cuda/sim/name.h"
#include "tests/check.h"

#include "qwq.h"

namespace qwq::test {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

bool contains(const char* text, const std::string& part) {
  return std::string(text).find(part) != std::string::npos;
}

void expect_failure(const char* name, int32_t status, const char* part) {
  qwq_device device;
  qwq_error error = {};
  CHECK_EQ(qwq_device_get(name, &device, &error), status);
  CHECK_EQ(error.status, status);
  if (!contains(error.message, part)) {
    fail(__FILE__, __LINE__, "expected \"", part, "\", found \"", error.message, "\"");
  }
  CHECK_EQ(qwq_device_get(name, &device, nullptr), status);
}

}  // namespace

TEST(simulated_devices_have_the_memory_of_their_names) {
  const std::pair<const char*, size_t> named[] = {{"sim", 24 * 1024 * kMiB},
                                                  {"sim:24GiB", 24 * 1024 * kMiB},
                                                  {"sim:12GiB", 12 * 1024 * kMiB},
                                                  {"sim:512MiB", 512 * kMiB},
                                                  {"sim:1048576GiB", size_t{1} << 50}};
  for (const auto& [name, bytes] : named) {
    CHECK_EQ(cuda::simulated_memory(name).value_or(0), bytes);
    qwq_device device;
    qwq_error error = {};
    CHECK_EQ(qwq_device_get(name, &device, &error), QWQ_OK);
    CHECK_EQ(std::string(device.name), name);
    CHECK_EQ(std::string(device.title), "simulated device");
    CHECK_EQ(std::string(device.problem), "");
    CHECK_EQ(device.has_code, 1);
    CHECK_EQ(device.total_memory, bytes);
    CHECK_EQ(device.free_memory, bytes);
  }
}

TEST(other_names_are_refused) {
  for (const char* name : {"sim:", "sim:0GiB", "sim:GiB", "sim:12", "sim:12GB", "sim:-1GiB", "sim:12GiB ",
                           "sim:1048577GiB", "sim:99999999999GiB"}) {
    CHECK(!cuda::simulated_memory(name).has_value());
    expect_failure(name, QWQ_INVALID_ARGUMENT, name);
  }
  expect_failure("sim:1234567890123456789GiB", QWQ_INVALID_ARGUMENT, "at most 23 characters");
  qwq_device device;
  CHECK_EQ(qwq_device_get(nullptr, &device, nullptr), QWQ_INVALID_ARGUMENT);
  CHECK_EQ(qwq_device_get("sim", nullptr, nullptr), QWQ_INVALID_ARGUMENT);
  CHECK_EQ(qwq_cuda_get(nullptr, nullptr), QWQ_INVALID_ARGUMENT);
}

TEST(says_why_there_is_no_device) {
  qwq_cuda cuda;
  std::memset(&cuda, 0x5a, sizeof(cuda));
  qwq_error error = {};
  CHECK_EQ(qwq_cuda_get(&cuda, &error), QWQ_OK);
  CHECK(contains(cuda.library, "/libqwq_cuda.so"));
  if (cuda.opened == 0) {
    CHECK(contains(cuda.problem, cuda.library));
    CHECK_EQ(cuda.driver_version, 0);
    CHECK_EQ(cuda.runtime_version, 0);
    CHECK_EQ(cuda.n_devices, 0);
    expect_failure("0", QWQ_UNSUPPORTED, "device \"0\": the library with its kernels");
    return;
  }
  CHECK(cuda.runtime_version >= 13000);
  CHECK_EQ(cuda.n_devices == 0, cuda.problem[0] != 0);
  if (cuda.driver_version == 0) CHECK(contains(cuda.problem, "driver"));
  expect_failure("999", QWQ_UNSUPPORTED, "device \"999\"");
  expect_failure("", QWQ_INVALID_ARGUMENT, "number");
  expect_failure("1x", QWQ_INVALID_ARGUMENT, "number");
  for (int32_t i = 0; i < cuda.n_devices; ++i) {
    qwq_device device;
    CHECK_EQ(qwq_device_get(std::to_string(i).c_str(), &device, &error), QWQ_OK);
    CHECK(device.title[0] != 0);
    CHECK(device.total_memory >= device.free_memory);
    CHECK_EQ(device.free_memory == 0, device.problem[0] != 0);
  }
}

TEST(code_runs_on_its_own_major_version_and_ptx_on_later_ones) {
  constexpr auto runs = [](int capability) {
    return cuda::has_code_for(capability, {750, 800, 860, 890, 900, 1000, 1200});
  };
  // From Turing to consumer Blackwell, and minor versions that none was compiled for.
  for (const int capability : {750, 800, 860, 870, 890, 900, 1000, 1030, 1200, 1210}) CHECK(runs(capability));
  for (const int capability : {610, 700, 720}) CHECK(!runs(capability));
  CHECK(!runs(1100));  // newer than 10.x, older than the PTX
  CHECK(runs(1300));
  CHECK(!cuda::has_code_for(800, {860}));  // machine code of a later minor version
  CHECK(!cuda::has_code_for(800, {}));
}

}  // namespace qwq::test

QWQ_TEST_MAIN
