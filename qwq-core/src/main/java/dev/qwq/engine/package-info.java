/**
 * The engine: many generations over one model, stepped together.
 *
 * <p>{@link dev.qwq.engine.Engine} is the entry point. Below it, from the outside in: {@code
 * SchedulerLoop} owns the engine thread and the inbox, {@code Scheduler} decides what runs, {@code
 * StepExecutor} runs one step, {@code StepBatch} is its form in native memory, {@code NativeEngine}
 * the call. All state of these classes belongs to the engine thread.
 */
@NullMarked
package dev.qwq.engine;

import org.jspecify.annotations.NullMarked;
