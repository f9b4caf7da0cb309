package dev.qwq.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of JDK builds that are known to be dangerous here. */
final class JdkCheck {
  private static final Logger LOG = LoggerFactory.getLogger(JdkCheck.class);
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private JdkCheck() {}

  /** Logs a warning the first time it is called on such a build. */
  static void warnOnce() {
    Runtime.Version version = Runtime.version();
    if (corruptsPinnedArrays(version) && !WARNED.getAndSet(true)) {
      LOG.warn(
          "JDK {} can corrupt pinned arrays under the G1 collector (JDK-8377811): use 25.0.3 or"
              + " newer",
          version);
    }
  }

  static boolean corruptsPinnedArrays(Runtime.Version version) {
    return version.feature() == 25 && version.interim() == 0 && version.update() < 3;
  }
}
