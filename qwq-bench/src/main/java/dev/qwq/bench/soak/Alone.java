package dev.qwq.bench.soak;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.Reply;
import dev.qwq.Session;
import dev.qwq.Speculation;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** What conversations say when nothing else runs: computed one at a time, kept. Thread-safe. */
final class Alone {
  private static final int MOST = 20_000; // replies that are kept

  private final Model model;
  private final Map<Path, Reply> replies = new HashMap<>();
  private final ReentrantLock lock = new ReentrantLock();

  Alone(Model model) {
    this.model = model;
  }

  /** The whole reply in the turn that follows a path. */
  Reply reply(Path path, int way) {
    Path whole = path.plus(way, Path.WHOLE);
    lock.lock();
    try {
      Reply known = replies.get(whole);
      if (known == null) {
        known = compute(path, way);
        if (replies.size() == MOST) {
          replies.clear();
        }
        replies.put(whole, known);
      }
      return known;
    } finally {
      lock.unlock();
    }
  }

  private Reply compute(Path path, int way) {
    Script script = path.script();
    try (Session session = model.newSession(script.session())) {
      for (int turn = 0; turn < path.turn(); turn++) {
        Path.Step step = path.steps().get(turn);
        GenerationOptions.Builder options = script.options(turn, step.way()).toBuilder();
        if (step.kept() != Path.WHOLE) {
          options.maxTokens(step.kept());
        }
        session.send(
            script.question(turn, step.way()), options.speculation(Speculation.OFF).build());
      }
      return session.send(
          script.question(path.turn(), way),
          script.options(path.turn(), way).toBuilder().speculation(Speculation.OFF).build());
    }
  }
}
