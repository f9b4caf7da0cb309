package dev.qwq.examples.cli;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.chat.ChatTemplate;
import dev.qwq.model.ChatTemplates;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a chat template makes of a conversation. */
@Command(
    name = "render",
    description = "Shows the text that a chat template makes of messages. Loads no weights.",
    footer = {
      "",
      "Example:",
      "  echo '[{\"role\": \"user\", \"content\": \"Hi\"}]' > messages.json",
      "  qwq render --messages messages.json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class RenderCommand extends Subcommand {
  @Mixin private ModelOption model;

  @Option(
      names = "--messages",
      required = true,
      paramLabel = "F.json",
      description = "The messages: a JSON array of objects with role and content.")
  private Path messages;

  @Option(
      names = "--tools",
      paramLabel = "F.json",
      description = "Tools on offer: a JSON array (default: none).")
  private @Nullable Path tools;

  @Option(
      names = "--template",
      paramLabel = "F.jinja",
      description = "The template (default: the model's).")
  private @Nullable Path template;

  @Option(
      names = "--vars",
      paramLabel = "F.json",
      description =
          "Further variables, a JSON object; bos_token and eos_token are the model's by default.")
  private @Nullable Path variables;

  @Option(
      names = "--no-generation-prompt",
      description = "End after the last message, not where the model's turn begins.")
  private boolean noGenerationPrompt;

  @Option(names = "--json", description = "Print one JSON object: text.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("messages", Json.objects(messages));
    values.put("tools", tools == null ? null : Json.objects(tools));
    values.put("add_generation_prompt", !noGenerationPrompt);
    // A template from a file stands alone, unless a model is named too.
    if (template == null || model.isGiven()) {
      addTokens(values);
    }
    if (variables != null) {
      values.putAll(Json.object(variables));
    }
    String text = ChatTemplate.parse(source()).render(values).text();
    if (json) {
      printJson(Map.of("text", text));
    } else {
      out().print(Terminals.outIsTerminal() ? Terminals.harmless(text) : text);
    }
    return 0;
  }

  private String source() throws IOException {
    if (template != null) {
      return Files.readString(template);
    }
    Map<String, String> templates = ChatTemplates.read(model.path());
    String source = tools == null ? null : templates.get("tool_use");
    if (source == null) {
      source = templates.get(ChatTemplates.DEFAULT);
    }
    if (source == null) {
      throw new QwqException(
          ErrorCode.NO_CHAT_TEMPLATE, model.path() + ": chat template: expected one, found none");
    }
    return source;
  }

  private void addTokens(Map<String, @Nullable Object> values) {
    try {
      Tokenizer tokenizer = Tokenizer.open(model.path());
      put(values, "bos_token", tokenizer, tokenizer.bosId());
      put(values, "eos_token", tokenizer, tokenizer.eosId());
    } catch (QwqException e) {
      if (e.code() != ErrorCode.NO_TOKENIZER) {
        throw e;
      }
    }
  }

  private static void put(
      Map<String, @Nullable Object> values, String name, Tokenizer tokenizer, OptionalInt id) {
    if (id.isPresent()) {
      values.put(name, tokenizer.decode(id.getAsInt()));
    }
  }
}
