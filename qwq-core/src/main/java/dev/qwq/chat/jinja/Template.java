package dev.qwq.chat.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A parsed template. Immutable. */
public final class Template {
  private final List<Statement> body;

  private Template(List<Statement> body) {
    this.body = body;
  }

  /** A parse error and where it is. */
  public record Location(int line, int column) {}

  /**
   * Parses a template.
   *
   * @throws TemplateError if it cannot be parsed
   */
  public static Template parse(String text) {
    try {
      return new Template(new Parser(Source.of(text)).parse());
    } catch (StackOverflowError e) {
      throw new TemplateError("nested too deeply", 0);
    }
  }

  /** Where a position of a source is. */
  public static Location locate(String text, int at) {
    Source source = Source.of(text);
    int position = Math.clamp(at, 0, source.text().length());
    return new Location(source.line(position), source.column(position));
  }

  /**
   * Renders the template.
   *
   * @param ownText gives the text of values that count as the template's own, null for all others
   * @throws TemplateError if it fails or exceeds a limit
   * @throws IllegalArgumentException if a variable has no counterpart in templates
   */
  public Text render(
      Map<String, ?> variables,
      Function<Object, @Nullable String> ownText,
      RenderLimits limits,
      Clock clock) {
    return render(variables, ownText, new Context(limits, clock));
  }

  Text render(
      Map<String, ?> variables, Function<Object, @Nullable String> ownText, Context context) {
    try {
      Scope globals = new Scope(null);
      Globals.addTo(globals);
      new Variables(context, ownText).addTo(globals, variables);
      TextBuilder out = new TextBuilder(context);
      new Statements(context).run(body, new Scope(globals), out);
      return out.toText();
    } catch (StackOverflowError e) {
      // The depth limit is below this, unless the caller's stack is nearly full or small.
      throw new TemplateError("depth limit exceeded: the thread's stack is full", 0);
    }
  }
}
