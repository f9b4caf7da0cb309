package dev.qwq;

import dev.qwq.model.ModelConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Computes a {@link PromptPlan}. */
final class PromptPlanner {
  private final Model model;
  private final ModelConfig config;

  PromptPlanner(Model model, ModelConfig config) {
    this.model = model;
    this.config = config;
  }

  /**
   * Plans a prompt.
   *
   * @param known the session's last prompt and reply; empty without one
   */
  PromptPlan plan(List<Message> messages, int[] known, SessionOptions options) {
    ModelInfo info = model.info();
    int[] prompt = render(messages, options, known);
    int mismatch = Arrays.mismatch(known, prompt);
    int common = mismatch < 0 ? prompt.length : mismatch;
    int cached = Math.max(0, Math.min(common, prompt.length - 1));
    double speed = model.metrics().promptTokensPerSecond();
    return new PromptPlan(
        prompt.length,
        cached,
        Math.max(0, info.contextLength() - prompt.length),
        info.contextLength(),
        prompt.length * info.kvBytesPerToken(),
        hiddenReasoning(messages, prompt, options, known),
        toDrop(messages, prompt.length, options),
        yarn(prompt.length),
        speed == 0
            ? Optional.empty()
            : Optional.of(Duration.ofNanos((long) ((prompt.length - cached) / speed * 1e9))));
  }

  private int[] render(List<Message> messages, SessionOptions options, int[] known) {
    return model
        .prompts()
        .chat(messages, options, options.generation().thinking())
        .splicedTo(known, model)
        .tokens();
  }

  /** Thinking is hidden if the prompt is the same without it. */
  private int hiddenReasoning(
      List<Message> messages, int[] prompt, SessionOptions options, int[] known) {
    int hidden = 0;
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      if (!message.reasoning().isEmpty()) {
        List<Message> without = new ArrayList<>(messages);
        without.set(i, new Message(message.role(), message.content(), "", message.toolCalls()));
        hidden += Arrays.equals(prompt, render(without, options, known)) ? 1 : 0;
      }
    }
    return hidden;
  }

  /**
   * The fewest first messages without which the rest fits, by bisection; all but the last at most.
   */
  private int toDrop(List<Message> messages, int tokens, SessionOptions options) {
    if (fits(tokens)) {
      return 0;
    }
    int tooFew = 0;
    int enough = messages.size();
    while (enough - tooFew > 1) {
      int middle = (tooFew + enough) >>> 1;
      List<Message> rest = messages.subList(middle, messages.size());
      if (fitsAlone(rest, options)) {
        enough = middle;
      } else {
        tooFew = middle;
      }
    }
    return enough;
  }

  /** False also if the template refuses a conversation that begins there. */
  private boolean fitsAlone(List<Message> messages, SessionOptions options) {
    try {
      return fits(render(messages, options, new int[0]).length);
    } catch (QwqException e) {
      if (e.code() == ErrorCode.TEMPLATE_FAILED) {
        return false;
      }
      throw e;
    }
  }

  private boolean fits(int tokens) {
    return tokens < model.info().contextLength();
  }

  private PromptPlan.Yarn yarn(int tokens) {
    int trained =
        config.yarn().map(ModelConfig.Yarn::originalContext).orElse(config.originalContext());
    boolean needed = tokens > trained;
    if (config.yarn().isPresent()) {
      return needed ? PromptPlan.Yarn.IN_USE : PromptPlan.Yarn.IN_USE_WITHOUT_NEED;
    }
    return needed ? PromptPlan.Yarn.NEEDED : PromptPlan.Yarn.NOT_NEEDED;
  }
}
