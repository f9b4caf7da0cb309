package dev.qwq.bench.soak;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** Counts what happened. Thread-safe. */
final class Tally {
  /** What is counted. */
  enum Event {
    COMPLETED,
    CANCELLED,
    DEADLINE,
    CLOSED,
    INTERRUPTED,
    FUTURE_CANCELLED,
    FLOW_CANCELLED,
    SESSION_CLOSED,
    WENT_ON_AFTER_CUT,
    REWOUND,
    RESUMED,
    FORKED,
    RESTORED,
    QUEUE_FULL,
    DRAFTED,
    FORCED
  }

  private static final int MOST_FAILURES = 20;

  private final Map<Event, LongAdder> counts = new EnumMap<>(Event.class);
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  Tally() {
    for (Event event : Event.values()) {
      counts.put(event, new LongAdder());
    }
  }

  private LongAdder adder(Event event) {
    return counts.getOrDefault(event, new LongAdder());
  }

  void add(Event event) {
    adder(event).increment();
  }

  void add(Event event, long count) {
    adder(event).add(count);
  }

  long count(Event event) {
    return adder(event).sum();
  }

  void failed(Throwable failure) {
    if (failures.size() < MOST_FAILURES) {
      failures.add(failure);
    }
  }

  Queue<Throwable> failures() {
    return failures;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Event event : Event.values()) {
      text.append(text.isEmpty() ? "" : ", ")
          .append(event.name().toLowerCase(Locale.ROOT).replace('_', ' '))
          .append(' ')
          .append(count(event));
    }
    return text.toString();
  }
}
