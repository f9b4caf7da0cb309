package dev.qwq.agent;

import dev.qwq.ChatEvent;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import java.util.List;
import java.util.function.Consumer;

/** A conversation with a model. */
record SessionConversation(Session session) implements Conversation {
  @Override
  public List<Message> history() {
    return session.history();
  }

  @Override
  public Reply reply(
      List<Message> messages,
      Consumer<ChatEvent> events,
      GenerationOptions generation,
      StopSignal stop) {
    try (ReplyStream stream = session.stream(messages, generation)) {
      stop.onStop(stream::cancel);
      stream.forEach(events);
      return stream.reply();
    }
  }
}
