package dev.qwq.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Flight recorder event of a generation that waited; off unless a recording enables it. */
@Name("dev.qwq.Queue")
@Label("Queue")
@Category("qwq")
@Description("From a generation's submission to its first turn")
@Enabled(false)
@StackTrace(false)
final class QueueEvent extends Event {
  @Label("Priority")
  int priority;

  @Label("Running")
  @Description("Generations that run when this one begins")
  int running;

  @Label("Waiting")
  @Description("Generations that wait then")
  int waiting;
}
