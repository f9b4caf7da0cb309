package dev.qwq.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of one token; off unless a recording enables it. */
@Name("dev.qwq.Sample")
@Label("Sample")
@Category("qwq")
@Description("A token was drawn or forced")
@Enabled(false)
@StackTrace(false)
final class SampleEvent extends Event {
  @Label("Token")
  int token;

  @Label("Log Probability")
  @Description("By the model's own distribution; NaN if it was forced")
  float logprob;

  @Label("Forced")
  boolean forced;

  @Label("Guessed")
  @Description("The token had been guessed and was checked with others")
  boolean guessed;
}
