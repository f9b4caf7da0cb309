package dev.qwq;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** More replies run and wait than the model was opened for. */
public class QueueFullException extends QwqException {
  private static final long serialVersionUID = 1L;

  /** When a place should be free; null if nobody knows. */
  private final @Nullable Duration expectedWait;

  /**
   * Creates an exception.
   *
   * @param message one sentence for people, with the limits
   * @param expectedWait when a place should be free; empty if nobody knows yet
   */
  public QueueFullException(String message, Optional<Duration> expectedWait) {
    super(ErrorCode.QUEUE_FULL, message);
    this.expectedWait = expectedWait.orElse(null);
  }

  /**
   * Returns when to try again.
   *
   * @return when the next place should be free, from how long the last replies took; empty as long
   *     as none has ended
   */
  public Optional<Duration> expectedWait() {
    return Optional.ofNullable(expectedWait);
  }
}
