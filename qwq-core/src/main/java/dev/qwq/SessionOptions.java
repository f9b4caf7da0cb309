package dev.qwq;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a conversation begins with. Immutable and safe for use by many threads. */
public final class SessionOptions {
  private static final SessionOptions DEFAULTS = builder().build();

  private final Optional<String> systemPrompt;
  private final List<Message> history;
  private final List<Tool> tools;
  private final Map<String, Object> templateVariables;
  private final GenerationOptions generation;

  private SessionOptions(Builder builder) {
    systemPrompt = Optional.ofNullable(builder.systemPrompt);
    history = builder.history;
    tools = builder.tools;
    templateVariables = Collections.unmodifiableMap(new LinkedHashMap<>(builder.templateVariables));
    generation = builder.generation;
  }

  /**
   * Returns the options of a plain conversation.
   *
   * @return no system prompt, no tools, the model's sampler
   */
  public static SessionOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Begins options.
   *
   * @return a new builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the instructions that frame the conversation.
   *
   * @return the system prompt; empty: what the model's template writes without one
   */
  public Optional<String> systemPrompt() {
    return systemPrompt;
  }

  /**
   * Returns what was said before the session begins.
   *
   * @return the messages; not modifiable
   */
  public List<Message> history() {
    return history;
  }

  /**
   * Returns the tools on offer.
   *
   * @return the tools; not modifiable
   */
  public List<Tool> tools() {
    return tools;
  }

  /**
   * Returns further variables of the chat template.
   *
   * @return values by name; not modifiable
   */
  public Map<String, Object> templateVariables() {
    return templateVariables;
  }

  /**
   * Returns how replies are generated unless a call says otherwise.
   *
   * @return the options
   */
  public GenerationOptions generation() {
    return generation;
  }

  /** Builds {@link SessionOptions}. Not thread-safe. */
  public static final class Builder {
    private @Nullable String systemPrompt;
    private List<Message> history = List.of();
    private List<Tool> tools = List.of();
    private Map<String, Object> templateVariables = new LinkedHashMap<>();
    private GenerationOptions generation = GenerationOptions.defaults();

    private Builder() {}

    /**
     * Sets the instructions that frame the conversation.
     *
     * @param value the system prompt; none by default
     * @return this builder
     */
    public Builder systemPrompt(String value) {
      systemPrompt = Objects.requireNonNull(value, "systemPrompt");
      return this;
    }

    /**
     * Sets what was said before the session begins, after the system prompt.
     *
     * @param value the messages; none by default
     * @return this builder
     */
    public Builder history(List<Message> value) {
      history = List.copyOf(value);
      return this;
    }

    /**
     * Offers tools to the model. Their calls come as {@link ChatEvent.ToolCall}; an {@link
     * dev.qwq.agent.Agent} runs them, or answer them with {@link Message#tool}.
     *
     * @param values the tools; none by default
     * @return this builder
     */
    public Builder tools(Tool... values) {
      tools = List.of(values);
      return this;
    }

    /**
     * Offers tools to the model, as {@link #tools(Tool...)}.
     *
     * @param values the tools
     * @return this builder
     */
    public Builder tools(List<Tool> values) {
      tools = List.copyOf(values);
      return this;
    }

    /**
     * Sets a variable of the chat template, such as {@code enable_thinking} of Qwen3.
     *
     * @param name its name
     * @param value string, boolean, number, list or map of these
     * @return this builder
     */
    public Builder templateVariable(String name, Object value) {
      templateVariables.put(name, value);
      return this;
    }

    /**
     * Sets how replies are generated unless a call says otherwise.
     *
     * @param value the options
     * @return this builder
     */
    public Builder generation(GenerationOptions value) {
      generation = Objects.requireNonNull(value, "generation");
      return this;
    }

    /**
     * Sets how tokens are drawn; short for a {@link #generation} with this sampler.
     *
     * @param value the sampler
     * @return this builder
     */
    public Builder sampler(Sampler value) {
      generation = generation.toBuilder().sampler(value).build();
      return this;
    }

    /**
     * Builds the options.
     *
     * @return the options
     */
    public SessionOptions build() {
      return new SessionOptions(this);
    }
  }
}
