package dev.qwq.examples.cli;

import dev.qwq.ErrorCode;
import dev.qwq.Evaluation;
import dev.qwq.Model;
import dev.qwq.QwqException;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how well a model predicts a text. */
@Command(
    name = "perplexity",
    description = "Measures how well a model predicts a text; lower is better.",
    footer = {
      "",
      "Examples:",
      "  qwq perplexity --file novel.txt",
      "  qwq perplexity --tokens-file ids.json --logits-at 0,7,31 --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class PerplexityCommand extends Subcommand {
  @ArgGroup(multiplicity = "1")
  private Source source;

  @Mixin private ModelOption model;
  @Mixin private ComputeOptions compute;

  private static final class Source {
    @Option(
        names = "--tokens-file",
        required = true,
        paramLabel = "F.json",
        description = "Token ids, a JSON array; nothing is prepended.")
    private @Nullable Path tokens;

    @Option(
        names = {"-f", "--file"},
        required = true,
        paramLabel = "TEXT",
        description = "A text; its bytes are taken as they are.")
    private @Nullable Path text;
  }

  @Option(
      names = "--logits-at",
      split = ",",
      paramLabel = "I",
      description = "Positions whose logits to print, the first is 0 (default: none).")
  private int[] logitsAt = {};

  @Option(
      names = "--json",
      description = "Print one JSON object: mean_nll, tokens, logits by position.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    build(() -> compute.builder().build());
    int[] given = source.tokens == null ? null : Json.ids(source.tokens);
    if (given != null) {
      check(given.length);
    }
    try (Model opened = Models.open(model.path(), compute.builder(), bars())) {
      int[] tokens = given == null ? encode(opened) : given;
      check(tokens.length);
      print(tokens.length, evaluate(opened, tokens));
    }
    return 0;
  }

  private int[] encode(Model opened) throws IOException {
    Tokenizer tokenizer =
        opened
            .tokenizer()
            .orElseThrow(
                () ->
                    new QwqException(
                        ErrorCode.NO_TOKENIZER,
                        model.path() + ": tokenizer: expected one to read a text, found none"));
    return tokenizer.encode(Files.readAllBytes(Objects.requireNonNull(source.text)), true);
  }

  private Evaluation evaluate(Model opened, int[] tokens) {
    PrintWriter err = bars();
    if (err == null) {
      return opened.evaluate(tokens, logitsAt);
    }
    try (Progress bar = Progress.begin(err, "Reading", " tokens", 1, tokens.length)) {
      return opened.evaluate(tokens, bar::stepTo, logitsAt);
    }
  }

  private void check(int tokens) {
    if (tokens == 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          (source.tokens == null ? source.text : source.tokens)
              + ": expected at least one token, found none");
    }
    for (int position : logitsAt) {
      if (position < 0 || position >= tokens) {
        throw wrongUse("--logits-at: expected 0 to " + (tokens - 1) + ", found " + position);
      }
    }
  }

  private void print(int tokens, Evaluation evaluation) {
    if (json) {
      Map<String, float[]> logits = new LinkedHashMap<>();
      for (int position : logitsAt) {
        logits.put(Integer.toString(position), evaluation.logits(position));
      }
      Map<String, @Nullable Object> result = new LinkedHashMap<>();
      result.put("mean_nll", Double.isNaN(evaluation.meanNll()) ? null : evaluation.meanNll());
      result.put("tokens", tokens);
      result.put("logits", logits);
      printJson(result);
      return;
    }
    out()
        .printf(
            Locale.ROOT,
            "perplexity %.4f (mean negative log-likelihood %.6f) over %,d predictions%n",
            Math.exp(evaluation.meanNll()),
            evaluation.meanNll(),
            evaluation.predictions());
    for (int position : logitsAt) {
      out().println(position + ": " + Arrays.toString(evaluation.logits(position)));
    }
  }
}
