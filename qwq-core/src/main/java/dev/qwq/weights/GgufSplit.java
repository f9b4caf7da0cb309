package dev.qwq.weights;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Split files: {@code name-00001-of-00003.gguf}, each with a head of its own. Names count from 1,
 * the key {@code split.no} from 0; the first has the metadata.
 */
final class GgufSplit {
  private static final String NO = "split.no";
  private static final String COUNT = "split.count";
  private static final String TENSORS = "split.tensors.count";

  private static final int MAX_PARTS = 1 << 10;
  private static final Pattern PART_NAME =
      Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\.gguf)", Pattern.DOTALL);
  private static final Pattern RAW_CUT =
      Pattern.compile("(.*)\\.part(\\d{1,4})of(\\d{1,4})", Pattern.DOTALL);

  private GgufSplit() {}

  /** Some publishers cut large files without regard to their content. */
  static void refuseRawCut(Path path) {
    Matcher name = RAW_CUT.matcher(fileName(path));
    if (!name.matches()) {
      return;
    }
    int parts = Integer.parseInt(name.group(3));
    String pieces =
        parts >= 1 && parts <= 32
            ? IntStream.rangeClosed(1, parts)
                .mapToObj(i -> name.group(1) + ".part" + i + "of" + parts)
                .collect(Collectors.joining(" "))
            : "all pieces";
    throw new MalformedFileException(
        path,
        "name",
        "a whole file: put the pieces together with cat " + pieces + " > " + name.group(1),
        "piece " + name.group(2) + " of " + parts);
  }

  /** Returns all parts; just the file itself if it is not split. */
  static List<Path> parts(Path first, Map<String, Object> metadata) {
    int count = number(first, metadata, COUNT, 1, MAX_PARTS);
    if (count <= 1) {
      return List.of(first);
    }
    Matcher name = PART_NAME.matcher(fileName(first));
    if (!name.matches() || Integer.parseInt(name.group(3)) != count) {
      throw new MalformedFileException(
          first,
          "name",
          "NAME-00001-of-%05d.gguf for the first of %d parts".formatted(count, count),
          fileName(first));
    }
    int index = number(first, metadata, NO, 0, MAX_PARTS);
    if (index != 0) {
      throw new MalformedFileException(
          first,
          NO,
          "0: open the first part, " + sibling(first, name, 1, count),
          String.valueOf(index));
    }
    List<Path> parts = new ArrayList<>();
    parts.add(first);
    for (int i = 2; i <= count; i++) {
      Path part = sibling(first, name, i, count);
      if (!Files.exists(part)) {
        throw new QwqException(
            ErrorCode.FILE_UNREADABLE,
            part
                + ": no such file, but "
                + first
                + " says that it is the first of "
                + count
                + " parts");
      }
      parts.add(part);
    }
    return parts;
  }

  static void checkPart(Path part, Map<String, Object> metadata, int index, int count) {
    check(part, NO, index, number(part, metadata, NO, -1, MAX_PARTS));
    check(part, COUNT, count, number(part, metadata, COUNT, -1, MAX_PARTS));
  }

  static void checkTensorCount(Path first, Map<String, Object> metadata, int found) {
    int expected = number(first, metadata, TENSORS, -1, Integer.MAX_VALUE);
    if (expected >= 0 && expected != found) {
      throw new MalformedFileException(
          first, TENSORS, expected + " tensors in all parts", String.valueOf(found));
    }
  }

  private static void check(Path part, String key, int expected, int found) {
    if (found != expected) {
      throw new MalformedFileException(
          part, key, String.valueOf(expected), found < 0 ? "nothing" : String.valueOf(found));
    }
  }

  private static int number(
      Path file, Map<String, Object> metadata, String key, int absent, int max) {
    Object value = metadata.get(key);
    if (value == null) {
      return absent;
    }
    if (value instanceof Integer number && number >= 0 && number <= max) {
      return number;
    }
    throw new MalformedFileException(
        file, key, "a number from 0 to " + max, Excerpt.of(String.valueOf(value)));
  }

  private static Path sibling(Path first, Matcher name, int index, int count) {
    return first.resolveSibling(
        "%s-%05d-of-%05d%s".formatted(name.group(1), index, count, name.group(4)));
  }

  private static String fileName(Path path) {
    return String.valueOf(path.getFileName());
  }
}
