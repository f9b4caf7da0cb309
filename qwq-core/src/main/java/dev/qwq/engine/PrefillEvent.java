package dev.qwq.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of one prompt; off unless a recording enables it. */
@Name("dev.qwq.Prefill")
@Label("Prefill")
@Category("qwq")
@Description("From a generation's first turn to its first token")
@Enabled(false)
@StackTrace(false)
final class PrefillEvent extends Event {
  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Cached Tokens")
  @Description("Tokens of the prompt that were in the KV cache before")
  int cachedTokens;
}
