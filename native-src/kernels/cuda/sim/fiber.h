// Threads of a simulated block: stacks that are switched by hand, all on one thread of the machine.
#pragma once

#include <cstddef>
#include <vector>

namespace qwq::cuda::sim {

// One stack and where it stopped. The memory is kept for the next block.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Makes the next resume() call body(argument) on an empty stack; what ran on it before is forgotten, its
  // destructors are not run. body must end by calling leave() and must not let exceptions out.
  void prepare(void (*body)(void*), void* argument);

  // Runs the fiber until it pauses or leaves. Not from within a fiber.
  void resume();

  // Back to the caller of resume(), until the next one. Only from within this fiber.
  void pause();

  // The same for good.
  [[noreturn]] void leave();

 private:
  friend void fiber_main(Fiber*);

  std::byte* memory_ = nullptr;  // a guard page, then the stack
  std::byte* stack_ = nullptr;
  void* stopped_at_ = nullptr;  // stack pointer
  void* resumer_ = nullptr;
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
  // For AddressSanitizer, which must be told of every switch.
  void* fake_stack_ = nullptr;
  const void* resumer_stack_ = nullptr;
  size_t resumer_stack_bytes_ = 0;
};

}  // namespace qwq::cuda::sim
