package dev.qwq.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of a generation that was cut; off unless a recording enables it. */
@Name("dev.qwq.Cancel")
@Label("Cancel")
@Category("qwq")
@Description("From asking a generation to end to its end")
@Enabled(false)
@StackTrace(false)
final class CancelEvent extends Event {
  @Label("Reason")
  @Description("CANCELLED or DEADLINE")
  String reason = "";

  @Label("Generated Tokens")
  int generatedTokens;
}
