package dev.qwq.examples.cli;

import dev.qwq.ReplyStream;
import org.jspecify.annotations.Nullable;

/** Cancels a reply, even if it is pressed before the reply has begun. */
final class StopSwitch {
  private @Nullable ReplyStream stream;
  private boolean pressed;

  synchronized void press() {
    pressed = true;
    if (stream != null) {
      stream.cancel();
    }
  }

  synchronized void connect(ReplyStream begun) {
    stream = begun;
    if (pressed) {
      begun.cancel();
    }
  }
}
