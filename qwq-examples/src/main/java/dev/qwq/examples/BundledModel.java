package dev.qwq.examples;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The tiny model inside the jar. Weights are mapped from disk, so it is unpacked once into a cache
 * folder named by its content; two processes may do so at the same time.
 */
public final class BundledModel {
  private static final List<String> FILES =
      List.of(
          "README.md",
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "model.safetensors");

  private static final String RESOURCES = "/dev/qwq/examples/tiny/";

  private BundledModel() {}

  /** Returns the folder that holds the model. */
  public static Path path() {
    try {
      return unpackInto(Folders.cache());
    } catch (IOException e) {
      throw new QwqException(
          ErrorCode.FILE_UNREADABLE,
          "the bundled model cannot be unpacked into "
              + Folders.cache()
              + " (set -Dqwq.cache=FOLDER to another): "
              + e,
          e);
    }
  }

  static Path unpackInto(Path cache) throws IOException {
    Map<String, byte[]> contents = contents();
    Path folder = cache.resolve("tiny-" + hash(contents).substring(0, 32));
    if (isComplete(folder, contents)) {
      return folder;
    }
    Files.createDirectories(cache);
    Path temporary = Files.createTempDirectory(cache, "tiny-");
    try {
      restrict(temporary);
      for (Map.Entry<String, byte[]> file : contents.entrySet()) {
        Files.write(temporary.resolve(file.getKey()), file.getValue());
      }
      if (Files.exists(folder) && !isComplete(folder, contents)) {
        delete(folder); // damaged: someone cleaned up by halves
      }
      try {
        Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileAlreadyExistsException | java.nio.file.DirectoryNotEmptyException e) {
        delete(temporary); // another process was faster
      }
    } catch (IOException e) {
      delete(temporary);
      if (!isComplete(folder, contents)) {
        throw e;
      }
    }
    return folder;
  }

  private static Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new LinkedHashMap<>();
    for (String name : FILES) {
      try (InputStream in = BundledModel.class.getResourceAsStream(RESOURCES + name)) {
        if (in == null) {
          throw new IOException("the program lacks its file " + RESOURCES + name);
        }
        contents.put(name, in.readAllBytes());
      }
    }
    return contents;
  }

  private static String hash(Map<String, byte[]> contents) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<String, byte[]> file : contents.entrySet()) {
        digest.update(file.getKey().getBytes(StandardCharsets.UTF_8));
        digest.update(ByteBuffer.allocate(9).putLong(1, file.getValue().length).array());
        digest.update(file.getValue());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isComplete(Path folder, Map<String, byte[]> contents) throws IOException {
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      Path path = folder.resolve(file.getKey());
      if (!Files.isRegularFile(path) || Files.size(path) != file.getValue().length) {
        return false;
      }
    }
    return true;
  }

  private static void restrict(Path folder) throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    Files.deleteIfExists(folder);
  }
}
