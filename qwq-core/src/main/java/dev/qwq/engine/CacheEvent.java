package dev.qwq.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of a lookup in the KV cache; off unless a recording enables it. */
@Name("dev.qwq.Cache")
@Label("Prefix Cache")
@Category("qwq")
@Description("What a prompt found in the KV cache")
@Enabled(false)
@StackTrace(false)
final class CacheEvent extends Event {
  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Cached Tokens")
  @Description("Of its own conversation and of others")
  int cachedTokens;

  @Label("Evictions")
  @Description("Blocks given away since the engine was opened")
  long evictions;
}
