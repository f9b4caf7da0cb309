package dev.qwq;

import dev.qwq.output.ReasoningStart;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was said in a session, and the tokens it was computed in. Immutable.
 *
 * @param messages all of it, without the system prompt
 * @param tokens the last prompt and its reply as they were computed; empty before the first
 * @param last the last exchange, if it is the end of the messages
 */
record Conversation(List<Message> messages, int[] tokens, @Nullable Turn last) {
  /**
   * A message and its reply.
   *
   * @param asked the messages up to the one that was replied to
   * @param prompt what the template made of them
   * @param generated the reply's tokens, an end token included
   */
  record Turn(List<Message> asked, Prompt prompt, int[] generated) {}

  Conversation {
    messages = List.copyOf(messages);
  }

  /** A conversation of which nothing was computed. */
  static Conversation of(List<Message> messages) {
    return new Conversation(messages, new int[0], null);
  }

  /**
   * A conversation that ends with a reply, from its parts.
   *
   * @param spoken prompt and reply together
   * @param promptLength how many of these tokens are the prompt
   * @param start what the prompt said about thinking
   * @param opened whether it ended in an open marker
   */
  static Conversation endingIn(
      List<Message> messages,
      int[] spoken,
      int promptLength,
      ReasoningStart start,
      boolean opened) {
    Turn last =
        new Turn(
            messages.subList(0, messages.size() - 1),
            new Prompt(Arrays.copyOf(spoken, promptLength), start, opened),
            Arrays.copyOfRange(spoken, promptLength, spoken.length));
    return new Conversation(messages, spoken, last);
  }

  /** The messages, and these behind them. */
  List<Message> followedBy(List<Message> more) {
    List<Message> all = new ArrayList<>(messages);
    all.addAll(more);
    return all;
  }

  /** This conversation with messages that nobody replied to. */
  Conversation plus(List<Message> more) {
    return new Conversation(followedBy(more), tokens, null);
  }

  /** This conversation without its last messages. */
  Conversation without(int count) {
    return count == 0
        ? this
        : new Conversation(messages.subList(0, messages.size() - count), tokens, null);
  }

  /**
   * The conversation once a turn has its reply.
   *
   * @param message the reply as it is remembered
   * @param generated its tokens
   */
  static Conversation after(Turn turn, Message message, int[] generated) {
    List<Message> messages = new ArrayList<>(turn.asked());
    messages.add(message);
    return new Conversation(
        messages,
        turn.prompt().followedBy(generated),
        new Turn(turn.asked(), turn.prompt(), generated));
  }
}
