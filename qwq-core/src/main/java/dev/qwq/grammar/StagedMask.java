package dev.qwq.grammar;

import dev.qwq.engine.TokenMask;
import org.jspecify.annotations.Nullable;

/** A place in a reply that goes through stages. Immutable but for what it remembers. */
final class StagedMask implements TokenMask {
  private final Stage stage;
  private final int matched; // of the marker, in free text
  private final @Nullable Positions at; // in the text of a grammar
  private int @Nullable [] allowed;

  private StagedMask(Stage stage, int matched, @Nullable Positions at) {
    this.stage = stage;
    this.matched = matched;
    this.at = at;
  }

  static StagedMask free(Stage.Free stage, int matched) {
    return new StagedMask(stage, matched, null);
  }

  static StagedMask constrained(Stage.Constrained stage, Positions at) {
    return new StagedMask(stage, 0, at);
  }

  @Override
  public int @Nullable [] allowed() {
    return switch (stage) {
      case Stage.Free free -> free.allowed(matched);
      case Stage.Constrained constrained -> {
        int[] known = allowed;
        if (known == null) {
          known = constrained.allowed(positions());
          allowed = known;
        }
        yield known;
      }
    };
  }

  private Positions positions() {
    if (at == null) {
      throw new IllegalStateException("free text has no positions");
    }
    return at;
  }

  @Override
  public TokenMask after(int token) {
    return after(token, bytes(token));
  }

  private byte[] bytes(int token) {
    return switch (stage) {
      case Stage.Free free -> free.bytes(token);
      case Stage.Constrained constrained -> constrained.bytes(token);
    };
  }

  private TokenMask after(int token, byte[] bytes) {
    if (bytes.length == 0) {
      return this; // a special token: no text, or the end
    }
    StagedMask next = feed(bytes);
    if (next == null) {
      throw new IllegalStateException("token " + token + " is not allowed here");
    }
    return next;
  }

  /** Takes the bytes of a token; null if they cannot be. */
  @Nullable StagedMask feed(byte[] bytes) {
    StagedMask place = this;
    for (byte b : bytes) {
      place = place.feed(b);
      if (place == null) {
        return null;
      }
    }
    return place;
  }

  private @Nullable StagedMask feed(byte b) {
    return switch (stage) {
      case Stage.Free free -> {
        int more = free.step(matched, b);
        yield free.isComplete(more) ? free.next().begin() : free(free, more);
      }
      case Stage.Constrained constrained -> {
        Positions next = positions().next(b & 0xFF);
        if (next.isDead()) {
          yield null;
        }
        Stage behind = constrained.next();
        yield behind != null && next.mayEndText() ? behind.begin() : constrained(constrained, next);
      }
    };
  }
}
