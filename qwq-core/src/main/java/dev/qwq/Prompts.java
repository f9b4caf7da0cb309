package dev.qwq;

import dev.qwq.chat.ChatTemplate;
import dev.qwq.chat.ModelText;
import dev.qwq.chat.RenderedPrompt;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes prompts: conversations through the model's template, texts as they are. Thread-safe. */
final class Prompts {
  private final Path file;
  private final Optional<Tokenizer> tokenizer;
  private final Optional<ChatTemplate> template;
  private final boolean modelThinks;
  private final ThinkingMarkers markers;

  Prompts(Path file, Optional<Tokenizer> tokenizer, Optional<ChatTemplate> template) {
    this.file = file;
    this.tokenizer = tokenizer;
    this.template = template;
    markers = ThinkingMarkers.of(template.map(ChatTemplate::source).orElse(""));
    modelThinks = template.map(t -> t.source().contains(ReasoningStart.CLOSE)).orElse(false);
  }

  /** Tells whether the model's template knows about thinking. */
  boolean modelThinks() {
    return modelThinks;
  }

  /** What a closed block of thinking looks like to the model. */
  ThinkingMarkers thinkingMarkers() {
    return markers;
  }

  /** Renders a conversation and opens the model's turn. */
  Prompt chat(List<Message> conversation, SessionOptions options, ThinkingMode thinking) {
    Tokenizer encoder = requireTokenizer();
    ChatTemplate chatTemplate =
        template.orElseThrow(
            () ->
                new QwqException(
                    ErrorCode.NO_CHAT_TEMPLATE,
                    file + ": the model has no chat template; it can complete texts only"));
    Map<String, Object> variables = variables(encoder, conversation, options);
    if (thinking != ThinkingMode.AUTO) {
      variables.put("enable_thinking", thinking == ThinkingMode.ON);
    }
    RenderedPrompt rendered = chatTemplate.render(variables);
    String text = rendered.text();
    int[] ranges = rendered.trustedRanges();
    if (thinking == ThinkingMode.OFF && modelThinks && !ReasoningStart.isClosed(text)) {
      int end = ReasoningStart.isOpen(text) ? text.lastIndexOf(ReasoningStart.OPEN) : text.length();
      text = text.substring(0, end) + markers.closedBlock();
      ranges = trust(ranges, end, text.length());
    }
    return new Prompt(
        encoder.encode(text, ranges),
        ReasoningStart.of(text, modelThinks),
        ReasoningStart.isOpen(text));
  }

  /** The ranges up to {@code from}, and all from there to {@code to}. */
  private static int[] trust(int[] ranges, int from, int to) {
    int kept = 0;
    while (kept < ranges.length && ranges[kept] < from) {
      kept += 2;
    }
    int[] more = Arrays.copyOf(ranges, kept + 2);
    if (kept > 0 && more[kept - 1] >= from) {
      more[kept - 1] = to; // goes on
      return Arrays.copyOf(more, kept);
    }
    more[kept] = from;
    more[kept + 1] = to;
    return more;
  }

  private static Map<String, Object> variables(
      Tokenizer tokenizer, List<Message> conversation, SessionOptions options) {
    List<Map<String, Object>> messages = new ArrayList<>();
    options.systemPrompt().ifPresent(s -> messages.add(Message.system(s).toTemplateValue()));
    conversation.forEach(message -> messages.add(message.toTemplateValue()));
    Map<String, Object> variables = new LinkedHashMap<>();
    tokenizer.bosId().ifPresent(id -> variables.put("bos_token", own(tokenizer, id)));
    tokenizer.eosId().ifPresent(id -> variables.put("eos_token", own(tokenizer, id)));
    tokenizer.padId().ifPresent(id -> variables.put("pad_token", own(tokenizer, id)));
    variables.putAll(options.templateVariables());
    variables.put("messages", messages);
    if (!options.tools().isEmpty()) {
      variables.put("tools", options.tools().stream().map(Tool::toTemplateValue).toList());
    }
    variables.put("add_generation_prompt", true);
    return variables;
  }

  private static ModelText own(Tokenizer tokenizer, int id) {
    return new ModelText(tokenizer.decode(id));
  }

  /** Takes a text as it is; special tokens in it are recognised. */
  Prompt text(String text) {
    Tokenizer encoder = requireTokenizer();
    int[] tokens = encoder.encode(text);
    if (encoder.addBos() && encoder.bosId().isPresent()) {
      int bos = encoder.bosId().getAsInt();
      if (tokens.length == 0 || tokens[0] != bos) {
        int[] withBos = new int[tokens.length + 1];
        withBos[0] = bos;
        System.arraycopy(tokens, 0, withBos, 1, tokens.length);
        tokens = withBos;
      }
    }
    return continued(tokens, encoder);
  }

  /** Takes ids as they are. */
  Prompt tokens(int[] tokens) {
    return tokenizer.isEmpty()
        ? new Prompt(tokens.clone(), ReasoningStart.OFF, false)
        : continued(tokens.clone(), tokenizer.get());
  }

  /**
   * A prompt that may end in the middle of a turn. What the turn says of its thinking stands behind
   * the last special token.
   */
  private Prompt continued(int[] tokens, Tokenizer decoder) {
    int from = tokens.length;
    while (from > 0 && !decoder.isSpecial(tokens[from - 1])) {
      from--;
    }
    StringBuilder turn = new StringBuilder();
    for (int i = from; i < tokens.length; i++) {
      // Padding ids have no text; the engine checks ids against the vocabulary.
      if (tokens[i] >= 0 && tokens[i] < decoder.size()) {
        turn.append(decoder.decode(tokens[i]));
      }
    }
    String begun = turn.toString();
    ReasoningStart start = ReasoningStart.within(begun, modelThinks);
    boolean opened = start == ReasoningStart.THINKING && begun.contains(ReasoningStart.OPEN);
    return new Prompt(tokens, start, opened);
  }

  private Tokenizer requireTokenizer() {
    return tokenizer.orElseThrow(
        () ->
            new QwqException(
                ErrorCode.NO_TOKENIZER, file + ": the model has no tokenizer; give it token ids"));
  }
}
