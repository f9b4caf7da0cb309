package dev.qwq.examples.cli;

import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the ids of a text. */
@Command(
    name = "tokenize",
    description = "Shows a text's token ids. Loads no weights.",
    footer = {
      "",
      "Examples:",
      "  qwq tokenize --text 'Hello there'",
      "  qwq tokenize -m QwQ-32B-Q4_K_M.gguf --file novel.txt --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class TokenizeCommand extends Subcommand {
  @Mixin private ModelOption model;

  @ArgGroup(multiplicity = "1")
  private Source source;

  private static final class Source {
    @Option(names = "--text", required = true, description = "The text itself.")
    private @Nullable String text;

    @Option(
        names = {"-f", "--file"},
        required = true,
        description = "A file; its bytes are taken as they are.")
    private Path file;
  }

  @Option(names = "--no-special", description = "Read <|im_end|> and its like as ordinary text.")
  private boolean noSpecial;

  @Option(names = "--json", description = "Print one JSON object: tokens, pieces.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(model.path());
    int[] ids =
        source.text != null
            ? tokenizer.encode(source.text, !noSpecial)
            : tokenizer.encode(Files.readAllBytes(source.file), !noSpecial);
    if (json) {
      List<String> pieces = Arrays.stream(ids).mapToObj(tokenizer::piece).toList();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("tokens", ids);
      result.put("pieces", pieces);
      printJson(result);
    } else {
      for (int id : ids) {
        out().printf("%7d  %s%n", id, Terminals.visible(tokenizer.piece(id)));
      }
      err().printf("%,d tokens%n", ids.length);
    }
    return 0;
  }
}
