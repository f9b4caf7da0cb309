package dev.qwq;

import dev.qwq.schema.JsonType;
import java.util.ArrayList;
import java.util.List;

/**
 * Questions whose answers are values of a type.
 *
 * @param <T> the type
 */
final class TypedAnswers<T> {
  private final JsonType<T> type;
  private final Model model;

  TypedAnswers(JsonType<T> type, Model model) {
    this.type = type;
    this.model = model;
  }

  /** Reads the answer; a partial one is refused. */
  T read(Reply reply) {
    int[] tokens = reply.tokens();
    boolean complete =
        reply.finishReason() == FinishReason.STOP
            && tokens.length > 0
            && model.isEndToken(tokens[tokens.length - 1]);
    if (!complete) {
      throw new IncompleteReplyException(reply);
    }
    return type.read(reply.answer());
  }

  /** The options with which the type is written. */
  static GenerationOptions options(OutputFormat format, GenerationOptions generation) {
    return generation.toBuilder()
        .outputFormat(format)
        .reasoningFormat(ReasoningFormat.AUTO) // or the thinking would be part of the answer
        .build();
  }

  /** The messages, the last one of the user with the format's instruction. */
  static List<Message> instructed(List<Message> messages, OutputFormat format) {
    List<Message> all = new ArrayList<>(messages);
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i).role() == Role.USER) {
        all.set(i, Message.user(all.get(i).content() + "\n\n" + format.instruction()));
        break;
      }
    }
    return all;
  }
}
