package dev.qwq.examples.accuracy;

import dev.qwq.examples.accuracy.Problem.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Draws problems of the kinds the bundled model was trained on. They are fresh: words are invented
 * from syllables, so that no word list holds them, and numbers are drawn anew. The same seed gives
 * the same problems.
 */
final class ProblemGenerator {
  private static final String[] ONSETS = {
    "b", "br", "c", "cl", "d", "dr", "f", "fl", "g", "gr", "h", "j", "l", "m", "n", "p", "pl", "r",
    "s", "st", "str", "t", "tr", "v", "w"
  };
  private static final String[] VOWELS = {"a", "e", "i", "o", "u", "ee", "oo", "ai"};
  private static final String[] CODAS = {"", "", "n", "r", "rr", "ss", "l", "t", "ck", "m"};

  /** Primitive Pythagorean triples with legs and hypotenuse under 100. */
  private static final int[][] TRIPLES = {
    {3, 4, 5},
    {5, 12, 13},
    {8, 15, 17},
    {7, 24, 25},
    {20, 21, 29},
    {12, 35, 37},
    {9, 40, 41},
    {28, 45, 53},
    {11, 60, 61}
  };

  private static final String[] CITIES = {
    "Paris", "Berlin", "Tokyo", "Beijing", "Hangzhou", "London", "Madrid", "Rome", "Oslo", "Cairo"
  };

  private final Random random;

  ProblemGenerator(long seed) {
    this.random = new Random(seed);
  }

  /** Returns {@code count} different problems of one kind. */
  List<Problem> problems(Kind kind, int count) {
    Set<Problem> problems = new LinkedHashSet<>();
    for (int tries = 0; problems.size() < count; tries++) {
      if (tries > 100 * count) {
        throw new IllegalArgumentException(
            "only " + problems.size() + " different " + kind + " problems, asked for " + count);
      }
      problems.add(problem(kind));
    }
    return List.copyOf(problems);
  }

  private Problem problem(Kind kind) {
    return switch (kind) {
      case LETTERS -> letters();
      case ADDITION -> addition();
      case SUBTRACTION -> subtraction();
      case MULTIPLICATION -> multiplication();
      case TRIANGLE -> triangle();
      case CHOICE -> choice();
      case TOOL -> tool();
    };
  }

  private Problem letters() {
    String word = word();
    char letter =
        random.nextInt(5) > 0
            ? word.charAt(random.nextInt(word.length()))
            : (char) ('a' + random.nextInt(26));
    long count = word.chars().filter(c -> c == letter).count();
    String question =
        switch (random.nextInt(3)) {
          case 0 -> "How many %s's are in the word \"%s\"?".formatted(letter, word);
          case 1 -> "How many \"%s\" in \"%s\"?".formatted(letter, word);
          default -> "Count the letter %s in %s.".formatted(letter, word);
        };
    String answer =
        count == 1
            ? "There is **1** %s in the word \"%s\".".formatted(letter, word)
            : "There are **%d** %s's in the word \"%s\".".formatted(count, letter, word);
    return Problem.of(Kind.LETTERS, question, answer);
  }

  private String word() {
    StringBuilder word = new StringBuilder();
    int syllables = 2 + random.nextInt(2);
    for (int i = 0; i < syllables; i++) {
      word.append(pick(ONSETS)).append(pick(VOWELS)).append(pick(CODAS));
    }
    return word.substring(0, Math.min(word.length(), 12));
  }

  private Problem addition() {
    int a = operand();
    int b = operand();
    String question =
        switch (random.nextInt(3)) {
          case 0 -> "What is %d + %d?".formatted(a, b);
          case 1 -> "Add %d and %d.".formatted(a, b);
          default -> "%d加%d等于多少？".formatted(a, b);
        };
    return Problem.of(Kind.ADDITION, question, "%d + %d = **%d**".formatted(a, b, a + b));
  }

  private Problem subtraction() {
    int x = operand();
    int y = operand();
    int a = Math.max(x, y);
    int b = Math.min(x, y);
    String question =
        random.nextBoolean()
            ? "What is %d - %d?".formatted(a, b)
            : "Subtract %d from %d.".formatted(b, a);
    return Problem.of(Kind.SUBTRACTION, question, "%d - %d = **%d**".formatted(a, b, a - b));
  }

  private int operand() {
    return 1 + random.nextInt(random.nextBoolean() ? 999 : 9999);
  }

  private Problem multiplication() {
    int a = 2 + random.nextInt(98);
    int b = 2 + random.nextInt(98);
    String question =
        random.nextBoolean()
            ? "What is %d times %d?".formatted(a, b)
            : "Multiply %d by %d.".formatted(a, b);
    return Problem.of(Kind.MULTIPLICATION, question, "%d × %d = **%d**".formatted(a, b, a * b));
  }

  private Problem triangle() {
    int[] triple = TRIPLES[random.nextInt(TRIPLES.length)];
    int most = Math.min(5, 100 / triple[2]);
    int scale = 1 + random.nextInt(most);
    List<Integer> sides = new ArrayList<>();
    for (int side : triple) {
      sides.add(side * scale);
    }
    int area = sides.get(0) * sides.get(1) / 2;
    Collections.shuffle(sides, random);
    int form = random.nextInt(4);
    String question =
        switch (form) {
          case 0 -> "What is the area of a triangle with sides %d, %d and %d?";
          case 1 -> "What is the area of a triangle with side lengths %d, %d, %d?";
          case 2 -> "Find the area of the triangle with sides %d, %d, %d.";
          default -> "边长为 %d、%d、%d 的三角形面积是多少？";
        };
    String answer = form == 3 ? "三角形的面积是 **%d**。" : "The area of the triangle is **%d**.";
    return Problem.of(Kind.TRIANGLE, question.formatted(sides.toArray()), answer.formatted(area));
  }

  private Problem choice() {
    int a = 2 + random.nextInt(49);
    int b = 2 + random.nextInt(48);
    int[] errors = {-20, -11, -10, -9, -2, -1, 1, 2, 9, 10, 11, 20};
    Set<Integer> distinct = new LinkedHashSet<>(List.of(a + b));
    while (distinct.size() < 4) {
      int option = a + b + errors[random.nextInt(errors.length)];
      if (option > 0) {
        distinct.add(option);
      }
    }
    List<Integer> options = new ArrayList<>(distinct);
    Collections.shuffle(options, random);
    String question =
        "What is %d + %d? A) %d B) %d C) %d D) %d\n"
            + "Please show your choice in the `answer` field with only the choice letter, e.g.,"
            + " `\"answer\": \"C\"`.";
    char letter = (char) ('A' + options.indexOf(a + b));
    return Problem.of(
        Kind.CHOICE,
        question.formatted(a, b, options.get(0), options.get(1), options.get(2), options.get(3)),
        "{\"answer\": \"%s\"}".formatted(letter));
  }

  private Problem tool() {
    if (random.nextBoolean()) {
      String city = pick(CITIES);
      return random.nextBoolean()
          ? new Problem(Kind.TOOL, "What is the weather in " + city + "?", "get_weather", city)
          : new Problem(Kind.TOOL, "What time is it in " + city + "?", "get_time", city);
    }
    String expression =
        "%d %s %d"
            .formatted(100 + random.nextInt(99_900), pick("+-*"), 100 + random.nextInt(9_900));
    return new Problem(Kind.TOOL, "What is " + expression + "?", "calculator", expression);
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private char pick(String characters) {
    return characters.charAt(random.nextInt(characters.length()));
  }
}
