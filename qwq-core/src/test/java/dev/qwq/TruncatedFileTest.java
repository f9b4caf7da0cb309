package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Somebody truncates a model's file while it is open. Without the guard this ends the JVM. */
@EnabledOnOs(OS.LINUX)
class TruncatedFileTest {
  @TempDir Path folder;

  @Test
  void failsTheReplyAndNothingElse() throws IOException {
    try (Stream<Path> files = Files.list(TinyModel.path())) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    try (Model sound = TinyModel.open();
        Model damaged = Model.open(folder);
        Session session = damaged.newSession()) {
      try (FileChannel weights =
          FileChannel.open(folder.resolve("model.safetensors"), StandardOpenOption.WRITE)) {
        weights.truncate(4096);
      }
      assertThatThrownBy(() -> session.send(TinyModel.STRAWBERRY, TinyModel.greedy()))
          .isInstanceOf(QwqException.class)
          .extracting(e -> ((QwqException) e).code())
          .isEqualTo(ErrorCode.WEIGHTS_DAMAGED);
      try (Session other = sound.newSession()) {
        assertThat(other.send(TinyModel.STRAWBERRY, TinyModel.greedy()).answer()).contains("**3**");
      }
    }
  }
}
