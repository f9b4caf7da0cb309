#include "runtime/mapped_guard.h"

#include "runtime/error.h"

#if defined(__linux__)
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <thread>
#endif

namespace qwq {

#if defined(__linux__)

// The process-wide part. handle() runs in signal context: atomics and system calls only.
struct GuardHandler {
  static void install();
  static void add(MappedGuard* guard);
  static void remove(MappedGuard* guard);

  static void handle(int signal, siginfo_t* info, void* context);
  static bool repair(uintptr_t fault);
  static void mark(uintptr_t begin, uintptr_t end);
  static uintptr_t end_of_range(uintptr_t fault);
  static void pass_on(int signal, siginfo_t* info, void* context);

  static std::mutex mutex;                   // of add and remove
  static std::atomic<MappedGuard*> guards;   // singly linked
  static std::atomic<int> running_handlers;  // that may be walking the list
  static struct sigaction previous;
  static uintptr_t page_size;
  static bool installed;
};

std::mutex GuardHandler::mutex;
std::atomic<MappedGuard*> GuardHandler::guards{nullptr};
std::atomic<int> GuardHandler::running_handlers{0};
struct sigaction GuardHandler::previous;
uintptr_t GuardHandler::page_size = 0;
bool GuardHandler::installed = false;

// Once per process and never undone: another library may have put its handler on top of ours since, and a
// second installation would then chain in a circle.
void GuardHandler::install() {
  if (installed) return;
  page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  if (sigaction(SIGBUS, nullptr, &previous) != 0) fail(QWQ_INTERNAL, "sigaction(SIGBUS): error %d", errno);
  struct sigaction action = {};
  action.sa_sigaction = &GuardHandler::handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART | (previous.sa_flags & (SA_ONSTACK | SA_NODEFER));
  action.sa_mask = previous.sa_mask;
  if (sigaction(SIGBUS, &action, nullptr) != 0) fail(QWQ_INTERNAL, "sigaction(SIGBUS): error %d", errno);
  installed = true;
}

void GuardHandler::add(MappedGuard* guard) {
  const std::lock_guard lock(mutex);
  install();
  guard->next_.store(guards.load());
  guards.store(guard);
}

void GuardHandler::remove(MappedGuard* guard) {
  const std::lock_guard lock(mutex);
  std::atomic<MappedGuard*>* link = &guards;
  while (link->load() != guard) link = &link->load()->next_;
  link->store(guard->next_.load());
  while (running_handlers.load() != 0) std::this_thread::yield();  // one may still look at `guard`
}

void GuardHandler::handle(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  running_handlers.fetch_add(1);
  const bool repaired = info->si_code == BUS_ADRERR && repair(reinterpret_cast<uintptr_t>(info->si_addr));
  running_handlers.fetch_sub(1);
  errno = saved_errno;
  if (!repaired) pass_on(signal, info, context);
}

// Everything behind the fault is lost as well; replacing it page by page could exceed the mappings a process
// may have.
bool GuardHandler::repair(uintptr_t fault) {
  const uintptr_t end = end_of_range(fault);
  if (end == 0) return false;
  const uintptr_t begin = fault / page_size * page_size;
  // Marked first: no thread may see zeros in an undamaged model.
  mark(begin, end);
  void* const wanted = reinterpret_cast<void*>(begin);
  return mmap(wanted, end - begin, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == wanted;
}

// 0 if nobody watches the address.
uintptr_t GuardHandler::end_of_range(uintptr_t fault) {
  for (MappedGuard* guard = guards.load(); guard != nullptr; guard = guard->next_.load()) {
    const size_t n = guard->n_ranges_.load();
    for (size_t i = 0; i < n; ++i) {
      const MappedGuard::Range& range = guard->ranges_[i];
      const uintptr_t end = range.end.load();
      if (range.begin.load() <= fault && fault < end) return end;
    }
  }
  return 0;
}

// Models may share a mapping: all that overlap the pages are damaged.
void GuardHandler::mark(uintptr_t begin, uintptr_t end) {
  for (MappedGuard* guard = guards.load(); guard != nullptr; guard = guard->next_.load()) {
    const size_t n = guard->n_ranges_.load();
    for (size_t i = 0; i < n; ++i) {
      const MappedGuard::Range& range = guard->ranges_[i];
      if (range.begin.load() < end && begin < range.end.load()) {
        guard->damaged_.store(true);
      }
    }
  }
}

void GuardHandler::pass_on(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  const bool sent = info->si_code <= 0;  // by a process, not by a fault
  if (previous.sa_handler == SIG_IGN && sent) return;
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
    return;
  }
  // The default action, as without us: the faulting instruction runs again, a sent signal is sent again.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGBUS, &action, nullptr);
  if (sent) raise(signal);
}

MappedGuard::MappedGuard(size_t max_ranges) : ranges_(max_ranges) {
  GuardHandler::add(this);
}

MappedGuard::~MappedGuard() {
  GuardHandler::remove(this);
}

void MappedGuard::watch(const void* data, size_t bytes) {
  const size_t n = n_ranges_.load();
  if (n == ranges_.size()) fail(QWQ_INTERNAL, "a guard of %zu ranges is asked to watch one more", n);
  if (bytes == 0) return;
  const uintptr_t page = GuardHandler::page_size;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(data) / page * page;
  const uintptr_t last = (reinterpret_cast<uintptr_t>(data) + (bytes - 1)) / page * page;
  ranges_[n].begin.store(begin);
  ranges_[n].end.store(last + page);
  n_ranges_.store(n + 1);
}

#else

MappedGuard::MappedGuard(size_t) {}
MappedGuard::~MappedGuard() = default;
void MappedGuard::watch(const void*, size_t) {}

#endif

}  // namespace qwq
