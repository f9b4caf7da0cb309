package dev.qwq.examples.cli;

import dev.qwq.ToolCall;
import java.io.PrintWriter;

/** Shows a reply as it comes: thinking dimmed and first, then the answer, then what it took. */
final class ChatScreen implements Replies.Viewer {
  private static final String DIM = "\033[2m";
  private static final String PLAIN = "\033[0m";

  private enum Part {
    NOTHING,
    THINKING,
    ANSWER
  }

  private final PrintWriter out;
  private final boolean styled;
  private boolean showThinking = true;
  private Part part = Part.NOTHING;
  private boolean hiding;

  /**
   * Creates a screen.
   *
   * @param styled whether it understands escape sequences
   */
  ChatScreen(PrintWriter out, boolean styled) {
    this.out = out;
    this.styled = styled;
  }

  void showThinking(boolean show) {
    showThinking = show;
  }

  boolean showsThinking() {
    return showThinking;
  }

  @Override
  public void reasoning(String text) {
    String shown = enter(Part.THINKING, text);
    if (showThinking) {
      out.print(shown);
      out.flush();
    } else if (!hiding) {
      hiding = true;
      out.print(dimmed("(thinking…)"));
      out.flush();
    }
  }

  @Override
  public void answer(String text) {
    out.print(enter(Part.ANSWER, text));
    out.flush();
  }

  @Override
  public void toolCall(ToolCall call) {
    note(Replies.line(call));
  }

  @Override
  public void loop(String line) {
    note(line);
  }

  @Override
  public boolean isGone() {
    return out.checkError();
  }

  /** Shows a line of its own, dimmed: a tool call, what a reply took, an answer to a command. */
  void note(String text) {
    end();
    out.println(dimmed(Terminals.harmless(text)));
    out.flush();
  }

  /** Ends what is on the line. */
  @Override
  public void end() {
    if (part != Part.NOTHING) {
      out.println(styled ? PLAIN : "");
      part = Part.NOTHING;
    }
    hiding = false;
    out.flush();
  }

  // Blank space between the parts is the screen's, not the model's.
  private String enter(Part next, String text) {
    String shown = Terminals.harmless(text);
    if (part == next) {
      return shown;
    }
    shown = shown.stripLeading();
    if (shown.isEmpty()) {
      return shown;
    }
    if (next == Part.THINKING) {
      out.print(styled ? DIM : showThinking ? "[thinking] " : "");
    } else if (part == Part.THINKING) {
      out.print(styled ? PLAIN : "");
      out.print(System.lineSeparator());
      out.print(!styled && showThinking ? "[answer] " : "");
    }
    part = next;
    return shown;
  }

  private String dimmed(String text) {
    return styled ? DIM + text + PLAIN : text;
  }
}
