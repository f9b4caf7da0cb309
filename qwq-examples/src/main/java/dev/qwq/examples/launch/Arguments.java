package dev.qwq.examples.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * The command line's words as they were typed. In a locale without UTF-8, such as {@code C}, Java
 * loses every letter that is not ASCII from them, and could not pass them on either.
 */
final class Arguments {
  /** Holds the words, in Base64, of a program that was started anew. */
  static final String PROPERTY = "qwq.launcher.arguments";

  private Arguments() {}

  /**
   * Returns the words as they were typed.
   *
   * @param args the words as Java understood them
   * @return as many words
   */
  static String[] typed(String[] args) {
    String passed = System.getProperty(PROPERTY);
    if (passed != null) {
      return decode(passed);
    }
    if (isAscii(args) || "UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding"))) {
      return args;
    }
    try {
      return last(Files.readAllBytes(Paths.get("/proc/self/cmdline")), args);
    } catch (IOException e) {
      return args; // not Linux
    }
  }

  /** Takes as many words from the end of a process's command line, each ended by a zero byte. */
  static String[] last(byte[] commandLine, String[] args) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        words.add(new String(commandLine, start, i - start, StandardCharsets.UTF_8));
        start = i + 1;
      }
    }
    if (words.size() < args.length) {
      return args;
    }
    return words.subList(words.size() - args.length, words.size()).toArray(new String[0]);
  }

  static boolean isAscii(String[] args) {
    return Arrays.stream(args).allMatch(word -> word.chars().allMatch(c -> c < 128));
  }

  static String encode(String[] args) {
    return Base64.getEncoder().encodeToString(join(args).getBytes(StandardCharsets.UTF_8));
  }

  static String[] decode(String encoded) {
    String joined = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
    String[] words = joined.split("\0", -1);
    return Arrays.copyOf(words, words.length - 1);
  }

  private static String join(String[] args) {
    StringBuilder joined = new StringBuilder();
    for (String word : args) {
      joined.append(word).append('\0'); // no word holds one
    }
    return joined.toString();
  }
}
