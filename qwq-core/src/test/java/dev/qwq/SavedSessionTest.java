package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Conversations that go on from a file. */
class SavedSessionTest {
  private static Model model;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private Path file() {
    return folder.resolve("conversation.qwq");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.toList();
    }
  }

  private static void assertCode(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(QwqException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @ParameterizedTest
  @EnumSource(KvCacheType.class)
  void goesOnWithoutComputingAnythingAgain(KvCacheType type) throws IOException {
    ModelOptions options = ModelOptions.builder().kvCacheType(type).build();
    Reply expected;
    List<Message> history;
    try (Model here = Model.open(TinyModel.path(), options);
        Session session = here.newSession()) {
      session.send("What is 12 + 30?", TinyModel.seeded(1));
      session.send("What is 7 + 8?", TinyModel.seeded(2));
      session.save(file());
      history = session.history();
      expected = session.send(TinyModel.STRAWBERRY, TinyModel.seeded(3));
    }
    assertThat(files()).containsExactly(file());
    try (Model there = Model.open(TinyModel.path(), options);
        Session session = there.restoreSession(file())) {
      assertThat(session.history()).isEqualTo(history);
      Reply reply = session.send(TinyModel.STRAWBERRY, TinyModel.seeded(3));
      assertThat(reply).isEqualTo(expected);
      assertThat(reply.usage().cachedTokens()).isEqualTo(expected.usage().cachedTokens());
      assertThat(reply.usage().cachedTokens()).isGreaterThan(20);
      // What rests on a file is nobody else's.
      try (Session other = there.newSession(SessionOptions.builder().history(history).build())) {
        assertThat(other.send(TinyModel.STRAWBERRY, TinyModel.seeded(3)).usage().cachedTokens())
            .isZero();
      }
    }
  }

  @Test
  void aCutReplyGoesOnFromTheFile() {
    GenerationOptions cut = TinyModel.seeded(4).toBuilder().maxTokens(15).build();
    Reply whole;
    try (Session session = model.newSession()) {
      whole = session.send(TinyModel.STRAWBERRY, TinyModel.seeded(4));
    }
    try (Session session = model.newSession()) {
      session.send(TinyModel.STRAWBERRY, cut);
      session.save(file());
    }
    try (Session session = model.restoreSession(file());
        ReplyStream rest = session.resume(100, TinyModel.seeded(4))) {
      assertThat(rest.reply()).isEqualTo(whole);
    }
  }

  @Test
  void keepsToolCallsAndEmptyConversations() {
    try (Session session = model.newSession()) {
      session.append(
          Message.user("What is the weather in Hangzhou?"),
          new Message(
              Role.ASSISTANT,
              "",
              "I should look.",
              List.of(new ToolCall("weather", Map.of("city", "Hangzhou", "days", List.of(1, 2))))),
          Message.tool("{\"temperature\": 21}"));
      session.save(file());
      try (Session restored = model.restoreSession(file())) {
        assertThat(restored.history()).isEqualTo(session.history());
      }
    }
    try (Session empty = model.newSession()) {
      empty.save(file());
      try (Session restored = model.restoreSession(file())) {
        assertThat(restored.history()).isEmpty();
        assertThat(restored.send("What is 1 + 1?", TinyModel.greedy()).answer()).isNotEmpty();
      }
    }
  }

  @Test
  void refusesWhatIsOfAnotherModel() {
    try (Session session = model.newSession()) {
      session.send("What is 1 + 1?", TinyModel.greedy());
      session.save(file());
    }
    for (ModelOptions other :
        List.of(
            ModelOptions.builder().kvCacheType(KvCacheType.F16).build(),
            ModelOptions.builder().kvCacheType(KvCacheType.Q8_0).build(),
            ModelOptions.builder().yarnFactor(2).build(),
            ModelOptions.builder().backend(Backend.REFERENCE).build())) {
      try (Model there = Model.open(TinyModel.path(), other)) {
        assertThatThrownBy(() -> there.restoreSession(file()))
            .isInstanceOfSatisfying(
                QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_MISMATCH))
            .hasMessageContaining("conversation.qwq: ")
            .hasMessageContaining("the model has");
      }
    }
    assertCode(
        ErrorCode.INVALID_ARGUMENT,
        () ->
            model.restoreSession(
                file(), SessionOptions.builder().history(List.of(Message.user("x"))).build()));
    assertCode(
        ErrorCode.FILE_UNREADABLE, () -> model.restoreSession(folder.resolve("there is none")));
  }

  /** A simulated device saves, the processor restores: it must keep K and V as devices do. */
  @Test
  void goesOnElsewhereWhereTheLayoutIsTheSame() {
    try (Model device = Model.open(TinyModel.path(), onDevice(KvCacheType.F16));
        Session session = device.newSession()) {
      session.send("What is 1 + 1?", fourTokens());
      session.save(file());
    }
    ModelOptions f16 = ModelOptions.builder().kvCacheType(KvCacheType.F16).build();
    try (Model there = Model.open(TinyModel.path(), f16);
        Session session = there.restoreSession(file())) {
      assertThat(session.send("What is 2 + 2?", fourTokens()).usage().cachedTokens())
          .isGreaterThan(5);
    }
  }

  /** Of q8_0 the processor alone has an order of its own, with the same number of bytes. */
  @Test
  void refusesTheSameBytesInAnotherOrder() {
    ModelOptions onHost = ModelOptions.builder().kvCacheType(KvCacheType.Q8_0).build();
    try (Model device = Model.open(TinyModel.path(), onDevice(KvCacheType.Q8_0));
        Model host = Model.open(TinyModel.path(), onHost)) {
      assertThat(host.info().kvBytesPerToken()).isEqualTo(device.info().kvBytesPerToken());
      checkRefused(device, "q8_0", host, "i8");
      checkRefused(host, "i8", device, "q8_0");
    }
  }

  private void checkRefused(Model from, String saved, Model to, String own) {
    try (Session session = from.newSession()) {
      session.send("What is 1 + 1?", fourTokens());
      session.save(file());
    }
    // 6 layers, K and V, 2 heads, 64 elements and two scales.
    int bytes = 6 * 2 * 2 * (64 + 2 * 2);
    assertThatThrownBy(() -> to.restoreSession(file()))
        .hasMessage(
            "%s: KV cache: the model has %d bytes a token in %s, blocks of 32, the file %d bytes a"
                + " token in %s, blocks of 32",
            file(), bytes, own, bytes, saved)
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_MISMATCH));
  }

  private static ModelOptions onDevice(KvCacheType type) {
    return ModelOptions.builder()
        .backend(Backend.CUDA)
        .cudaDevice("sim")
        .contextLength(256)
        .kvCacheType(type)
        .build();
  }

  private static GenerationOptions fourTokens() {
    return TinyModel.greedy().toBuilder().maxTokens(4).build();
  }

  /** One wrong byte anywhere, or a missing end, is noticed before anything is used. */
  @Test
  void refusesDamagedFiles() throws IOException {
    try (Session session = model.newSession()) {
      session.send("What is 1 + 1?", TinyModel.greedy());
      session.save(file());
    }
    byte[] sound = Files.readAllBytes(file());
    long seed = 20261126;
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      byte[] damaged = sound.clone();
      // Header and tokens are a small part of the file: every second time one of them is hit.
      int end = i % 2 == 0 ? Math.min(3000, sound.length) : sound.length - 8;
      int at = random.nextInt(end);
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file(), damaged);
      assertThatThrownBy(() -> model.restoreSession(file()))
          .as("byte %d, seed %d", at, seed)
          .isInstanceOf(MalformedFileException.class);
      Files.write(file(), Arrays.copyOf(sound, random.nextInt(sound.length)));
      assertThatThrownBy(() -> model.restoreSession(file()))
          .isInstanceOf(MalformedFileException.class);
    }
  }

  @Test
  void leavesTheOldFileWhenItCannotBeWritten() throws IOException {
    Files.writeString(file(), "the old one");
    try (Session session = model.newSession()) {
      session.send("What is 1 + 1?", TinyModel.greedy());
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> session.save(file())).isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(files()).containsExactly(file());
      assertThat(file()).hasContent("the old one");
      assertCode(
          ErrorCode.FILE_UNREADABLE, () -> session.save(folder.resolve("no folder").resolve("x")));
      try (ReplyStream running = session.stream("What is 2 + 2?", TinyModel.greedy())) {
        assertCode(ErrorCode.SESSION_BUSY, () -> session.save(file()));
        running.reply();
      }
      session.save(file()); // It is not in use any more.
    }
    Session closed = model.newSession();
    closed.close();
    assertCode(ErrorCode.CLOSED, () -> closed.save(file()));
  }
}
