package dev.qwq.chat;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.chat.jinja.RenderLimits;
import dev.qwq.chat.jinja.Template;
import dev.qwq.chat.jinja.TemplateError;
import dev.qwq.chat.jinja.Text;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A model's chat template: Jinja as Hugging Face renders it (jinja2 3.1, sandboxed, with {@code
 * trim_blocks}, {@code lstrip_blocks}, loop controls, {@code generation} blocks, {@code tojson}
 * without HTML escapes, {@code raise_exception} and {@code strftime_now}). Template inheritance,
 * includes and imports do not exist here.
 *
 * <p>A template is a program from a file, and its variables are written by strangers. So values are
 * never read as templates; a template reaches plain data only; time, output, recursion, ranges and
 * numbers are limited; and the result says which parts the template wrote itself.
 *
 * <p>Instances are immutable and safe for use by many threads.
 */
public final class ChatTemplate {
  private final String source;
  private final Template template;
  private final Limits limits;
  private final Clock clock;

  private ChatTemplate(String source, Template template, Limits limits, Clock clock) {
    this.source = source;
    this.template = template;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * What one rendering may use.
   *
   * @param time wall-clock time; default 10 s
   * @param outputLength length of the result and of every string on the way, in UTF-16 units;
   *     default 8 Mi. All strings and lists together may be 64 times that.
   */
  public record Limits(Duration time, int outputLength) {
    private static final Limits DEFAULTS = new Limits(Duration.ofSeconds(10), 8 << 20);

    /**
     * Checks the limits.
     *
     * @throws QwqException with {@code INVALID_ARGUMENT} if one is not positive
     */
    public Limits {
      if (time.isNegative() || time.isZero() || time.compareTo(Duration.ofDays(1)) > 0) {
        throw invalid("limits.time: expected more than 0 and at most a day, found " + time);
      }
      if (outputLength <= 0) {
        throw invalid("limits.outputLength: expected 1 or more, found " + outputLength);
      }
    }

    /**
     * Returns the defaults: 10 s and 8 Mi UTF-16 units, some two million tokens.
     *
     * @return the defaults
     */
    public static Limits defaults() {
      return DEFAULTS;
    }
  }

  /**
   * Parses a template with the default limits.
   *
   * @param source the template
   * @return the template, ready to render
   * @throws ChatTemplateException if it cannot be parsed, with line, column and what was expected
   */
  public static ChatTemplate parse(String source) {
    return parse(source, Limits.defaults());
  }

  /**
   * Parses a template.
   *
   * @param source the template
   * @param limits what each rendering may use
   * @return the template, ready to render
   * @throws ChatTemplateException if it cannot be parsed, with line, column and what was expected
   */
  public static ChatTemplate parse(String source, Limits limits) {
    Objects.requireNonNull(limits, "limits");
    try {
      return new ChatTemplate(
          source, Template.parse(source), limits, Clock.system(ZoneId.systemDefault()));
    } catch (TemplateError e) {
      throw exception(source, e);
    }
  }

  /**
   * Returns this template with another clock behind {@code strftime_now}. The default is the
   * system's, in its time zone.
   *
   * @param other the clock
   * @return a template that differs in its clock only
   */
  public ChatTemplate withClock(Clock other) {
    return new ChatTemplate(source, template, limits, Objects.requireNonNull(other, "clock"));
  }

  /**
   * Renders a conversation.
   *
   * @param variables what the template speaks of: {@code messages}, {@code tools}, {@code
   *     add_generation_prompt}, {@code bos_token} and so on. Values are strings, {@link ModelText},
   *     booleans, numbers, null, collections and maps of such; maps keep their order. They are read
   *     during the call only.
   * @return the text and where it comes from
   * @throws ChatTemplateException if the template fails, refuses the conversation ({@link
   *     ChatTemplateException#raisedByTemplate}) or exceeds a limit
   * @throws QwqException with {@code INVALID_ARGUMENT} if a value is of another kind
   */
  public RenderedPrompt render(Map<String, ?> variables) {
    try {
      Text text =
          template.render(
              variables,
              value -> value instanceof ModelText own ? own.text() : null,
              new RenderLimits(limits.time(), limits.outputLength()),
              clock);
      return new RenderedPrompt(text.value(), text.ownRanges());
    } catch (TemplateError e) {
      throw exception(source, e);
    } catch (IllegalArgumentException e) {
      throw invalid("template variable " + e.getMessage());
    }
  }

  /**
   * Returns the template as it was given.
   *
   * @return its source
   */
  public String source() {
    return source;
  }

  /**
   * Tells whether the template shows tools to the model, by rendering one.
   *
   * @return whether a tool's name appears in the prompt
   */
  public boolean supportsTools() {
    Map<String, ?> function =
        Map.of(
            "name", "qwq_probe_tool",
            "description", "probe",
            "parameters", Map.of("type", "object", "properties", Map.of()));
    return shows(
        "qwq_probe_tool",
        List.of(Map.of("role", "user", "content", "probe")),
        List.of(Map.of("type", "function", "function", function)));
  }

  /**
   * Tells whether the template shows a system message to the model, by rendering one.
   *
   * @return whether its text appears in the prompt
   */
  public boolean supportsSystemRole() {
    return shows(
        "qwq_probe_system",
        List.of(
            Map.of("role", "system", "content", "qwq_probe_system"),
            Map.of("role", "user", "content", "probe")),
        List.of());
  }

  private boolean shows(String wanted, List<?> messages, List<?> tools) {
    try {
      return render(
              Map.of(
                  "messages",
                  messages,
                  "tools",
                  tools,
                  "add_generation_prompt",
                  true,
                  "bos_token",
                  "",
                  "eos_token",
                  ""))
          .text()
          .contains(wanted);
    } catch (ChatTemplateException e) {
      return false;
    }
  }

  private static ChatTemplateException exception(String source, TemplateError e) {
    Template.Location location = Template.locate(source, e.at());
    String message = Objects.requireNonNullElse(e.getMessage(), "");
    return new ChatTemplateException(message, location.line(), location.column(), e.isRaised(), e);
  }

  private static QwqException invalid(String message) {
    return new QwqException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
