package dev.qwq.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of one step; off unless a recording enables it. */
@Name("dev.qwq.Step")
@Label("Inference Step")
@Category("qwq")
@Description("One pass of a batch of tokens through the model")
@Enabled(false)
@StackTrace(false)
final class StepEvent extends Event {
  @Label("Sequences")
  int sequences;

  @Label("Tokens")
  int tokens;

  @Label("Completed")
  @Description("False if the step was cancelled or failed")
  boolean completed;
}
