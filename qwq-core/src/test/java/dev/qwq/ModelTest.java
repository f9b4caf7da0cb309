package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model as a whole: opening, completing without a template, evaluating. */
class ModelTest {
  private static final Path NO_TOKENIZER = Path.of("src/test/resources/dev/qwq/golden/qwen2");

  @TempDir Path folder;

  @Test
  void recommendsWhatItsFilesSay() {
    try (Model model = TinyModel.open()) {
      assertThat(model.sampler())
          .isEqualTo(Sampler.builder().temperature(0.6f).topK(40).topP(0.95f).build());
      ModelInfo info = model.info();
      assertThat(info.architecture()).isEqualTo("qwen2");
      assertThat(info.backend()).isEqualTo(Backend.CPU);
      assertThat(info.contextLength()).isEqualTo(4096);
      assertThat(info.kvLayout()).isEqualTo("i16");
      assertThat(info.kvBytesPerToken()).isEqualTo(6 * 2 * 2 * (64 * 2 + 4L));
    }
  }

  @Test
  void completesTextAndIdsAlike() {
    try (Model model = TinyModel.open(Backend.REFERENCE)) {
      String prompt =
          "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n<|im_start|>assistant\n<think>\n";
      Reply split = model.complete(prompt, TinyModel.greedy());
      assertThat(split.answer()).isEqualTo("12 + 30 = **42**");
      assertThat(split.reasoning()).isNotEmpty();
      int[] ids = model.tokenizer().orElseThrow().encode(prompt);
      assertThat(model.complete(ids, TinyModel.greedy())).isEqualTo(split);
      GenerationOptions raw =
          TinyModel.greedy().toBuilder().reasoningFormat(ReasoningFormat.NONE).build();
      Reply whole = model.complete(prompt, raw);
      assertThat(whole.answer()).isEqualTo(whole.text()).isEqualTo(split.text());
      assertThat(whole.reasoning()).isEmpty();
    }
  }

  @Test
  void runsOnIdsAloneWithoutATokenizer() {
    try (Model model = Model.open(NO_TOKENIZER)) {
      assertThat(model.tokenizer()).isEmpty();
      Reply reply =
          model.complete(new int[] {1, 2, 3}, TinyModel.greedy().toBuilder().maxTokens(4).build());
      assertThat(reply.tokens()).hasSize(4);
      assertThat(reply.text()).isEmpty();
      assertThat(reply.finishReason()).isEqualTo(FinishReason.LENGTH);
      refuses(ErrorCode.NO_TOKENIZER, () -> model.complete("text", TinyModel.greedy()));
      try (Session session = model.newSession()) {
        refuses(ErrorCode.NO_TOKENIZER, () -> session.send("text"));
      }
      refuses(
          ErrorCode.INVALID_ARGUMENT,
          () -> model.complete(new int[] {1_000_000}, TinyModel.greedy()));
      refuses(ErrorCode.INVALID_ARGUMENT, () -> model.complete(new int[0], TinyModel.greedy()));
    }
  }

  @Test
  void evaluates() {
    try (Model model = TinyModel.open(Backend.REFERENCE)) {
      int[] ids = model.tokenizer().orElseThrow().encode("The area of the triangle is 6.");
      List<Integer> progress = new ArrayList<>();
      Evaluation evaluation = model.evaluate(ids, progress::add, 0, ids.length - 1);
      assertThat(evaluation.predictions()).isEqualTo(ids.length - 1);
      assertThat(evaluation.positions()).containsExactly(0, ids.length - 1);
      assertThat(progress).isNotEmpty().isSorted();
      float[] logits = evaluation.logits(0);
      assertThat(logits).hasSize(model.info().vocabSize());
      double sum = 0;
      for (float logit : logits) {
        sum += Math.exp(logit);
      }
      // Log-softmax in float: the logits are below 100, so 1e-4 is 8 units in the last place.
      assertThat((double) evaluation.logprobs()[0])
          .isCloseTo(logits[ids[1]] - Math.log(sum), Offset.offset(1e-4));
      double mean = 0;
      for (float logprob : evaluation.logprobs()) {
        mean -= logprob / (double) (ids.length - 1);
      }
      assertThat(evaluation.meanNll()).isCloseTo(mean, Offset.offset(1e-5));
      refuses(ErrorCode.INVALID_ARGUMENT, () -> evaluation.logits(1));
      refuses(ErrorCode.INVALID_ARGUMENT, () -> model.evaluate(ids, ids.length));
    }
  }

  @Test
  void loadsIntoMemoryWithTheSameResult() {
    Reply mapped;
    try (Model model = TinyModel.open();
        Session session = model.newSession()) {
      mapped = session.send(TinyModel.STRAWBERRY, TinyModel.greedy());
    }
    List<Long> progress = new ArrayList<>();
    ModelOptions options =
        ModelOptions.builder()
            .weights(ModelOptions.Weights.LOADED)
            .loadProgress(
                (loaded, total) -> {
                  assertThat(loaded).isBetween(0L, total);
                  return progress.add(loaded);
                })
            .build();
    try (Model model = Model.open(TinyModel.path(), options);
        Session session = model.newSession()) {
      assertThat(session.send(TinyModel.STRAWBERRY, TinyModel.greedy())).isEqualTo(mapped);
    }
    assertThat(progress).isNotEmpty().isSorted();
  }

  @Test
  void yarnStretchesTheContext() {
    ModelOptions options = ModelOptions.builder().yarnFactor(2).build();
    try (Model plain = TinyModel.open();
        Model stretched = Model.open(TinyModel.path(), options)) {
      assertThat(stretched.info().contextLength()).isEqualTo(8192);
      int[] ids = plain.tokenizer().orElseThrow().encode("How many \"r\" in \"ferrous\"?");
      assertThat(stretched.evaluate(ids).meanNll()).isNotEqualTo(plain.evaluate(ids).meanNll());
    }
  }

  @Test
  void aModelWithoutTemplateCompletesOnly() throws IOException {
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(TinyModel.path().resolve(name), folder.resolve(name));
    }
    try (Model model = Model.open(folder);
        Session session = model.newSession()) {
      refuses(ErrorCode.NO_CHAT_TEMPLATE, () -> session.send("hello"));
      assertThat(
              model.complete("What", TinyModel.greedy().toBuilder().maxTokens(1).build()).tokens())
          .hasSize(1);
    }
  }

  @Test
  void saysWhatCannotBeOpened() {
    refuses(ErrorCode.FILE_UNREADABLE, () -> Model.open(folder.resolve("missing.gguf")));
    refuses(ErrorCode.FILE_UNREADABLE, () -> Model.open(folder));
    refuses(
        ErrorCode.UNSUPPORTED_BACKEND,
        () -> Model.open(TinyModel.path(), ModelOptions.builder().cpuIsa("mmx").build()));
    refuses(
        ErrorCode.INVALID_ARGUMENT,
        () -> Model.open(TinyModel.path(), ModelOptions.builder().contextLength(5000).build()));
  }

  private static void refuses(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(QwqException.class)
        .extracting(e -> ((QwqException) e).code())
        .isEqualTo(code);
  }
}
