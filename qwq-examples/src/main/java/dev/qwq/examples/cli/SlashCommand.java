package dev.qwq.examples.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What can be typed in a chat instead of a message. */
enum SlashCommand {
  HELP("", "show these commands"),
  RESET("", "forget the conversation"),
  SYSTEM("[TEXT]", "set the system prompt (without TEXT: remove it) and begin anew"),
  THINK(
      "[on|off|LIMIT]",
      "show or hide the model's thinking (without either: the other way), or limit it: to tokens"
          + " (500), a time (90s), nothing (0); free: no limit"),
  SAVE("FILE", "write the conversation as JSON messages"),
  EXIT("", "leave (also Ctrl-D)");

  private final String argument;
  private final String description;

  SlashCommand(String argument, String description) {
    this.argument = argument;
    this.description = description;
  }

  /** A command and what follows it. */
  record Call(SlashCommand command, String argument) {}

  /** Tells whether a line is meant as a command: a slash and a letter. */
  static boolean looksLikeOne(String line) {
    return line.length() > 1 && line.charAt(0) == '/' && Character.isLetter(line.charAt(1));
  }

  /** Reads a command; empty if there is none of that name. */
  static Optional<Call> parse(String line) {
    String[] parts = line.strip().split("\\s+", 2);
    return Arrays.stream(values())
        .filter(command -> command.word().equals(parts[0].toLowerCase(Locale.ROOT)))
        .map(command -> new Call(command, parts.length > 1 ? parts[1].strip() : ""))
        .findFirst();
  }

  String word() {
    return "/" + name().toLowerCase(Locale.ROOT);
  }

  String description() {
    return description;
  }

  /** Describes all commands, a line each. */
  static String help() {
    StringBuilder help = new StringBuilder();
    for (SlashCommand command : values()) {
      help.append(
          String.format(
              "  %-18s %s%n", command.word() + " " + command.argument, command.description));
    }
    return help + "  A line that ends in \\ goes on in the next. Ctrl-C stops an answer.";
  }
}
