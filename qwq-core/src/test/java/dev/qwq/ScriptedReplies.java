package dev.qwq;

import dev.qwq.engine.Engine;
import dev.qwq.engine.Generation;
import dev.qwq.engine.GenerationRequest;
import dev.qwq.engine.KvSequence;
import dev.qwq.engine.SamplingParameters;
import dev.qwq.engine.ScriptedEngine;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.Tokenizer;
import java.util.List;
import java.util.Queue;
import java.util.Set;

/** Replies with as many events as a test wants, from a real engine over scripted steps. */
final class ScriptedReplies implements AutoCloseable {
  private static final int END = 3;

  /** Two of them for a prompt of one token (none computed, one computed), and the last event. */
  private static final int EVENTS_AROUND_TEXT = 3;

  private final Tokenizer tokenizer = Tokenizer.open(TinyModel.path());
  private final ScriptedEngine script = new ScriptedEngine(tokenizer.encode("a")[0]);
  private final Engine engine = script.open();

  /**
   * Begins a reply.
   *
   * @param events how many it will have, {@link ChatEvent.Done} included; at least 1
   */
  ReplyStream withEvents(long events) {
    return switch ((int) Math.min(events, EVENTS_AROUND_TEXT + 1)) {
      case 1 -> cancelledInTheQueue();
      case 2 -> cancelledInPrefill();
      case EVENTS_AROUND_TEXT -> stoppedAtOnce();
      default -> letters(Math.toIntExact(events - EVENTS_AROUND_TEXT));
    };
  }

  /** Begins a reply that fails after its first event, which says that no token is computed yet. */
  ReplyStream failing() {
    return start(ScriptedEngine.FAIL, 1, List.of());
  }

  /** Begins a reply that has one event, and no more until it is cancelled. */
  ReplyStream held() {
    ReplyStream stream = start(ScriptedEngine.HOLD, 1, List.of());
    script.awaitHeld();
    return stream;
  }

  ReplyStream letters(int count) {
    return start(ScriptedEngine.WRITE, count, List.of());
  }

  private ReplyStream stoppedAtOnce() {
    return start(ScriptedEngine.WRITE, 1, List.of("a"));
  }

  private ReplyStream cancelledInPrefill() {
    ReplyStream stream = held();
    stream.cancel();
    return stream;
  }

  private ReplyStream cancelledInTheQueue() {
    try (ReplyStream _ = held()) {
      ReplyStream stream = letters(1);
      stream.cancel();
      return stream;
    }
  }

  private ReplyStream start(int script, int maxTokens, List<String> stopStrings) {
    KvSequence sequence = engine.newSequence();
    Queue<ChatEvent> events = ReplyStream.newEventQueue();
    ReplyBuilder builder =
        new ReplyBuilder(
            tokenizer, Set.of(END), stopStrings, ReasoningStart.OFF, false, events::add);
    TokenFeed feed = new TokenFeed();
    Generation generation =
        engine.submit(
            sequence,
            new GenerationRequest(new int[] {script}, SamplingParameters.greedy(), maxTokens, END),
            feed);
    // Not part of the request: nothing steers.
    ReplySteering idle =
        new ReplySteering(
            null, null, ThinkingBudget.unlimited(), RepetitionPolicy.off(), feed, System::nanoTime);
    return new ReplyStream(feed, generation, builder, idle, events, reply -> sequence.close());
  }

  @Override
  public void close() {
    engine.close();
  }
}
