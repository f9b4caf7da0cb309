package dev.qwq.examples.cli;

import dev.qwq.ToolCall;
import java.io.PrintWriter;

/** Shows a reply as one text, as the model writes it. */
final class PlainText implements Replies.Viewer {
  private final PrintWriter out;
  private final boolean terminal;

  PlainText(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public void reasoning(String text) {
    answer(text);
  }

  @Override
  public void answer(String text) {
    out.print(terminal ? Terminals.harmless(text) : text);
    out.flush();
  }

  @Override
  public void toolCall(ToolCall call) {}

  @Override
  public void end() {
    if (terminal) {
      out.println();
    }
  }

  @Override
  public boolean isGone() {
    return out.checkError();
  }
}
