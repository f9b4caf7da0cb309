package dev.qwq.agent;

import dev.qwq.ChatEvent;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Reply;
import java.util.List;
import java.util.function.Consumer;

/** Who answers: what an agent needs of a session. */
interface Conversation {
  /** What was said so far. */
  List<Message> history();

  /** Sends messages and waits for the reply, which the signal cuts short. */
  Reply reply(
      List<Message> messages,
      Consumer<ChatEvent> events,
      GenerationOptions generation,
      StopSignal stop);
}
