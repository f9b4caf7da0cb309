package dev.qwq.examples.cli;

import dev.qwq.ToolCall;

/** Shows nothing while a reply comes: it is printed at its end. */
final class Silence implements Replies.Viewer {
  @Override
  public void reasoning(String text) {}

  @Override
  public void answer(String text) {}

  @Override
  public void toolCall(ToolCall call) {}

  @Override
  public void end() {}

  @Override
  public boolean isGone() {
    return false;
  }
}
