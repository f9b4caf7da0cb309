#include "kernels/cuda/sim/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Saves what a callee must preserve on the stack, *saved = stack pointer; continues where `to` was saved.
extern "C" void qwq_fiber_switch(void** saved, void* to);
extern "C" void qwq_fiber_start();

#if defined(__x86_64__)
asm(R"(
.text
.type qwq_fiber_switch,@function
.hidden qwq_fiber_switch
.globl qwq_fiber_switch
qwq_fiber_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size qwq_fiber_switch,.-qwq_fiber_switch

.type qwq_fiber_start,@function
.hidden qwq_fiber_start
.globl qwq_fiber_start
qwq_fiber_start:
  .cfi_startproc
  .cfi_undefined rip
  mov %r12, %rdi
  call *%r13
  ud2
  .cfi_endproc
.size qwq_fiber_start,.-qwq_fiber_start
)");
#elif defined(__aarch64__)
asm(R"(
.text
.type qwq_fiber_switch,@function
.hidden qwq_fiber_switch
.globl qwq_fiber_switch
qwq_fiber_switch:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size qwq_fiber_switch,.-qwq_fiber_switch

.type qwq_fiber_start,@function
.hidden qwq_fiber_start
.globl qwq_fiber_start
qwq_fiber_start:
  .cfi_startproc
  .cfi_undefined x30
  mov x0, x19
  blr x20
  brk #0
  .cfi_endproc
.size qwq_fiber_start,.-qwq_fiber_start
)");
#else
#error "the simulator needs a context switch for this processor"
#endif

namespace qwq::cuda::sim {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kStackBytes = 512 * 1024;  // redzones and unmerged variables
#else
constexpr size_t kStackBytes = 128 * 1024;
#endif

size_t page_bytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

// Puts the words that qwq_fiber_switch pops on a stack that ends at `top`, so that it continues in
// qwq_fiber_start with `fiber` and `main` in the registers that one expects them in.
void* first_frame(std::byte* top, void* fiber, void* main) {
  uintptr_t* words = reinterpret_cast<uintptr_t*>(top);
#if defined(__x86_64__)
  words -= 9;
  words[0] = 0;                                              // r15
  words[1] = 0;                                              // r14
  words[2] = reinterpret_cast<uintptr_t>(main);              // r13
  words[3] = reinterpret_cast<uintptr_t>(fiber);             // r12
  words[4] = 0;                                              // rbx
  words[5] = 0;                                              // rbp
  words[6] = reinterpret_cast<uintptr_t>(&qwq_fiber_start);  // return address
  words[7] = 0;  // here the stack is aligned to 16 bytes, as before a call
#else
  words -= 20;
  for (int i = 0; i < 20; ++i) words[i] = 0;
  words[0] = reinterpret_cast<uintptr_t>(fiber);              // x19
  words[1] = reinterpret_cast<uintptr_t>(main);               // x20
  words[11] = reinterpret_cast<uintptr_t>(&qwq_fiber_start);  // x30
#endif
  return words;
}

}  // namespace

void fiber_main(Fiber* fiber) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &fiber->resumer_stack_, &fiber->resumer_stack_bytes_);
#endif
  fiber->body_(fiber->argument_);
  std::abort();  // body left without leave(): a bug of the simulator
}

Fiber::Fiber() {
  const size_t page = page_bytes();
  void* memory =
      mmap(nullptr, page + kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
  stack_ = memory_ + page;
  mprotect(memory_, page, PROT_NONE);
}

Fiber::~Fiber() {
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(stack_, kStackBytes);
#endif
  munmap(memory_, page_bytes() + kStackBytes);
}

void Fiber::prepare(void (*body)(void*), void* argument) {
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(stack_, kStackBytes);
#endif
  body_ = body;
  argument_ = argument;
  fake_stack_ = nullptr;
  stopped_at_ = first_frame(stack_ + kStackBytes, this, reinterpret_cast<void*>(&fiber_main));
}

void Fiber::resume() {
#if defined(__SANITIZE_ADDRESS__)
  void* own_fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&own_fake_stack, stack_, kStackBytes);
  qwq_fiber_switch(&resumer_, stopped_at_);
  __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
#else
  qwq_fiber_switch(&resumer_, stopped_at_);
#endif
}

void Fiber::pause() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&fake_stack_, resumer_stack_, resumer_stack_bytes_);
  qwq_fiber_switch(&stopped_at_, resumer_);
  __sanitizer_finish_switch_fiber(fake_stack_, &resumer_stack_, &resumer_stack_bytes_);
#else
  qwq_fiber_switch(&stopped_at_, resumer_);
#endif
}

void Fiber::leave() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(nullptr, resumer_stack_, resumer_stack_bytes_);
#endif
  void* never_resumed;
  qwq_fiber_switch(&never_resumed, resumer_);
  std::abort();
}

}  // namespace qwq::cuda::sim
