// Weight files that are truncated while in use. Every case runs in a process of its own, since what is tested
// is whether that process survives.
#include <functional>

#include "tests/test_model.h"

#if defined(__linux__)
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/mapped_guard.h"

using namespace qwq::test;

namespace {

constexpr uint64_t kSeed = 5;

// How a child ended: its exit status, or -signal.
int in_child(const std::function<void()>& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child < 0) fail(__FILE__, __LINE__, "fork failed");
  if (child == 0) {
    try {
      body();
      _exit(0);
    } catch (const std::exception& e) {
      std::printf("  in the child: %s\n", e.what());
      std::fflush(stdout);
      _exit(1);
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

size_t page_size() {
  return static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

// A deleted temporary file, mapped.
class MappedFile {
 public:
  explicit MappedFile(const std::vector<std::byte>& content) : bytes(content.size()) {
    char name[] = "/tmp/qwq-guard-XXXXXX";
    file_ = mkstemp(name);
    CHECK(file_ >= 0);
    unlink(name);
    CHECK(write(file_, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    void* const mapping = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file_, 0);
    CHECK(mapping != MAP_FAILED);
    data = static_cast<const std::byte*>(mapping);
  }
  ~MappedFile() {
    munmap(const_cast<std::byte*>(data), bytes);
    close(file_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  void truncate(size_t to) { CHECK(ftruncate(file_, static_cast<off_t>(to)) == 0); }
  int at(size_t offset) const {
    return static_cast<int>(*static_cast<const volatile std::byte*>(data + offset));
  }

  const std::byte* data;
  size_t bytes;

 private:
  int file_;
};

std::vector<std::byte> pages(size_t n) {
  return std::vector<std::byte>(n * page_size(), std::byte{7});
}

// The child tells by its exit status that its own handler ran.
constexpr int kHandled = 42;
void exit_in_handler(int, siginfo_t*, void*) {
  _exit(kHandled);
}
void exit_in_plain_handler(int) {
  _exit(kHandled);
}

void handle_bus_errors(bool with_info) {
  struct sigaction action = {};
  if (with_info) {
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = exit_in_handler;
  } else {
    action.sa_handler = exit_in_plain_handler;
  }
  CHECK(sigaction(SIGBUS, &action, nullptr) == 0);
}

void default_bus_errors() {
  signal(SIGBUS, SIG_DFL);  // a sanitizer may have a handler
}

Shape shape() {
  Shape shape{"mapped"};
  shape.hidden = 64;
  shape.intermediate = 256;
  shape.head_dim = 16;
  return shape;
}

// A model whose lm_head lies in a file.
struct MappedModel {
  explicit MappedModel(int32_t guard) : model(shape(), kSeed), file(model.output.bytes) {
    model.weights.output.data = file.data;
    model.config.guard_mapping = guard;
  }

  int32_t step(TestEngine& engine, qwq_error* error) {
    TestRun run({1, 2, 3}, {0}, 0, QWQ_ROLE_PROMPT, engine.vocab);
    qwq_batch batch{};
    batch.sequences = &run.view;
    batch.n_sequences = 1;
    return qwq_step(engine.handle, &batch, error);
  }

  TestModel model;
  MappedFile file;
};

}  // namespace

TEST(a_truncated_file_fails_the_step_and_the_process_lives) {
  for (const BackendChoice& backend : usable_backends()) {
    CHECK_EQ(in_child([&] {
               default_bus_errors();
               MappedModel mapped(1);
               TestEngine engine(mapped.model, backend, 3);
               CHECK_OK(mapped.step(engine, error));
               mapped.file.truncate(page_size());
               for (int i = 0; i < 2; ++i) {  // damaged once, damaged for good
                 qwq_error error{};
                 CHECK_EQ(mapped.step(engine, &error), static_cast<int32_t>(QWQ_WEIGHTS_DAMAGED));
                 CHECK(std::strstr(error.message, "truncated") != nullptr);
               }
               qwq_model* again = nullptr;
               CHECK_OK(qwq_model_create(&mapped.model.config, &mapped.model.weights, &again, error));
               qwq_model_destroy(again);
             }),
             0);
  }
}

TEST(without_a_guard_the_process_ends) {
  CHECK_EQ(in_child([] {
             default_bus_errors();
             MappedModel mapped(0);
             TestEngine engine(mapped.model, {QWQ_BACKEND_REFERENCE, ""}, 1);
             mapped.file.truncate(0);
             mapped.step(engine, nullptr);
           }),
           -SIGBUS);
}

TEST(a_vector_beyond_the_end_fails_the_model) {
  CHECK_EQ(in_child([] {
             default_bus_errors();
             TestModel model(shape(), kSeed);
             MappedFile file(model.output_norm.bytes);
             model.weights.output_norm.data = file.data;
             model.config.guard_mapping = 1;
             file.truncate(0);
             qwq_model* out = nullptr;
             qwq_error error{};
             CHECK_EQ(qwq_model_create(&model.config, &model.weights, &out, &error),
                      static_cast<int32_t>(QWQ_WEIGHTS_DAMAGED));
             CHECK(out == nullptr);
           }),
           0);
}

TEST(lost_pages_read_as_zero_and_kept_ones_as_they_were) {
  CHECK_EQ(in_child([] {
             default_bus_errors();
             MappedFile file(pages(8));
             qwq::MappedGuard guard(2);
             guard.watch(file.data, 3 * page_size() + 5);  // watches the fourth page as a whole
             guard.watch(file.data + 4 * page_size(), 4 * page_size());
             file.truncate(2 * page_size());
             CHECK_EQ(file.at(page_size()), 7);
             CHECK(!guard.damaged());
             CHECK_EQ(file.at(4 * page_size() - 1), 0);
             CHECK(guard.damaged());
             CHECK_EQ(file.at(2 * page_size()), 0);
             CHECK_EQ(file.at(8 * page_size() - 1), 0);
             CHECK_EQ(file.at(0), 7);
           }),
           0);
}

TEST(all_guards_of_shared_pages_are_marked) {
  CHECK_EQ(in_child([] {
             default_bus_errors();
             MappedFile file(pages(8)), other(pages(8));
             qwq::MappedGuard whole(1), tail(1), elsewhere(1);
             whole.watch(file.data, file.bytes);
             tail.watch(file.data + 6 * page_size(), page_size());
             elsewhere.watch(other.data, other.bytes);
             file.truncate(0);
             CHECK_EQ(file.at(page_size()), 0);
             CHECK(whole.damaged());
             CHECK(tail.damaged());  // its page was replaced without a fault of its own
             CHECK(!elsewhere.damaged());
           }),
           0);
}

TEST(other_faults_reach_the_handler_that_was_there) {
  for (const bool with_info : {true, false}) {
    CHECK_EQ(in_child([&] {
               handle_bus_errors(with_info);
               MappedFile watched(pages(2)), foreign(pages(2));
               qwq::MappedGuard guard(1);
               guard.watch(watched.data, watched.bytes);
               watched.truncate(0);
               foreign.truncate(0);
               CHECK_EQ(watched.at(0), 0);
               foreign.at(0);
             }),
             kHandled);
  }
}

TEST(other_faults_end_a_process_without_a_handler) {
  CHECK_EQ(in_child([] {
             default_bus_errors();
             MappedFile watched(pages(2)), foreign(pages(2));
             qwq::MappedGuard guard(1);
             guard.watch(watched.data, watched.bytes);
             foreign.truncate(0);
             foreign.at(0);
           }),
           -SIGBUS);
}

TEST(a_sent_signal_is_not_ours) {
  CHECK_EQ(in_child([] {
             default_bus_errors();
             const qwq::MappedGuard guard(1);
             raise(SIGBUS);
           }),
           -SIGBUS);
  CHECK_EQ(in_child([] {
             signal(SIGBUS, SIG_IGN);
             const qwq::MappedGuard guard(1);
             raise(SIGBUS);
           }),
           0);
}

TEST(a_guard_that_is_gone_watches_nothing) {
  CHECK_EQ(in_child([] {
             handle_bus_errors(true);
             MappedFile file(pages(2));
             {
               qwq::MappedGuard guard(1), second(1);
               guard.watch(file.data, file.bytes);
             }
             file.truncate(0);
             file.at(0);
           }),
           kHandled);
}

#else

TEST(guards_have_no_effect_here) {
  CHECK(true);
}

#endif

QWQ_TEST_MAIN
