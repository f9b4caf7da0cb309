package dev.qwq.chat.jinja;

/** A template that does not parse, fails, or exceeds a limit. Internal: callers wrap it. */
public final class TemplateError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean raised;
  private int at;

  private TemplateError(String message, int at, boolean raised) {
    // Where the template is matters, not where the interpreter is.
    super(message, null, false, false);
    this.at = at;
    this.raised = raised;
  }

  TemplateError(String message) {
    this(message, -1, false);
  }

  TemplateError(String message, int at) {
    this(message, at, false);
  }

  /** What the template itself says by {@code raise_exception}. */
  static TemplateError raised(String message) {
    return new TemplateError(message, -1, true);
  }

  /** Whether the template raised it itself. */
  public boolean isRaised() {
    return raised;
  }

  /** The position in the source, or -1. */
  public int at() {
    return at;
  }

  /** Sets the position unless a more exact one is known. */
  TemplateError locate(int position) {
    if (at < 0) {
      at = position;
    }
    return this;
  }
}
